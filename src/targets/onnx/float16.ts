/** float32 ↔ IEEE 754 binary16, on little-endian bytes as tensors are stored. */

/** The largest finite float16. */
export const largestHalf = 65504;

/** Rounds to the nearest, ties to even; what is too large becomes infinite. */
export function toHalf(bytes: Uint8Array): Uint8Array {
  const source = new Uint32Array(bytes.slice().buffer);
  const half = new Uint16Array(source.length);
  for (const [i, bits] of source.entries()) half[i] = halfBits(bits);
  return new Uint8Array(half.buffer);
}

export function fromHalf(bytes: Uint8Array): Uint8Array {
  const half = new Uint16Array(bytes.slice().buffer);
  return new Uint8Array(Float32Array.from(half, halfValue).buffer);
}

function halfBits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From half a step above the largest number on.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    const rounded = magnitude + 0xfff + ((magnitude >>> 13) & 1);
    return sign | ((rounded - 0x38000000) >>> 13);
  }
  // Subnormal: whole steps of 2^-24. Half of the smallest step and less is 0.
  if (magnitude <= 0x33000000) return sign;
  const mantissa = (magnitude & 0x7fffff) | 0x800000;
  const shift = 126 - (magnitude >>> 23);
  const steps = mantissa >>> shift;
  const rest = mantissa & ((1 << shift) - 1);
  const middle = 1 << (shift - 1);
  return sign | (steps + (rest > middle || (rest === middle && (steps & 1) === 1) ? 1 : 0));
}

function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
