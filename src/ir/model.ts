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
  /** Names of the attributes that the author left out: their values are the op's defaults. */
  readonly defaulted: readonly string[];
  readonly params: readonly Param[];
}

/** A module made of modules. `config` is what its constructor was given. */
export interface Block {
  readonly kind: "block";
  readonly path: string;
  readonly name: string;
  readonly config: readonly unknown[];
  /** What its author gave to `layers`, in order and in its structure. */
  readonly members: readonly (readonly [key: string, member: Member])[];
  /** The modules in `members`, in order. */
  readonly children: readonly Module[];
  /** What it is an instance of. */
  readonly definition: Definition;
  /** What its author calls the inputs of its function, by position; undefined for those that are taken apart. */
  readonly inputs: readonly (string | undefined)[];
}

export type Module = Layer | Block;

/** What stands under one key of `layers`: a module, or a list or a record of members. */
export type Member = Module | MemberList | MemberRecord;

export interface MemberList {
  readonly kind: "list";
  readonly items: readonly Member[];
}

export interface MemberRecord {
  readonly kind: "record";
  readonly entries: readonly (readonly [key: string, member: Member])[];
}

/** A kind of block: what its author wrote once and uses under many configurations. Identity is the object. */
export interface Definition {
  readonly name: string;
  /** Where the author defines it. */
  readonly source: Source;
  /** The author's function. */
  readonly code: string;
  /** What the author calls the arguments of its configuration, by position; undefined for those that are taken apart. */
  readonly parameters: readonly (string | undefined)[];
  /**
   * An instance under another configuration, at an empty path; throws where the author's code or a check refuses it. The blocks in it are those of
   * `rebuilds`: the paths of what they hold begin at them.
   */
  build(config: readonly unknown[], rebuilds: Rebuilds): Rebuilt;
}

/** An instance that stands in no model. */
export interface Rebuilt {
  readonly block: Block;
  /** The body of a call on inputs of these shapes, of which the last are `named`; throws where a shape does not fit. */
  trace(inputs: readonly Shape[], named?: Body["named"]): Body;
}

/** What kinds of blocks are under configurations. */
export interface Rebuilds {
  /** A block that would hold more modules directly is refused before it is whole. */
  readonly mostModules: number;
  /** Throws where the author's code or a check refuses the configuration. */
  of(definition: Definition, config: readonly unknown[]): Rebuilt;
}

/** What a block's function does with its inputs, and in what form it returns its results. */
export interface Body {
  readonly graph: Graph;
  readonly returns: Returns;
  /** The names of the last inputs, where the function takes them in a record, which is its last argument. */
  readonly named?: readonly string[] | undefined;
}

/** One value, a list of them or a record: each entry with its name and its position among the graph's outputs, which are distinct. */
export interface Returns {
  readonly kind: "one" | "list" | "record";
  readonly entries: readonly (readonly [name: string, output: number])[];
}

export interface OpNode {
  readonly kind: "op";
  readonly op: Op;
  readonly attrs: Attrs;
  /** As in `Layer`. */
  readonly defaulted: readonly string[];
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
  readonly returns: Returns;
  /** As in `Body`. */
  readonly named?: Body["named"];
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

/** Where a part's input comes from: what another part gives, or what that one was given itself. */
export type PartSource =
  | { readonly part: string; readonly output: string; readonly input?: undefined }
  | { readonly part: string; readonly input: string; readonly output?: undefined };

/** Where a part's inputs come from, by their names; what is not here comes from outside, as images do. */
export type Sources = Readonly<Record<string, PartSource>>;

/** One graph of the model with named inputs and outputs, of any number. `modules` are its top-level modules. */
export interface Part {
  /** In snake_case: its graph's file and its builder in Python are called after it. */
  readonly name: string;
  /** Only training runs it, as it does a discriminator. */
  readonly trainingOnly?: boolean;
  readonly sources?: Sources;
  readonly modules: readonly Module[];
  readonly graph: Graph;
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
}

/** A network beside the model, such as one that a loss looks through: a single block, whose path is empty, so that its keys are a file's own. */
export interface Network extends Part {
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
  readonly diffusers?: DiffusersSettings;
}

/** A value in a configuration of diffusers'. */
export type DiffusersSetting = boolean | number | string | readonly (number | string | readonly number[])[];

/** A configuration of diffusers'. */
export interface DiffusersSettings {
  readonly _class_name: string;
  readonly [setting: string]: DiffusersSetting;
}

/**
 * Which parts make a model an autoencoder, by their names: image → encoder → latent → decoder → image. The encoder's first input is the image, the
 * decoder's first the latent, which its `sources` name; the decoder gives the image alone. What they take and give besides are skips and conditions.
 */
export interface Autoencoder {
  /** Makes latents of images. */
  readonly encoder: string;
  /** Makes images of latents. */
  readonly decoder: string;
  /** The encoder's outputs that are mean and log-variance of a Gaussian posterior; absent where it has no distribution. */
  readonly posterior?: { readonly mean: string; readonly logvar: string };
  /** Only training runs it. */
  readonly discriminator?: string;
}

export interface Model {
  readonly kind: "model";
  readonly name: string;
  /** Absent where it takes no image. */
  readonly imageChannels?: number | undefined;
  /** Of an autoencoder, as the next. */
  readonly latentChannels?: number | undefined;
  /** How many image pixels one latent position covers along each side. */
  readonly stride?: number | undefined;
  readonly parts: readonly Part[];
  /** Absent where the model is none. */
  readonly autoencoder?: Autoencoder | undefined;
  readonly interchange?: Interchange | undefined;
  /** How it is built with other settings, where its author says that. */
  readonly variants?: Variants | undefined;
}

/** What a setting of a model can be that its author lets vary. */
export type Setting = number | boolean | string | readonly number[];

/** What a model's author lets vary. */
export interface Variants<Settings extends Readonly<Record<string, Setting>> = Readonly<Record<string, Setting>>> {
  /** The settings that the model itself has. */
  readonly settings: Settings;
  /** The model with some of them other than its own. Throws UserError where there is no such setting or it is of another kind, and where the model cannot have it. */
  build(settings: Partial<Settings>): Model;
}
