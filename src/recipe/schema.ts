/**
 * The recipe: everything that a training run depends on besides the model and the images. One schema serves TypeScript, recipe.json, and, as
 * JSON Schema, `--set` in Python; its field names are the same in all three. Defaults follow arXiv:2405.14477 §4.3, §6 and App. D; where the paper is
 * silent the description says so.
 */
import * as z from "zod";
import { pixelFields } from "./pixels.ts";

const positive = z.number().positive();
const weight = z.number().nonnegative();
const share = z.number().min(0).max(1);
const decay = z.number().min(0).lt(1);
const count = z.int().positive();
const steps = z.int().nonnegative();

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]*$/)
  .meta({ "x-expected": "a text of lower-case letters, digits, - and _" });

const parts = z.enum(["both", "encoder", "decoder"]);

const phase = z
  .strictObject({
    name: name.describe("what logs and checkpoints call the phase"),
    resolution: count.describe("height and width of the training crops, in pixels"),
    steps: count.describe("optimizer steps"),
    batch: count.describe("images per optimizer step, over all processes and accumulated passes"),
    learning_rate: positive.default(1e-4).describe("of Adam, after warmup"),
    schedule: z.enum(["constant", "cosine"]).default("constant").describe("of the learning rate, after its warm-up"),
    warmup: steps.default(0).describe("steps over which the learning rate grows linearly from 0"),
    discriminator: z.boolean().default(true).describe("whether this phase trains the discriminator and against it"),
    parts: parts.nullable().default(null).describe("what this phase trains; null: train.parts"),
  })
  .describe("a stretch of training with one resolution and batch");

const optimizer = z
  .strictObject({
    betas: z.tuple([decay, decay]).default([0.5, 0.9]).describe("decay of the first and second moment"),
    eps: positive.default(1e-8).describe("added to the root of the second moment"),
    weight_decay: weight.default(0).describe("decoupled, as in AdamW"),
    clip: weight.default(1).describe("largest gradient norm, each network on its own; 0 does not clip"),
    fused: z.boolean().default(true).describe("torch's fused Adam where the device has one"),
  })
  .describe("Adam, of autoencoder and discriminator alike");

const losses = z
  .strictObject({
    l1: weight.default(1).describe("mean absolute error"),
    perceptual: weight.default(1).describe("LPIPS, or features of VGG19"),
    kl: weight
      .default(1e-3)
      .describe(
        "KL divergence to the standard Gaussian, mean per latent element; λ_reg is not published. Latent diffusion's 1e-6 on sums over a sample is 6.25e-8 here, for 12 latent channels",
      ),
    wavelet: weight.default(1).describe("Charbonnier distance of high-frequency Haar bands (Table 9)"),
    gaussian: weight.default(0.5).describe("ℓ1 of what a Gaussian filter removes (Table 9)"),
    ldl: weight.default(0).describe("locally discriminative loss on artefacts (Table 15)"),
    commitment: weight
      .default(0)
      .describe("mean squared distance that quantization moves a value, which the encoder learns from (arXiv:1711.00937)"),
    codebook: weight.default(0).describe("the same distance, which the entries of a codebook without a decay learn from"),
    entropy: weight
      .default(0)
      .describe(
        "of lookup-free quantization: mean entropy of values less the entropy of their mean, in nats per channel (arXiv:2310.05737)",
      ),
    moments_l1: weight.default(0).describe("mean absolute difference of the latent's means and log-variances from the teacher's"),
    moments_l2: weight.default(0).describe("mean squared difference of the same"),
    moments_kl: weight
      .default(0)
      .describe("KL divergence of the teacher's Gaussian from the encoder's, KL(teacher ‖ encoder), mean per latent element"),
  })
  .describe("weights of the loss terms; 0 leaves a term out");

