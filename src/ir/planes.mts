/**
 * What is done to images and latents as planes of numbers, batches and channels in a row. client.js holds this module as it is compiled, so that it imports
 * types alone.
 */
import type { FittingSizes } from "./size.ts";

export interface PlaneStack {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

export interface PlaneSize {
  readonly height: number;
  readonly width: number;
}

/** The least side that fits and is not below the given one; undefined where all that fit are smaller. */
export function raisedSide(side: number, { minimum, step }: FittingSizes): number | undefined {
  // An infinite step leaves one size.
  const fitted = step === Infinity ? minimum : minimum + step * Math.max(0, Math.ceil((side - minimum) / step));
  return fitted < side ? undefined : fitted;
}

/** The middle `taken` of every plane, its last row and column repeated up to `target`. */
export function middle(planes: PlaneStack, taken: PlaneSize, target: PlaneSize): PlaneStack {
  const [top, left] = [(planes.height - taken.height) >> 1, (planes.width - taken.width) >> 1];
  const data = new Float32Array(planes.channels * target.height * target.width);
  for (let channel = 0; channel < planes.channels; channel++) {
    for (let y = 0; y < target.height; y++) {
      const row = (channel * planes.height + top + Math.min(y, taken.height - 1)) * planes.width + left;
      const to = (channel * target.height + y) * target.width;
      for (let x = 0; x < target.width; x++) data[to + x] = planes.data[row + Math.min(x, taken.width - 1)] as number;
    }
  }
  return { channels: planes.channels, height: target.height, width: target.width, data };
}

/** The top left part of every plane. */
export function topLeft(planes: PlaneStack, { height, width }: PlaneSize): PlaneStack {
  const data = new Float32Array(planes.channels * height * width);
  for (let channel = 0; channel < planes.channels; channel++) {
    for (let y = 0; y < height; y++) {
      const from = (channel * planes.height + y) * planes.width;
      data.set(planes.data.subarray(from, from + width), (channel * height + y) * width);
    }
  }
  return { channels: planes.channels, height, width, data };
}

/** Peak signal-to-noise ratio in dB, both clamped to the image range (arXiv:2405.14477 §6; peak 1 on [0, 1]). Infinity for equal images. */
export function signalToNoise(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  const clamped = (value: number): number => Math.min(1, Math.max(-1, value));
  for (let i = 0; i < a.length; i++) sum += ((clamped(a[i] as number) - clamped(b[i] as number)) / 2) ** 2;
  return -10 * Math.log10(sum / a.length);
}

/** The first three channels of a latent (the first, if there are fewer), each scaled to its own range (arXiv:2405.14477 Fig. 2). */
export function latentView(latent: PlaneStack): PlaneStack {
  const channels = latent.channels >= 3 ? 3 : 1;
  const area = latent.height * latent.width;
  const data = latent.data.slice(0, channels * area);
  for (let channel = 0; channel < channels; channel++) {
    const plane = data.subarray(channel * area, (channel + 1) * area);
    let [min, max] = [Infinity, -Infinity];
    for (const value of plane) [min, max] = [Math.min(min, value), Math.max(max, value)];
    for (let i = 0; i < area; i++) plane[i] = max > min ? (2 * ((plane[i] as number) - min)) / (max - min) - 1 : 0;
  }
  return { channels, height: latent.height, width: latent.width, data };
}
