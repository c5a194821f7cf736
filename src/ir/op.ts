/** The contract of an operation: everything the compiler knows about an op is declared in the op's own file. */
import { InternalError, nonEmpty, type NonEmpty } from "../errors/must.ts";
import type { Attributes, AttrValue, Attrs, AttrsOf, Interval } from "./attributes.ts";
import type { OnnxOperator, OnnxWriter } from "./onnx.ts";
import type { Dim } from "./dim.ts";
import { isConstant, pyCall, pyConstant, type PyExpr } from "./python.ts";
import type { Reach } from "./reach.ts";
import type { Shape } from "./shape.ts";
import type { Source } from "./source.ts";
import type { DType, Tensor } from "./tensor.ts";

export type { AttrValue, Attrs } from "./attributes.ts";

/** How a parameter starts without `--weights`: PyTorch's own defaults. */
export type Init =
  | { readonly kind: "uniform"; readonly bound: number }
  | { readonly kind: "normal"; readonly deviation: number }
  | { readonly kind: "constant"; readonly value: number }
  /** Computed from the parameters listed before it; `random` gives numbers uniform in [-1, 1). */
  | { readonly kind: "computed"; readonly compute: (params: Readonly<Record<string, Tensor>>, random: () => number) => Tensor };

export interface ParamSpec {
  /** The last part of the name: `weight`, `bias`, …; empty where the layer's own name is the parameter's. */
  readonly role: string;
  readonly shape: readonly number[];
  readonly init: Init;
  /** A buffer is stored but not trained and not counted as a parameter. */
  readonly buffer?: true;
  /** Nothing below 0 makes sense, such as for a variance. */
  readonly nonNegative?: true;
  /** Inference does not read it: what training keeps of the past. */
  readonly trainingOnly?: true;
  readonly dtype?: DType;
}

/** Another layer that computes the same at inference, its parameters computed from this one's; unnamed roles are kept. */
export interface Fold {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly derive: Readonly<Record<string, (params: Readonly<Record<string, Tensor>>) => Tensor>>;
}

/** What is kept for the backward pass. */
export interface Saves {
  /** All of them, or whether each is. */
  readonly inputs?: true | readonly boolean[];
  readonly outputs?: true;
  /** Bytes of tensors that are neither, and that each image adds. */
  readonly bytes?: number;
}

/** Terms of the training loss that layers have, by their names in recipe.losses. */
export const lossTerms = ["commitment", "codebook", "entropy"] as const;
export type LossTerm = (typeof lossTerms)[number];

export interface Definition<A extends Attrs, D extends Attributes> {
  readonly name: string;
  /** One sentence: what it computes. */
  readonly doc: string;
  /** The name of its constructor in `dsl/`, where that is not the op's own. */
  readonly constructorName?: string;
  /** Where its author defines it; absent of the ops of this package. What is wrong with its forms is then the author's to correct. */
  readonly own?: Source;
  /** How many values go in; 1 where nothing is said. */
  readonly inputs?: number | { readonly least: number; readonly most: number };
  /** Absent where it has none. */
  readonly attributes?: D;
  /** The parameters of a layer; a function has none. */
  params?(attrs: A): readonly ParamSpec[];
  /** Output shapes; throws ShapeError. */
  infer(inputs: NonEmpty<Shape>, attrs: A): readonly Shape[];
  /** Sizes that must come out whole besides those of what goes in and out, such as the windows along a side. */
  wholes?(inputs: NonEmpty<Shape>, attrs: A): readonly Dim[];
  /** Multiply-accumulates for concrete shapes; absent where the field counts none (norms, activations, pooling, Haar). */
  macs?(inputs: NonEmpty<readonly number[]>, outputs: NonEmpty<readonly number[]>, attrs: A): number;
  /** `macs` as a formula of the settings, for readers of docs/ops.md. */
  readonly macsRule?: string;
  /** What PyTorch's autograd keeps of a call, besides parameters, where gradients go on to the inputs that `learns` tells; its inputs where nothing is said. */
  saves?(inputs: NonEmpty<readonly number[]>, outputs: NonEmpty<readonly number[]>, attrs: A, learns: readonly boolean[]): Saves;
  /** Terms of the training loss that its calls in PyTorch hand to `add_loss_terms` of the package's layers; absent where it has none. */
  lossTerms?(attrs: A): readonly LossTerm[];
  /**
   * What of its inputs a position of its outputs depends on, of each input where they differ. Absent where it is not known: then all of them, and
   * parts with it are exact in tiles of no size. An op that folds has the reach of what it folds to.
   */
  reach?(attrs: A, inputs: NonEmpty<Shape>): Reach | readonly Reach[];
  /** The output shares the input's memory. */
  readonly view?: true;
  /** Where it is a real number; absent where it is one everywhere. */
  readonly domain?: Interval;
  /** Takes no input: its rules are given none, whatever their types say. */
  readonly source?: true;
  /** Does nothing at inference. */
  readonly trainingOnly?: true;
  readonly torch: TorchForm<A>;
  /** A random legal use, for the generic test of every op. */
  sample(choose: Choose): { readonly attrs: A; readonly inputs: NonEmpty<readonly number[]> };
}

/** How many values go into an op. */
export function inputCount({ inputs = 1, source }: Pick<Op, "inputs" | "source">): {
  readonly least: number;
  readonly most: number;
} {
  if (source === true) return { least: 0, most: 0 };
  return typeof inputs === "number" ? { least: inputs, most: inputs } : inputs;
}

/** What goes into an op: one value or more, or none into a source. */
export function inputsOf<T>(op: Pick<Op, "name" | "source">, inputs: readonly T[]): NonEmpty<T> {
  if (op.source !== true) return nonEmpty(inputs, `every input of ${op.name}`);
  if (inputs.length > 0) throw new InternalError(`${op.name} takes no input`);
  // The one place where the type says more than there is: the rules of a source read none of it.
  return inputs as NonEmpty<T>;
}

