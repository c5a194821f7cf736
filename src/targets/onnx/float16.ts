/** float32 ↔ IEEE 754 binary16, on little-endian bytes as tensors are stored. */
import { Float16Array } from "@petamoriken/float16";

/** The largest finite float16. */
export const largestHalf = 65504;

/** Rounds to the nearest, ties to even; what is too large becomes infinite. */
export function toHalf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(new Float16Array(new Float32Array(bytes.slice().buffer)).buffer);
}

export function fromHalf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(Float32Array.from(new Float16Array(bytes.slice().buffer)).buffer);
}