const teacher = z
  .strictObject({
    folder: z
      .string()
      .nullable()
      .default(null)
      .describe("diffusers' files of an AutoencoderKL, or a compiled package with its weights; null: there is no teacher"),
    encodes: z
      .boolean()
      .default(true)
      .describe("phases that train the decoder alone reconstruct from the teacher's latents; false: from the encoder's own"),
    decodes: z
      .boolean()
      .default(true)
      .describe("phases that train the encoder alone reconstruct through the teacher's decoder; false: through the model's own"),
    target: z
      .enum(["image", "reconstruction"])
      .default("image")
      .describe("what losses compare reconstructions with: the image, or what the teacher makes of it"),
  })
  .describe("a frozen autoencoder whose latents the model learns (docs/distillation.md)");

const perceptual = z
  .strictObject({
    network: z
      .enum(["lpips-vgg16", "vgg19-before-activation"])
      .default("lpips-vgg16")
      .describe("vgg19-before-activation is the ESRGAN style of Table 14"),
    weights: z
      .enum(["published", "random"])
      .default("published")
      .describe("random, seeded ones serve trials without the published files"),
    folder: z
      .string()
      .nullable()
      .default(null)
      .describe("where the published files lie; null: $LITEVAE_WEIGHTS or ~/.cache/litevae"),
  })
  .describe("the network behind losses.perceptual");

const wavelet = z
  .strictObject({
    levels: z.int().min(1).max(5).default(1).describe("Haar levels whose details are compared"),
    epsilon: positive.max(1000).default(1e-3).describe("of the Charbonnier distance sqrt(d² + ε²)"),
  })
  .describe("what losses.wavelet compares");

const gaussian = z
  .strictObject({
    taps: z.literal([3, 5, 7, 9, 11]).default(5).describe("width in pixels"),
    sigma: z.number().min(0.01).max(1000).default(1).describe("standard deviation in pixels"),
  })
  .describe("the filter of losses.gaussian");

const adversarial = z
  .strictObject({
    weight: weight.default(0.1).describe("of the adversarial term in the autoencoder's loss, where mode is constant"),
    mode: z
      .enum(["constant", "adaptive"])
      .default("constant")
      .describe(
        "adaptive: the weight is half the ratio of gradient norms at the last layer (eq. 2, Table 8), which destabilises mixed precision (Fig. 7)",
      ),
    delta: positive.default(1e-4).describe("added to the adversarial gradient's norm in the adaptive weight"),
    max_weight: positive.default(1e4).describe("largest adaptive weight"),
    loss: z.enum(["hinge", "logistic"]).default("hinge").describe("compared in Table 16"),
    global_share: share.default(0.5).describe("of the global logit beside the pixel logits, where the discriminator has one"),
    warmup: steps.default(1000).describe("steps that the discriminator trains alone before it counts"),
    ramp: steps.default(5000).describe("steps over which its weight then grows linearly to the full one"),
    learning_rate: positive.nullable().default(null).describe("of the discriminator; null: the phase's"),
  })
  .describe("how the discriminator trains, and what its loss weighs");

const discriminator = z
  .enum(["model", "unet", "unet-128", "patchgan", "stylegan", "stylegan-128"])
  .default("model")
  .describe("model: the one that the model brings, else a network of Table 10");

const train = z
  .strictObject({
    parts: parts
      .default("both")
      .describe(
        "encoder or decoder: that alone is trained, and the other stays as it is, its statistics too; of phases that say no other",
      ),
    init: z
      .enum(["torch", "variance-preserving"])
      .default("variance-preserving")
      .describe(
        "torch: its default distributions; variance-preserving: activations keep their size through a self-modulated decoder " +
          "(docs/benchmarks.md); other decoders begin the same with both",
      ),
    start_from: z
      .string()
      .nullable()
      .default(null)
      .describe("a safetensors file, or a folder with one, whose weights the run starts from"),
    partial: z
      .boolean()
      .default(false)
      .describe("takes those of start_from's weights that fit, and reports the others; false refuses any difference"),
    channels_last: z.boolean().default(true).describe("memory format in which convolutions run faster on GPUs"),
    gradient_checkpointing: z.boolean().default(false).describe("computes activations twice to store fewer of them"),
    tf32: z.boolean().default(true).describe("TensorFloat-32 products on GPUs that have them"),
    nonfinite_limit: count.default(20).describe("steps in a row with a loss or gradient that is not finite before the run stops"),
  })
  .describe("what is trained, and how it is computed");