/** What an op is written as in ONNX. */
interface OnnxForm<A extends Attrs> {
  onnx(writer: OnnxWriter, inputs: NonEmpty<string>, attrs: A): readonly string[];
  /** Operators among those that `onnx` writes that compute in float32 in a float16 graph too: sums over many values, statistics, exp. */
  readonly precise?: readonly OnnxOperator[];
  /** The one operator that is all of it, since an operator set: for runtimes that have a kernel for it, whose sums are theirs. */
  readonly wholeOnnx?: {
    readonly since: number;
    form(writer: OnnxWriter, inputs: NonEmpty<string>, attrs: A): readonly string[];
  };
  readonly fold?: never;
  readonly compose?: never;
  readonly torchOnly?: never;
}

/** A value in a composition. Identity is the object. */
export interface Composed {
  readonly shape: Shape;
}

/** The ops that another one is made of, in the order in which they run. */
export interface Composition {
  readonly inputs: readonly Composed[];
  readonly steps: readonly {
    readonly op: Op;
    readonly attrs: Attrs;
    /** The parameter that it reads, where it is one of the composed layer's. */
    readonly role?: string | undefined;
    readonly inputs: readonly Composed[];
    readonly outputs: readonly Composed[];
  }[];
  readonly outputs: readonly Composed[];
}

/** An op that others make up: they have the form in ONNX. */
interface ComposedForm<A extends Attrs> {
  compose(inputs: NonEmpty<Shape>, attrs: A): Composition;
  readonly onnx?: never;
  readonly precise?: never;
  readonly wholeOnnx?: never;
  readonly fold?: never;
  readonly torchOnly?: never;
}

/** An op whose parameters can be computed into those of a plainer layer: that one has the form in ONNX. */
interface FoldedForm<A extends Attrs> {
  /** The inference-time equivalent. */
  fold(attrs: A): Fold;
  readonly compose?: never;
  readonly onnx?: never;
  readonly precise?: never;
  readonly wholeOnnx?: never;
  readonly torchOnly?: never;
}

/** An op that training alone uses. */
interface TorchOnly {
  /** Why it has no form in ONNX: a part that applies it is refused there. */
  readonly torchOnly: string;
  readonly fold?: never;
  readonly compose?: never;
  readonly onnx?: never;
  readonly precise?: never;
  readonly wholeOnnx?: never;
}

export type Op<A extends Attrs = Attrs, D extends Attributes = Attributes> = Definition<A, D> &
  (OnnxForm<A> | ComposedForm<A> | FoldedForm<A> | TorchOnly);

/** An argument of a module's constructor, by the attribute that it is. */
export interface TorchArgument<Name extends string = string> {
  readonly attr: Name;
  /** Python's name of a keyword argument; a positional one has none. */
  readonly keyword?: string;
  /** Python's own default: an argument that is this constant, or a pair of it, is left out. */
  readonly omit?: AttrValue;
}

/** The attributes as expressions: constants, or names where they vary. */
export type TorchAttrs<A extends Attrs = Attrs> = { readonly [K in keyof A]: PyExpr };

/** A layer is an nn.Module built once and called; a function is an expression over its inputs. */
export type TorchForm<A extends Attrs = Attrs> =
  | {
      readonly kind: "module";
      readonly callee: PyExpr;
      readonly args: readonly TorchArgument<keyof A & string>[];
      /** It is an nn.Parameter, which is read where a module is called. */
      readonly read?: true;
    }
  | {
      readonly kind: "function";
      /** `values` are those of one use: what the form itself depends on has to be equal in all uses of one text. */
      call(inputs: readonly PyExpr[], attrs: TorchAttrs<A>, values: A): PyExpr;
    };

/** Whether a layer is an nn.Parameter, which is read where a module is called. */
export function isRead({ torch }: Pick<Op, "torch">): boolean {
  return torch.kind === "module" && torch.read === true;
}

/** The constructor's call of a module with `attrs` as its arguments. */
export function torchModule<A extends Attrs>(form: Extract<TorchForm<A>, { kind: "module" }>, attrs: TorchAttrs<A>): PyExpr {
  const args: PyExpr[] = [];
  const kwargs: Record<string, PyExpr> = {};
  for (const { attr, keyword, omit } of form.args) {
    const expr = attrs[attr];
    if (omit !== undefined && (isConstant(expr, omit) || isConstant(expr, [omit, omit]))) continue;
    if (keyword === undefined) args.push(expr);
    else kwargs[keyword] = expr;
  }
  return pyCall(form.callee, args, kwargs);
}

/** Every attribute as the constant that it is. */
export function torchConstants<A extends Attrs>(attrs: A): TorchAttrs<A> {
  return Object.fromEntries(Object.entries(attrs).map(([name, value]) => [name, pyConstant(value)])) as TorchAttrs<A>;
}

/** The expression under its keyword, or nothing where it is Python's own default. */
export function torchKeyword(keyword: string, expr: PyExpr, omit: AttrValue): Readonly<Record<string, PyExpr>> {
  return isConstant(expr, omit) ? {} : { [keyword]: expr };
}

/** Random choices, implemented by the test's generator so that failures shrink. */
export interface Choose {
  int(min: number, max: number): number;
  pick<T>(options: readonly T[]): T;
}

/** Takes the types of an op's attributes from their declaration. */
export function defineOp<const D extends Attributes = Readonly<Record<string, never>>>(op: Op<AttrsOf<D>, D>): Op<AttrsOf<D>, D> {
  return Object.freeze(op);
}
