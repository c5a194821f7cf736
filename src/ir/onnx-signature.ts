/** How the signature of an ONNX operator is written down. */
import type { DType } from "./tensor.ts";

export type OnnxDType = DType | "float16";

/** What attributes are made of in graphs. Whole numbers are ints; floats stand in `{ float }`. */
export interface OnnxAttrValues {
  readonly int: number;
  readonly float: { readonly float: number };
  readonly string: string;
  readonly ints: readonly number[];
  readonly floats: { readonly floats: readonly number[] };
}

/** An input or output: its name, its type or the variable that stands for it, and whether none or many may be given. */
export type OnnxOperand = readonly [name: string, type: string, arity?: "optional" | "variadic"];

/** A version of an operator. */
export interface OnnxSignature {
  /** The operator set that brought it. */
  readonly since: number;
  readonly inputs: readonly OnnxOperand[];
  readonly outputs: readonly OnnxOperand[];
  /** The types that a variable may stand for: all operands of one variable have the same. */
  readonly types: Readonly<Record<string, readonly OnnxDType[]>>;
  readonly attrs: Readonly<Record<string, keyof OnnxAttrValues>>;
  readonly required: readonly string[];
  /** What whole numbers are where they are left out. */
  readonly defaults: Readonly<Record<string, number>>;
}
