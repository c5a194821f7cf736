/** Two short phases in which everything happens that can: a new resolution and batch, the discriminator, its warm-up and ramp. */
import { recipe } from "litevae";

export default recipe({
  name: "tiny",
  precision: "fp32",
  phases: [
    { name: "small", resolution: 16, steps: 12, batch: 4, learning_rate: 2e-3, warmup: 4, discriminator: false },
    { name: "large", resolution: 24, steps: 12, batch: 2, learning_rate: 1e-3, schedule: "cosine" },
  ],
  losses: { perceptual: 0, ldl: 0.1 },
  adversarial: { warmup: 2, ramp: 4 },
  discriminator: "model",
  ema: { decay: 0.9 },
  data: { workers: 0, validation_share: 0.2, validation_images: 4 },
  checkpoints: { every: 5, validate_every: 8, keep: 2 },
  log: { every: 1, samples_every: 12, samples: 3, trackers: [] },
  latent: { images: 4 },
});