const ema = z
  .strictObject({
    decay: z.number().min(0).lt(1).default(0.9999).describe("of the exponential moving average of the weights; 0 keeps none"),
    warmup: z.boolean().default(true).describe("smaller decays first: (1 + step) / (10 + step)"),
  })
  .describe("the EMA weights, which are those evaluated and saved");

const data = z
  .strictObject({
    ...pixelFields,
    min_scale: z.number().gt(0).max(1).default(0.5).describe("smallest share of an image's area that a random crop takes"),
    max_aspect: z.number().min(1).default(1.3333).describe("most that a random crop's sides differ"),
    flip: share.default(0.5).describe("share of the images that are mirrored"),
    workers: steps.default(4).describe("loading processes per training process"),
    corrupt_share: share.default(0.01).describe("share of corrupt images above which the run is refused"),
    validation_share: z
      .number()
      .min(0)
      .lt(1)
      .default(0.01)
      .describe("share of the images held back, where validation_folder is null"),
    validation_folder: z.string().nullable().default(null).describe("images of its own to validate on"),
    validation_images: count.default(256).describe("most images that a validation reads"),
  })
  .describe("how images become batches");

const checkpoints = z
  .strictObject({
    every: count.default(1000).describe("steps between checkpoints"),
    keep: count.default(3).describe("latest checkpoints that stay; the best one stays besides"),
    best_by: z.enum(["psnr", "l1", "perceptual"]).default("psnr").describe("measured on the validation images"),
    validate_every: count.default(1000).describe("steps between validations"),
  })
  .describe("what survives");

const log = z
  .strictObject({
    every: count.default(50).describe("steps between lines of metrics.jsonl"),
    samples_every: count.default(500).describe("steps between image grids"),
    samples: count.default(8).describe("images in a grid"),
    trackers: z
      .array(z.enum(["tensorboard", "wandb"]))
      .default(["tensorboard"])
      .describe("where losses are sent besides metrics.jsonl"),
  })
  .describe("what is seen");

const latent = z
  .strictObject({ images: count.default(1024).describe("images whose latents are measured at the end of the run") })
  .describe("what scaling_factor and shift_factor of config.json are measured on");

/** A group whose fields all have defaults may be left out. */
const optional = <T extends z.ZodObject>(group: T): z.ZodPrefault<T> => group.prefault({} as z.input<T>);

export const recipeSchema = z.strictObject({
  name: name.describe("what the recipe is called"),
  seed: z
    .int()
    .nonnegative()
    .max(2 ** 32 - 1)
    .default(0)
    .describe("of the initial weights, the order of the images, their crops and the latent's noise"),
  precision: z.enum(["fp32", "bf16", "fp16"]).default("bf16").describe("of autocast; weights and losses stay float32"),
  accumulation: count.default(1).describe("passes whose gradients make one optimizer step"),
  phases: z.array(phase).min(1).describe("one after the other, on the same weights"),
  optimizer: optional(optimizer),
  losses: optional(losses),
  perceptual: optional(perceptual),
  wavelet: optional(wavelet),
  gaussian: optional(gaussian),
  adversarial: optional(adversarial),
  discriminator,
  train: optional(train),
  teacher: optional(teacher),
  ema: optional(ema),
  data: optional(data),
  checkpoints: optional(checkpoints),
  log: optional(log),
  latent: optional(latent),
});

/** A recipe with every field set. */
export type Recipe = z.output<typeof recipeSchema>;
/** What a person writes: fields with defaults may be left out. */
export type RecipeInput = z.input<typeof recipeSchema> & {
  /** Where an editor finds the schema; it says nothing of the run. */
  readonly $schema?: string;
};
