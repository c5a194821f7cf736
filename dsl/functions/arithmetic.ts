/** Arithmetic on values. */
import { ops } from "../../src/ops/index.ts";
import type { Attrs } from "../../src/ir/attributes.ts";
import type { Op } from "../../src/ir/op.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { checkFunction, type Given } from "../arguments.ts";
import type { Below } from "../config.ts";
import type { Feature, FeatureOrVector, Parameter, Scalar, Tokens, Vector } from "../feature.ts";
import { apply } from "../tracing/record.ts";
import { tracedShape } from "../tracing/trace.ts";

/**
 * What stands beside X in arithmetic: as much again, or what is repeated over it, which is a number per channel and image, as a map of one
 * position has it too, a learned one, or a single number.
 */
export type Operand<X> =
  X extends Feature<infer C, infer S>
    ? MapOperand<C, S>
    : X extends Tokens<infer C>
      ? TokensOperand<C>
      : X extends Vector<infer C>
        ? VectorOperand<C>
        : Scalar | number;

type MapOperand<C extends number, S extends number> =
  | Feature<C, S>
  | Vector<C>
  | Parameter<readonly [C, number, number] | readonly [1, C, number, number] | readonly [1]>
  | Scalar
  | number;

type TokensOperand<C extends number> =
  Tokens<C> | Vector<C> | Parameter<readonly [C, number] | readonly [1, C, number] | readonly [1]> | Scalar | number;

type VectorOperand<C extends number> = Vector<C> | Parameter<readonly [C] | readonly [1]> | Scalar | number;

/** x + y; the first operand gives the shape. */
export function add<X extends FeatureOrVector>(x: X, y: Operand<X>): X {
  return binary(ops.add, x, y, add, arguments);
}

/** x − y; a number may come first. */
export function sub<X extends FeatureOrVector>(x: X, y: Operand<X>): X;
export function sub<Y extends FeatureOrVector>(x: number, y: Y): Y;
export function sub(x: unknown, y: unknown): unknown {
  return binary(ops.sub, x, y, sub, arguments);
}

/** x · y, element by element; the first operand gives the shape. */
export function mul<X extends FeatureOrVector>(x: X, y: Operand<X>): X {
  return binary(ops.mul, x, y, mul, arguments);
}

/** x / y, element by element; a number may come first. */
export function div<X extends FeatureOrVector>(x: X, y: Operand<X>): X;
export function div<Y extends FeatureOrVector>(x: number, y: Y): Y;
export function div(x: unknown, y: unknown): unknown {
  return binary(ops.div, x, y, div, arguments);
}

function binary<R>(op: Op<Attrs, Readonly<Record<string, never>>>, x: unknown, y: unknown, below: Below, given: Given): R {
  checkFunction(op, given, below);
  const operands = [x, y].map((operand) =>
    typeof operand === "number" ? apply(ops.constant, { value: operand }, [], below) : operand,
  );
  // Over a map or sequence that comes first a vector is repeated.
  const whole = tracedShape(operands[0]);
  const aligned = operands.map((operand) => {
    if (!isPerImage(whole) || !isPerImage(tracedShape(operand)) || tracedShape(operand)?.length !== 2) return operand;
    return whole?.length === 4
      ? apply(ops.asMap, {}, [operand], below)
      : whole?.length === 3
        ? apply(ops.tokens, {}, [operand], below)
        : operand;
  });
  return apply(op, {}, aligned, below);
}

/** What images bring, which is no learned tensor. */
function isPerImage(shape: Shape | undefined): boolean {
  return shape?.[0]?.symbol === "N";
}

/** A number as an operand; arithmetic takes the number itself, too. */
export function constant(config: {
  /** The number. */
  readonly value: number;
}): Scalar {
  return apply(ops.constant, config, [], constant, arguments);
}

/** A vector as a feature map of one position: [N, C] becomes [N, C, 1, 1]. */
export function asMap<C extends number>(x: Vector<C>): Feature<C, number> {
  return apply(ops.asMap, {}, [x], asMap, arguments);
}

/** factor · x. */
export function scale<X extends FeatureOrVector>(x: X, config: { readonly factor: number }): X {
  return apply(ops.scale, config, [x], scale, arguments);
}

/** Limits every value to [min, max]. */
export function clamp<X extends FeatureOrVector>(x: X, config: { readonly min: number; readonly max: number }): X {
  return apply(ops.clamp, config, [x], clamp, arguments);
}
