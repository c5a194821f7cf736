/**
 * What the LiteVAE paper published (arXiv:2405.14477), for showing beside what was measured and never in one column or series with it: data,
 * training and evaluation differ. Every row names its table.
 */

/** A model of the paper; `builtIn` is the one here with the same architecture. */
interface PublishedModel {
  /** As in the paper: "2a" is Table 2 (a). */
  readonly table: string;
  /** The paper calls SD-VAE's architecture, trained by its own recipe, VAE. */
  readonly model: string;
  readonly builtIn: string;
}

/** How well images come back: lower rFID and LPIPS are better, higher PSNR (dB) and SSIM. */
export interface PublishedQuality extends PublishedModel {
  readonly data: string;
  /** Pixels a side. */
  readonly size: number;
  readonly latentChannels: number;
  readonly rfid: number;
  readonly lpips: number;
  readonly psnr: number;
  readonly ssim: number;
}

/** An encoder on one RTX 6000 at batch 32. */
export interface PublishedThroughput extends PublishedModel {
  /** In the paper's millions. */
  readonly params: number;
  readonly gpuMegabytes: number;
  readonly imagesPerSecond: number;
}

/** Distance of latents to a standard Gaussian. Its scale and estimator are unpublished: not to be set against other numbers. */
export interface PublishedMmd extends PublishedModel {
  readonly values: readonly { readonly sigma: number; readonly mmd: number }[];
}

/** FID of a latent diffusion model on the latents. */
export interface PublishedGeneration extends PublishedModel {
  readonly data: string;
  readonly size: number;
  readonly fid: number;
}

/** One change, everything else equal. */
export interface PublishedAblation {
  readonly table: string;
  readonly what: string;
  readonly choice: string;
  readonly rfid: number;
}

type Metrics = readonly [rfid: number, lpips: number, psnr: number, ssim: number];

function quality(
  table: string,
  [data, size, latentChannels]: readonly [string, number, number],
  rows: readonly (readonly [model: string, builtIn: string, ...Metrics])[],
): readonly PublishedQuality[] {
  return rows.map(([model, builtIn, rfid, lpips, psnr, ssim]) => ({
    table,
    model,
    builtIn,
    data,
    size,
    latentChannels,
    rfid,
    lpips,
    psnr,
    ssim,
  }));
}

const [vae, small] = [
  ["VAE", "sd-vae"],
  ["VAE-Small", "vae-small"],
] as const;
const [s, b, m, l] = [
  ["LiteVAE-S", "s"],
  ["LiteVAE-B", "b"],
  ["LiteVAE-M", "m"],
  ["LiteVAE-L", "l"],
] as const;

const sigmas = [25, 50, 100, 250, 500] as const;

function mmd([model, builtIn]: readonly [string, string], values: readonly number[]): PublishedMmd {
  return { table: "6", model, builtIn, values: sigmas.map((sigma, i) => ({ sigma, mmd: values[i] as number })) };
}

function throughput(
  [model, builtIn]: readonly [string, string],
  params: number,
  gpuMegabytes: number,
  imagesPerSecond: number,
): PublishedThroughput {
  return { table: "3", model, builtIn, params, gpuMegabytes, imagesPerSecond };
}

export const paper = {
  source: "arXiv:2405.14477",
  url: "https://arxiv.org/abs/2405.14477",
  quality: [
    ...quality(
      "1",
      ["FFHQ", 128, 4],
      [
        [...vae, 0.88, 0.089, 28.08, 0.85],
        [...b, 0.74, 0.085, 28.36, 0.85],
      ],
    ),
    ...quality(
      "1",
      ["FFHQ", 256, 4],
      [
        [...vae, 0.47, 0.109, 28.16, 0.81],
        [...b, 0.41, 0.117, 28.33, 0.82],
      ],
    ),
    ...quality(
      "1",
      ["ImageNet", 256, 4],
      [
        [...vae, 0.89, 0.16, 25.83, 0.73],
        [...b, 0.87, 0.157, 26.02, 0.74],
      ],
    ),
    ...quality(
      "1",
      ["ImageNet", 256, 12],
      [
        [...vae, 0.23, 0.073, 30.41, 0.86],
        [...b, 0.23, 0.072, 30.91, 0.88],
      ],
    ),
    ...quality(
      "2a",
      ["ImageNet", 128, 12],
      [
        [...vae, 0.95, 0.069, 29.25, 0.86],
        [...s, 1.11, 0.075, 29.12, 0.86],
        [...b, 0.94, 0.069, 29.55, 0.87],
        [...m, 0.79, 0.064, 29.68, 0.87],
        [...l, 0.74, 0.062, 29.94, 0.88],
      ],
    ),
    ...quality(
      "2b",
      ["ImageNet", 128, 4],
      [
        [...vae, 4.54, 0.164, 24.25, 0.69],
        [...small, 5.27, 0.175, 24.1, 0.69],
        [...b, 4.4, 0.164, 24.49, 0.71],
      ],
    ),
  ],
  throughput: [
    throughput(vae, 34.16, 8860, 68),
    throughput(s, 1.03, 1324, 384),
    throughput(b, 6.75, 3155, 129),
    throughput(m, 32.75, 12130, 42.24),
    throughput(l, 41.42, 12130, 41.6),
  ],
  mmd: [mmd(["SD-VAE", "sd-vae"], [8.67, 28.9, 10.77, 1.78, 0.44]), mmd(["LiteVAE", "b"], [1.44, 7.94, 5.14, 1.09, 0.28])],
  generation: [
    { table: "7", model: "LDM", builtIn: "sd-vae", data: "FFHQ", size: 256, fid: 8.11 },
    { table: "7", model: "LiteVAE", builtIn: "b", data: "FFHQ", size: 256, fid: 8.03 },
    { table: "7", model: "LDM", builtIn: "sd-vae", data: "CelebA-HQ", size: 256, fid: 5.92 },
    { table: "7", model: "LiteVAE", builtIn: "b", data: "CelebA-HQ", size: 256, fid: 5.73 },
  ],
  ablations: [
    { table: "4", what: "decoder", choice: "GroupNorm", rfid: 1.01 },
    { table: "4", what: "decoder", choice: "self-modulated convolution", rfid: 0.97 },
    { table: "10", what: "discriminator", choice: "UNet", rfid: 1.01 },
    { table: "10", what: "discriminator", choice: "StyleGAN", rfid: 1.38 },
    { table: "10", what: "discriminator", choice: "PatchGAN", rfid: 1.61 },
    { table: "14", what: "perceptual loss", choice: "LPIPS", rfid: 0.99 },
    { table: "14", what: "perceptual loss", choice: "VGG features before activation", rfid: 0.78 },
    { table: "17", what: "1×1 convolutions around the latent", choice: "with", rfid: 2.04 },
    { table: "17", what: "1×1 convolutions around the latent", choice: "without", rfid: 0.87 },
  ],
} as const satisfies {
  readonly source: string;
  readonly url: string;
  readonly quality: readonly PublishedQuality[];
  readonly throughput: readonly PublishedThroughput[];
  readonly mmd: readonly PublishedMmd[];
  readonly generation: readonly PublishedGeneration[];
  readonly ablations: readonly PublishedAblation[];
};
