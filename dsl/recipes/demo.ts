import { recipe } from "../recipe.ts";

/** How the weights in examples/demo were made: overfitting the example photographs in a few minutes on a CPU. Both phases, without downloaded files. */
export const demo = recipe({
  name: "demo",
  precision: "fp32",
  phases: [
    {
      name: "reconstruction",
      resolution: 64,
      steps: 600,
      batch: 4,
      learning_rate: 1e-3,
      schedule: "cosine",
      warmup: 20,
      discriminator: false,
    },
    { name: "adversarial", resolution: 128, steps: 100, batch: 4, learning_rate: 5e-4, schedule: "cosine", warmup: 10 },
  ],
  // Steadier than the paper's betas over so few steps.
  optimizer: { betas: [0.9, 0.99] },
  losses: { perceptual: 0, kl: 1e-4 },
  adversarial: { weight: 0.01, warmup: 20, ramp: 40, learning_rate: 2e-4 },
  ema: { decay: 0.98 },
  data: { workers: 0, validation_share: 0, min_scale: 0.2 },
  checkpoints: { every: 200, validate_every: 100 },
  log: { every: 20, samples_every: 100, samples: 5 },
  latent: { images: 5 },
});
