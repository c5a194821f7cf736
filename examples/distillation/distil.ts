/** First the encoder learns the teacher's latents, and then the decoder to decode them. */
import { recipe } from "litevae";

const phase = { resolution: 64, batch: 4, learning_rate: 2e-3, schedule: "cosine", discriminator: false } as const;

export default recipe({
  name: "distil",
  precision: "fp32",
  phases: [
    { ...phase, name: "encoder", parts: "encoder", steps: 200 },
    { ...phase, name: "decoder", parts: "decoder", steps: 200 },
  ],
  losses: { moments_l1: 1, perceptual: 0, kl: 0, gaussian: 0 },
  teacher: { folder: "out/distillation/teacher/diffusers" },
  ema: { decay: 0 },
  data: { workers: 0, validation_folder: "examples/photos" },
  checkpoints: { every: 200, validate_every: 200 },
  log: { every: 50, samples_every: 200, samples: 5, trackers: [] },
});
