import { elementCount } from "./shape.ts";

export type DType = "float32" | "int64";

/** A tensor in memory, row-major. int64 exists for torch's step counters only. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export function tensorOf(shape: readonly number[], data: Float32Array | BigInt64Array): Tensor {
  if (data.length !== elementCount(shape)) throw new Error(`${data.length} values do not fill [${shape.join(", ")}]`);
  return { shape, data };
}

/** The values of a float32 tensor. */
export function floats(tensor: Tensor): Float32Array {
  if (!(tensor.data instanceof Float32Array)) throw new Error("expected a float32 tensor");
  return tensor.data;
}

/** Pieces of bytes as one. */
export function joined(pieces: Iterable<Uint8Array>): Uint8Array<ArrayBuffer> {
  const list = [...pieces];
  const whole = new Uint8Array(list.reduce((sum, piece) => sum + piece.length, 0));
  let offset = 0;
  for (const piece of list) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}

/** The bytes of a tensor in little-endian order, without a copy. */
export function bytesOf(tensor: Tensor): Uint8Array {
  return new Uint8Array(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
}
