/** An ONNX model as plain records, before it becomes protobuf. */
import type { OnnxAttr } from "../../ir/op.ts";
import type { DType } from "../../ir/tensor.ts";

export interface OnnxNode {
  readonly name: string;
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Readonly<Record<string, OnnxAttr>>;
  /** The op that wrote it declares that it needs float32. */
  readonly precise?: boolean;
}

export type OnnxDType = DType | "float16";

/** Numbers are fixed sizes, strings symbolic ones. */
export interface OnnxValue {
  readonly name: string;
  readonly dims: readonly (number | string)[];
  /** float32 where nothing is said. */
  readonly dtype?: "float32" | "float16";
}

export interface OnnxInitializer {
  readonly name: string;
  readonly dims: readonly number[];
  readonly dtype: OnnxDType;
  /** Little-endian bytes, made when they are written. */
  readonly load: () => Uint8Array;
}

export interface OnnxGraph {
  readonly name: string;
  readonly doc: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly values: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
}
