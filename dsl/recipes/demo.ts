import { recipe } from "../recipe.ts";

/** How the weights in examples/demo were made: the example photographs by heart, in minutes on a CPU. Both phases, without downloaded files. */
export const demo = recipe({
  name: "demo",
  precision: "fp32",
  phases: [
    {
      name: "reconstruction",
      resolution: 64,
      steps: 700,
      batch: 4,
      learning_rate: 2e-3,
      schedule: "cosine",
      warmup: 20,
      discriminator: false,
    },
    { name: "adversarial", resolution: 128, steps: 200, batch: 4, learning_rate: 1e-3, schedule: "cosine", warmup: 10 },
  ],
  losses: { perceptual: 0, kl: 1e-4 },
  adversarial: { weight: 0.01, warmup: 40, ramp: 80, learning_rate: 2e-4 },
  ema: { decay: 0.98 },
  data: { workers: 0, validation_share: 0, min_scale: 0.2 },
  checkpoints: { every: 200, validate_every: 100 },
  log: { every: 20, samples_every: 100, samples: 5 },
  latent: { images: 5 },
});
