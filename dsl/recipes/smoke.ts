import { recipe } from "../recipe.ts";

/** Shows in minutes on a CPU that everything works: both phases, no downloaded files, no worker processes. Images come out recognisable at best. */
export const smoke = recipe({
  name: "smoke",
  precision: "fp32",
  phases: [
    { name: "reconstruction", resolution: 64, steps: 120, batch: 4, learning_rate: 1e-3, warmup: 10, discriminator: false },
    { name: "adversarial", resolution: 64, steps: 40, batch: 4, learning_rate: 5e-4 },
  ],
  losses: { perceptual: 0 },
  adversarial: { warmup: 10, ramp: 20 },
  discriminator: "unet-128",
  ema: { decay: 0.99 },
  data: { workers: 0, validation_images: 8 },
  checkpoints: { every: 40, validate_every: 40 },
  log: { every: 10, samples_every: 40, samples: 4 },
  latent: { images: 16 },
});
