/** Mathematical functions of every value, in maps and vectors. */
import { ops } from "../../src/ops/index.ts";
import type { FeatureOrVector } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** Absolute value. */
export function abs<X extends FeatureOrVector>(x: X): X {
  return apply(ops.abs, {}, [x], abs, arguments);
}

/** e to the power of every value. */
export function exp<X extends FeatureOrVector>(x: X): X {
  return apply(ops.exp, {}, [x], exp, arguments);
}

/** Natural logarithm. */
export function log<X extends FeatureOrVector>(x: X): X {
  return apply(ops.log, {}, [x], log, arguments);
}

/** Square root. */
export function sqrt<X extends FeatureOrVector>(x: X): X {
  return apply(ops.sqrt, {}, [x], sqrt, arguments);
}

/** 1 over the square root. */
export function rsqrt<X extends FeatureOrVector>(x: X): X {
  return apply(ops.rsqrt, {}, [x], rsqrt, arguments);
}

/** Every value to the power of a constant. */
export function pow<X extends FeatureOrVector>(
  x: X,
  config: {
    /** The power. One that is no whole number wants values above 0. */
    readonly exponent: number;
  },
): X {
  return apply(ops.pow, config, [x], pow, arguments);
}

/** Sine. */
export function sin<X extends FeatureOrVector>(x: X): X {
  return apply(ops.sin, {}, [x], sin, arguments);
}

/** Every value with the other sign. */
export function neg<X extends FeatureOrVector>(x: X): X {
  return apply(ops.neg, {}, [x], neg, arguments);
}
