/** What an op may write into an ONNX graph: operators with the attributes that ONNX's own schema gives them. */
import type { onnxSchema } from "./onnx-schema.ts";
import type { OnnxAttrValues } from "./onnx-signature.ts";
import type { NonEmpty } from "../errors/must.ts";
import type { Dim } from "./dim.ts";
import type { Shape } from "./shape.ts";

export type OnnxAttr = OnnxAttrValues[keyof OnnxAttrValues];

export type OnnxOperator = keyof typeof onnxSchema;

/** The version that every operator set offered here has. */
type Oldest<T extends OnnxOperator> = (typeof onnxSchema)[T][0];
type Kinds<T extends OnnxOperator> = Oldest<T>["attrs"];
type RequiredAttr<T extends OnnxOperator> = Oldest<T>["required"][number];
type ValueOf<Kind> = Kind extends keyof OnnxAttrValues ? OnnxAttrValues[Kind] : never;

/** The attributes of an operator. */
export type OnnxAttrs<T extends OnnxOperator> = {
  readonly [Name in Exclude<keyof Kinds<T>, RequiredAttr<T>>]?: ValueOf<Kinds<T>[Name]>;
} & { readonly [Name in Extract<keyof Kinds<T>, RequiredAttr<T>>]: ValueOf<Kinds<T>[Name]> };

/** The last argument of what writes a node: it may be left out where no attribute is required. */
type AttrArguments<T extends OnnxOperator> = [RequiredAttr<T>] extends [never] ? [attrs?: OnnxAttrs<T>] : [attrs: OnnxAttrs<T>];

/** What an op may write into a graph. Names are given by the target. */
export interface OnnxWriter {
  readonly inputShapes: NonEmpty<Shape>;
  readonly outputShapes: readonly Shape[];
  /** What a side is a multiple of for every image that fits; 1 where nothing is known. */
  multipleOf(side: Dim): number;
  /** Whether readers of the graph know means along one side whose size is open. */
  readonly reduces: boolean;
  /** Adds a node with one output and returns the output's name. */
  node<T extends OnnxOperator>(type: T, inputs: readonly string[], ...attrs: AttrArguments<T>): string;
  /** Adds a node with several outputs. */
  nodes<T extends OnnxOperator>(
    type: T,
    inputs: readonly string[],
    outputs: number,
    ...attrs: AttrArguments<T>
  ): readonly string[];
  /** The initializer of one of the layer's parameters, under the parameter's own name; `shape` views it differently. */
  param(role: string, shape?: readonly number[]): string;
  /** A float32 constant; equal constants of one name are written once. */
  constant(name: string, shape: readonly number[], values: readonly number[]): string;
  /** A one-dimensional int64 constant. */
  ints(name: string, values: readonly number[]): string;
  /** What follows from `key` alone, whichever op asks: made for the first that does, and read by the others. */
  shared(key: string, make: () => string): string;
}
