/** Activations: functions of every value, in maps and vectors. */
import { ops } from "../../src/ops/index.ts";
import type { FeatureOrVector } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** SiLU, x·sigmoid(x). */
export function silu<X extends FeatureOrVector>(x: X): X {
  return apply(ops.silu, {}, [x], silu, arguments);
}

/** max(x, 0). */
export function relu<X extends FeatureOrVector>(x: X): X {
  return apply(ops.relu, {}, [x], relu, arguments);
}

/** x where positive, slope·x elsewhere. */
export function leakyRelu<X extends FeatureOrVector>(
  x: X,
  config: {
    /** Factor of negative values. Default: 0.2. */
    readonly slope?: number;
  } = {},
): X {
  return apply(ops.leakyRelu, config, [x], leakyRelu, arguments);
}

/** Hyperbolic tangent. */
export function tanh<X extends FeatureOrVector>(x: X): X {
  return apply(ops.tanh, {}, [x], tanh, arguments);
}

/** Logistic sigmoid. */
export function sigmoid<X extends FeatureOrVector>(x: X): X {
  return apply(ops.sigmoid, {}, [x], sigmoid, arguments);
}

/** Gaussian error linear unit, x·Φ(x) (Hendrycks and Gimpel 2016). */
export function gelu<X extends FeatureOrVector>(
  x: X,
  config: {
    /** none computes the error function; tanh approximates it, as GPT-2 and many that came after do. Default: "none". */
    readonly approximate?: "none" | "tanh";
  } = {},
): X {
  return apply(ops.gelu, config, [x], gelu, arguments);
}

/** x·sigmoid(1.702·x), an approximation of GELU (Hendrycks and Gimpel 2016). */
export function quickGelu<X extends FeatureOrVector>(x: X): X {
  return apply(ops.quickGelu, {}, [x], quickGelu, arguments);
}

/** Exponential linear unit: alpha·(eˣ − 1) below 0 (Clevert et al. 2015). */
export function elu<X extends FeatureOrVector>(
  x: X,
  config: {
    /** What values far below 0 come near to, with the other sign. Default: 1. */
    readonly alpha?: number;
  } = {},
): X {
  return apply(ops.elu, config, [x], elu, arguments);
}

/** log(1 + eˣ). */
export function softplus<X extends FeatureOrVector>(x: X): X {
  return apply(ops.softplus, {}, [x], softplus, arguments);
}

/** x·tanh(softplus(x)) (Misra 2019). */
export function mish<X extends FeatureOrVector>(x: X): X {
  return apply(ops.mish, {}, [x], mish, arguments);
}

/** x·relu6(x + 3)/6 (Howard et al. 2019). */
export function hardSwish<X extends FeatureOrVector>(x: X): X {
  return apply(ops.hardSwish, {}, [x], hardSwish, arguments);
}

/** relu6(x + 3)/6 (Howard et al. 2019). */
export function hardSigmoid<X extends FeatureOrVector>(x: X): X {
  return apply(ops.hardSigmoid, {}, [x], hardSigmoid, arguments);
}

/** Softmax over the channels, at every position of a map or of a vector. */
export function softmax<X extends FeatureOrVector>(x: X): X {
  return apply(ops.softmax, {}, [x], softmax, arguments);
}
