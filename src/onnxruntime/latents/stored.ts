/** The types in which moments are stored. */
import { Float16Array } from "@petamoriken/float16";
import type { StoredTensor } from "../../weights/safetensors.ts";

export type Stored = Float32Array | Uint16Array;

interface StoredType {
  readonly type: StoredTensor["type"];
  /** Rounded to the nearest, halves to even. */
  readonly pack: (values: Float32Array) => Stored;
  readonly unpack: (stored: Stored) => Float32Array;
}

export type DTypeName = "float32" | "float16" | "bfloat16";

export const storedTypes: Readonly<Record<DTypeName, StoredType>> = {
  float32: { type: "F32", pack: (values) => values, unpack: (stored) => Float32Array.from(stored) },
  float16: {
    type: "F16",
    pack: (values) => new Uint16Array(new Float16Array(values).buffer),
    unpack: (stored) => Float32Array.from(new Float16Array(new Uint16Array(stored).buffer)),
  },
  bfloat16: {
    type: "BF16",
    // The upper half of a float32.
    pack: (values) => Uint16Array.from(bitsOf(values), (bits) => (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16),
    unpack: (stored) => new Float32Array(Uint32Array.from(stored, (half) => half << 16).buffer),
  },
};

export const dtypeNames = Object.keys(storedTypes) as readonly DTypeName[];

function bitsOf(values: Float32Array): Uint32Array {
  return new Uint32Array(values.buffer, values.byteOffset, values.length);
}
