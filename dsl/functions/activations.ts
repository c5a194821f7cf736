/** Activations: functions of every value. */
import { ops } from "../../src/ops/index.ts";
import type { Feature } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** SiLU, x·sigmoid(x). */
export function silu<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(ops.silu, {}, [x], silu);
}

/** max(x, 0). */
export function relu<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(ops.relu, {}, [x], relu);
}

/** x where positive, slope·x elsewhere. */
export function leakyRelu<C extends number, S extends number>(
  x: Feature<C, S>,
  config: {
    /** Factor of negative values. Default: 0.2. */
    readonly slope?: number;
  } = {},
): Feature<C, S> {
  return apply(ops.leakyRelu, config, [x], leakyRelu);
}

/** Hyperbolic tangent. */
export function tanh<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(ops.tanh, {}, [x], tanh);
}

/** Logistic sigmoid. */
export function sigmoid<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(ops.sigmoid, {}, [x], sigmoid);
}
