/** The Haar filters, shared by the transform and its inverse. */

/** Signs of a b / c d (a top left) in cA, cH, cV, cD, with PyWavelets' names (arXiv:2405.14477 §3, App. G). */
const signs = [
  [1, 1, 1, 1],
  [1, 1, -1, -1],
  [1, -1, 1, -1],
  [1, -1, -1, 1],
] as const;

/** A [4C, C, 2, 2] convolution weight, band-major: cA of every channel, then cH, cV, cD. Orthonormal for scale 1. */
export function haarWeight(
  channels: number,
  scale: number,
): { readonly shape: readonly number[]; readonly values: readonly number[] } {
  const values: number[] = [];
  for (const band of signs) {
    for (let out = 0; out < channels; out++) {
      for (let input = 0; input < channels; input++) values.push(...band.map((sign) => (out === input ? (sign * scale) / 2 : 0)));
    }
  }
  return { shape: [4 * channels, channels, 2, 2], values };
}
