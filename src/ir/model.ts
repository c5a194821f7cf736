/** The intermediate representation: plain immutable records, edges are object references, names come from module paths. */
import type { Attrs, Op, ParamSpec } from "./op.ts";
import type { Shape } from "./shape.ts";
import type { Source } from "./source.ts";
import type { Tensor } from "./tensor.ts";

/** A float32 value flowing along an edge. Identity is the object. */
export interface Value {
  readonly shape: Shape;
}

/** A parameter or buffer. `path` is its one name: summary row, safetensors key, ONNX initializer, state_dict key. */
export interface Param extends ParamSpec {
  readonly path: string;
  /** Set by folding passes: the value is computed from stored parameters. */
  readonly derive?: {
    readonly from: readonly Param[];
    readonly compute: (params: Readonly<Record<string, Tensor>>) => Tensor;
  };
}

/** A leaf module: one op with parameters. */
export interface Layer {
  readonly kind: "layer";
  readonly path: string;
  readonly op: Op;
  readonly attrs: Attrs;
  readonly params: readonly Param[];
}

/** A module made of modules. `name` is the kind of block, `config` what its constructor was given. */
export interface Block {
  readonly kind: "block";
  readonly path: string;
  readonly name: string;
  readonly config: readonly unknown[];
  readonly children: readonly Module[];
}

export type Module = Layer | Block;

export interface OpNode {
  readonly kind: "op";
  readonly op: Op;
  readonly attrs: Attrs;
  readonly layer?: Layer | undefined;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Path of the module whose forward contains the node. */
  readonly scope: string;
  readonly source: Source;
}

/** A call of a block: its body is traced anew for every call, since shapes may differ. */
export interface CallNode {
  readonly kind: "call";
  readonly block: Block;
  readonly body: Graph;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly source: Source;
}

export type Node = OpNode | CallNode;

/** Nodes in the order in which they run. */
export interface Graph {
  readonly inputs: readonly Value[];
  readonly nodes: readonly Node[];
  readonly outputs: readonly Value[];
}

export type PartName = "encoder" | "decoder" | "discriminator";
export const partNames: readonly PartName[] = ["encoder", "decoder", "discriminator"];

/** One graph of the model with named inputs and outputs. `modules` are its top-level modules. */
export interface Part<Name extends string = PartName> {
  readonly name: Name;
  readonly modules: readonly Module[];
  readonly graph: Graph;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

/** A network beside the model, such as one that a loss looks through: a single block, whose path is empty, so that its keys are a file's own. */
export interface Network extends Part<string> {
  readonly kind: "network";
  readonly block: Block;
}

/** How other tools store the same architecture. */
export interface Interchange {
  /**
   * What parts of keys in published files are called here, applied in order before keys are compared: `attentions.*.query` → `attentions.*.to_q`,
   * with `*` for any one word between dots.
   */
  readonly renames: Readonly<Record<string, string>>;
  /** The configuration under which diffusers opens the weights; absent where no class of its own has them. */
  readonly diffusers?: Readonly<Record<string, boolean | number | string | readonly (number | string)[]>>;
}

export interface Model {
  readonly kind: "model";
  readonly name: string;
  readonly imageChannels: number;
  readonly latentChannels: number;
  /** How many image pixels one latent position covers along each side. */
  readonly stride: number;
  readonly parts: readonly Part[];
  readonly interchange?: Interchange | undefined;
}
