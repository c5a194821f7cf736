/** An ONNX model as plain records, before it becomes protobuf. */
import type { Bindings } from "../../ir/dim.ts";
import type { OnnxDType } from "../../ir/onnx-signature.ts";
import type { OnnxAttr, OnnxOperator } from "../../ir/onnx.ts";
import type { Shape } from "../../ir/shape.ts";

export interface OnnxNode {
  readonly name: string;
  readonly type: OnnxOperator;
  /** Names of tensors; an empty one stands for an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attrs: Readonly<Record<string, OnnxAttr>>;
  /** The path of the module that it computes in; passes may add nodes that have none. */
  readonly module?: string;
  /** The op that wrote it declares that it needs float32. */
  readonly precise?: boolean;
}

export interface OnnxValue {
  readonly name: string;
  readonly dims: Shape;
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
  /** The operator set that says what the nodes mean. */
  readonly opset: number;
  /**
   * Two batches and images that fit and share no size: shapes are checked at the first, and what is the same at both is a constant. Every pass keeps them.
   * Undefined where no image fits.
   */
  readonly samples: readonly [Bindings, Bindings] | undefined;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly values: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
}
