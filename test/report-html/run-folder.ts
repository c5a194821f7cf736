/** The folder of a training run, as the trainer leaves it. */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { demo } from "../../dsl/recipes/demo.ts";

export interface Line {
  readonly step: number;
  readonly phase: string;
  readonly [metric: string]: number | string | null;
}

/** 2,000 logged steps in two phases: a loss that falls, and one number that is not finite. */
export const log: readonly Line[] = Array.from({ length: 2000 }, (_, i): Line => {
  const step = 10 * (i + 1);
  const second = i >= 1200;
  return {
    step,
    phase: second ? "adversarial" : "reconstruction",
    loss: i === 7 ? null : 1 / (1 + i),
    l1: 0.5 / (1 + i / 100),
    psnr: 20 + 8 * (1 - Math.exp(-i / 500)),
    gradient_norm: 1 + Math.cos(i),
    gradient_norm_l1: 0.5,
    ...(second ? { real_logit: 1, fake_logit: -1, discriminator: 0.9, adversarial: 0.1, adversarial_weight: 0.01 } : {}),
    learning_rate: 1e-4,
    images: step * 4,
    images_per_second: 100,
    skipped: i < 1500 ? 0 : 3,
    corrupt: 0,
  };
});

/** The demo recipe, with the steps of the log. */
const recipe = { ...demo, phases: demo.phases.map((phase, i) => ({ ...phase, steps: i === 0 ? 12_000 : 8_100 })) };

export const validations: readonly Line[] = [5000, 10_000, 20_000].map((step, i) => ({
  step,
  phase: step > 12_000 ? "adversarial" : "reconstruction",
  validation_psnr: [22.125, 27.5, 25.25][i] ?? 0,
  validation_l1: 0.1,
}));

export async function writeRun(folder: string): Promise<void> {
  mkdirSync(join(folder, "samples"), { recursive: true });
  const entries = [...log, ...validations].sort((a, b) => a.step - b.step);
  const lines = entries.map((line) => `${JSON.stringify(line)}\n`);
  writeFileSync(join(folder, "metrics.jsonl"), lines.join(""));
  // The process was killed in the middle of a line.
  appendFileSync(join(folder, "metrics.jsonl"), '{"step": 20010, "pha');
  writeFileSync(join(folder, "recipe.json"), JSON.stringify(recipe));
  writeFileSync(join(folder, "config.json"), JSON.stringify({ model: "nano", latent_channels: 12 }));
  for (let i = 0; i < 9; i++) {
    const background = { r: 20 * i, g: 90, b: 160 };
    const image = sharp({ create: { width: 268, height: 132, channels: 3, background } });
    await image.png().toFile(join(folder, "samples", `step-${String(100 * i).padStart(8, "0")}.png`));
  }
}

export const evaluation = {
  format: "litevae-evaluation-1",
  model: "nano",
  source: { kind: "torch", path: "RUN/model.safetensors", sha256: "ab".repeat(32) },
  protocol: {
    data: { path: "photos", images: 50, formats: { JPEG: 49, PNG: 1 }, enlarged: { "128": 0, "256": 7 } },
    crop: "centre",
    range: [0, 1],
    networks: { inception: null },
  },
  sizes: [
    { size: 128, images: 50, rfid: null, lpips_vgg: 0.125, lpips_alex: null, psnr: 24.5, ssim: 0.75, psnr_infinite: 0 },
    { size: 256, images: 50, rfid: null, lpips_vgg: 0.0625, lpips_alex: null, psnr: 25.5, ssim: 0.875, psnr_infinite: 0 },
  ],
  mmd: { size: 256, estimator: "unbiased", samples: 1000, values: [{ sigma: 25, mmd2: 1.25e-3 }] },
  imbalance: null,
  missing: [
    { metric: "rfid", reason: "torch-fidelity is not installed: pip install -e '.[evaluate]'", file: null, from: null, to: null },
    { metric: "lpips_alex", reason: "alexnet.pth is not in ~/.cache/litevae: fetch it", file: "alexnet.pth", from: "", to: "" },
    { metric: "ssim", reason: "it needs sides of at least 11 pixels", file: null, from: null, to: null, sizes: [8, 10] },
  ],
};

export const benchmark = {
  format: "litevae-benchmark-1",
  model: "nano",
  runtime: "torch 2.13.0",
  hardware: "a processor, 2 threads",
  size: 256,
  precision: "fp32",
  rows: [
    {
      part: "encoder",
      mode: "eager",
      batch: 1,
      images_per_second: 12.5,
      seconds_median: 0.08,
      repeats: 6,
      peak_memory_bytes: 1_048_576,
      error: null,
    },
    {
      part: "encoder",
      mode: "eager",
      batch: 8,
      images_per_second: null,
      seconds_median: null,
      repeats: 0,
      peak_memory_bytes: null,
      error: "out of memory",
    },
  ],
};
