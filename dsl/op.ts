/** `litevae/op`: ops of one's own, with all that the built-in ones have. */
import { UserError } from "../src/errors/index.ts";
import type { NonEmpty } from "../src/errors/must.ts";
import type { Attributes, Attrs, AttrsOf } from "../src/ir/attributes.ts";
import type { Composition, Definition, Op } from "../src/ir/op.ts";
import type { Shape } from "../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { ops } from "../src/ops/index.ts";
import type { Below } from "./config.ts";
import type { Feature, FeatureOrVector, Parameter } from "./feature.ts";
import { guarded } from "./guarded.ts";
import { composition } from "./tracing/composition.ts";

export { ShapeError } from "../src/errors/index.ts";
export type { NonEmpty } from "../src/errors/must.ts";
export type { AttributeDeclaration, Attributes, Attrs, AttrsOf, AttrValue, ConfigOf, Pair } from "../src/ir/attributes.ts";
export { constantDim, dividedDim, fixedSize, plusDim, timesDim, type Dim } from "../src/ir/dim.ts";
export type { OnnxAttrs, OnnxOperator, OnnxWriter } from "../src/ir/onnx.ts";
export type { Choose, Init, Op, ParamSpec, Saves, TorchArgument, TorchForm } from "../src/ir/op.ts";
export { torchKeyword } from "../src/ir/op.ts";
export {
  pyAttribute,
  pyBinary,
  pyCall,
  pyConstant,
  pyIndex,
  pyInput,
  pySlice,
  pySymbol,
  pyTuple,
  type PyExpr,
} from "../src/ir/python.ts";
export { channelsOf, elementCount, formatShape, sameShape, shapeOf, type Shape } from "../src/ir/shape.ts";
export { expectChannels, expectSameShapes, featureDims, replaceChannels, sequenceDims } from "../src/ops/rules.ts";
export { anyMap, anyShape } from "../src/ops/samples.ts";
export { pyFrom } from "./python-file.ts";
export { apply, applyAll, layer } from "./tracing/record.ts";

/**
 * Declares an op: its attributes, shape rule, parameters and forms, in one record. Throws UserError where its name is none or is taken by a built-in op.
 * What its functions throw later is told with the place in the author's file; a ShapeError is told with the place where the op is used.
 */
export function defineOp<const D extends Attributes = Readonly<Record<string, never>>>(op: Op<AttrsOf<D>, D>): Op<AttrsOf<D>, D> {
  return own(op, captureSource(defineOp), defineOp);
}

/** An op that is made of others: shapes, multiply-accumulates and the ONNX form follow from them, its form in PyTorch is its own. */
export interface ComposedOp<A extends Attrs, D extends Attributes> extends Omit<
  Definition<A, D>,
  "infer" | "macs" | "macsRule" | "own" | "source"
> {
  /** Refuses inputs that do not fit, with a ShapeError; what it is made of refuses some by itself. */
  check?(inputs: NonEmpty<Shape>, attrs: A): void;
  /**
   * The features that it gives, by functions of `litevae/dsl` and by ops; layers and blocks have no place in it. `param` reads a parameter of `params`
   * by its role. Features are typed as maps; they may as well be vectors or sequences.
   */
  compose(
    inputs: NonEmpty<Feature<number, number>>,
    attrs: A,
    param: (role: string) => Parameter<readonly [number, number, number]>,
  ): FeatureOrVector | readonly FeatureOrVector[];
}

/** Declares an op that is made of others, where ONNX has no operator for it. Throws as `defineOp` does. */
export function composeOp<const D extends Attributes = Readonly<Record<string, never>>>(
  op: ComposedOp<AttrsOf<D>, D>,
): Op<AttrsOf<D>, D> {
  type A = AttrsOf<D>;
  const source = captureSource(composeOp);
  const { compose: author, check, ...rest } = op;
  const compose = (inputs: NonEmpty<Shape>, attrs: A): Composition =>
    composition({
      name: op.name,
      source,
      params: op.params?.(attrs) ?? [],
      inputs,
      run: (features, param) => (author as (...given: readonly unknown[]) => unknown)(features, attrs, param),
    });
  const infer = (inputs: NonEmpty<Shape>, attrs: A): readonly Shape[] => {
    check?.(inputs, attrs);
    return compose(inputs, attrs).outputs.map(({ shape }) => shape);
  };
  return own({ ...rest, compose, infer }, source, composeOp);
}

function own<A extends Attrs, D extends Attributes>(op: Op<A, D>, source: Source, below: Below): Op<A, D> {
  if (!/^[a-z][A-Za-z0-9]*$/.test(op.name)) {
    throw new UserError({
      what: `"${op.name}" is not the name of an op`,
      where: placeOf(captureSource(below)),
      expected: "a name in camelCase, such as gatedUnit",
      found: op.name,
      help: "use letters and digits, beginning with a small letter",
    });
  }
  if (Object.hasOwn(ops, op.name)) {
    throw new UserError({
      what: `a built-in op is called ${op.name} already`,
      where: placeOf(captureSource(below)),
      op: op.name,
      help: "give this one another name; docs/ops.md of litevae lists those that are taken",
    });
  }
  if (op.params !== undefined && op.torch.kind === "function") {
    throw new UserError({
      what: `${op.name} has parameters, and a function in PyTorch`,
      where: placeOf(captureSource(below)),
      op: op.name,
      expected: 'torch: { kind: "module", … }, a class that holds them',
      help: "write the class in a file of Python, and name it with pyFrom",
    });
  }
  return Object.freeze(guarded({ ...op, own: source }));
}
