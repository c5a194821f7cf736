/** How latents are spread, under diffusers' names: what a diffusion model's latents are normalised by. */
export interface LatentStatistics {
  /** (z − shift_factor) · scaling_factor has mean 0 and deviation 1 over all channels together. */
  readonly scaling_factor: number;
  /** The mean over all channels together. */
  readonly shift_factor: number;
  /** Of each channel; absent where they were not measured. */
  readonly latents_mean?: readonly number[];
  /** Of each channel; absent where latents_mean is. */
  readonly latents_std?: readonly number[];
  /** How many images they were measured on. */
  readonly latent_images?: number;
  /**
   * What normalises: "channel" is (z − latents_mean) · scaling_factor / latents_std, for weights whose diffusion model was trained so; without it the two
   * factors alone do, and the channels' numbers are for the record.
   */
  readonly normalization?: "channel";
}

/** Of latents that nobody measured. */
export const unmeasured: LatentStatistics = { scaling_factor: 1, shift_factor: 0 };
