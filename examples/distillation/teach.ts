/** How the teacher itself is trained. */
import { recipe } from "litevae";

export default recipe({
  name: "teach",
  precision: "fp32",
  phases: [
    { name: "teacher", resolution: 64, batch: 4, steps: 200, learning_rate: 1e-3, schedule: "cosine", discriminator: false },
  ],
  losses: { perceptual: 0, kl: 1e-4 },
  ema: { decay: 0 },
  data: { workers: 0, validation_folder: "examples/photos" },
  checkpoints: { every: 200, validate_every: 200 },
  latent: { images: 40 },
  log: { every: 50, samples_every: 200, samples: 5, trackers: [] },
});
