/** What the layers with an equalised learning rate share: weights are stored with deviation 1 and divided by √fan_in when used. */
import { must, type NonEmpty } from "../errors/must.ts";
import type { Fold, ParamSpec } from "../ir/op.ts";
import { elementCount } from "../ir/shape.ts";
import { floats, tensorOf } from "../ir/tensor.ts";

export function equalizedParams(shape: NonEmpty<number>, bias: boolean): readonly ParamSpec[] {
  const weight: ParamSpec = { role: "weight", shape, init: { kind: "normal", deviation: 1 } };
  return bias ? [weight, { role: "bias", shape: [shape[0]], init: { kind: "constant", value: 0 } }] : [weight];
}

export const equalizedFold: Fold["derive"] = {
  weight(params) {
    const weight = must(params["weight"], "an equalised layer's weight");
    const root = Math.sqrt(elementCount(weight.shape.slice(1)));
    return tensorOf(
      weight.shape,
      floats(weight).map((value) => value / root),
    );
  },
};
