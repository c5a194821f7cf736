/** Arithmetic on values. */
import { ops } from "../../src/ops/index.ts";
import type { Feature, FeatureOrVector } from "../feature.ts";
import { apply } from "../tracing/record.ts";

/** x + y, of equal shapes. */
export function add<C extends number, S extends number>(x: Feature<C, S>, y: Feature<NoInfer<C>, NoInfer<S>>): Feature<C, S> {
  return apply(ops.add, {}, [x, y], add);
}

/** x · y element by element, of equal shapes. */
export function mul<C extends number, S extends number>(x: Feature<C, S>, y: Feature<NoInfer<C>, NoInfer<S>>): Feature<C, S> {
  return apply(ops.mul, {}, [x, y], mul);
}

/** factor · x. */
export function scale<X extends FeatureOrVector>(x: X, config: { readonly factor: number }): X {
  return apply(ops.scale, config, [x], scale);
}

/** Limits every value to [min, max]. */
export function clamp<X extends FeatureOrVector>(x: X, config: { readonly min: number; readonly max: number }): X {
  return apply(ops.clamp, config, [x], clamp);
}
