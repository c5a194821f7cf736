/** Type tests of ops of one's own: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import { mul, type Feature } from "litevae/dsl";
import { composeOp, defineOp, layer, pyCall, pyInput, pySymbol, type NonEmpty } from "litevae/op";
import { squaredRelu, swish } from "../../examples/own-ops.ts";

declare const f16: Feature<16, 4>;

const attributes = {
  channels: { kind: "count", doc: "Channels." },
  mode: { kind: "choice", choices: ["soft", "hard"], default: "soft", doc: "Which." },
} as const;
const inputs: NonEmpty<readonly number[]> = [[1, 2, 3, 3]];
const rest = {
  name: "own",
  doc: "x.",
  torch: { kind: "function", call: (given) => pyCall(pySymbol("F", "relu"), [pyInput(given)]) },
} as const satisfies Partial<Parameters<typeof defineOp>[0]>;

describe("an op of one's own", () => {
  test("keeps literal channels and strides", () => {
    expectTypeOf(squaredRelu(f16)).toEqualTypeOf<Feature<16, 4>>();
    expectTypeOf(swish({ channels: 16 })(f16)).toEqualTypeOf<Feature<16, 4>>();
    // @ts-expect-error other channels
    swish({ channels: 24 })(f16);
  });
  test("has attributes of its declaration's types", () => {
    const op = defineOp({
      ...rest,
      attributes,
      infer([x], attrs) {
        expectTypeOf(attrs).toEqualTypeOf<{ readonly channels: number; readonly mode: "soft" | "hard" }>();
        return [x];
      },
      onnx: (writer, [x]) => [writer.node("Relu", [x])],
      sample: () => ({ attrs: { channels: 2, mode: "hard" }, inputs }),
    });
    const make = (config: {
      readonly channels: number;
      readonly mode?: "soft" | "hard";
    }): ((x: Feature<16, 4>) => Feature<16, 4>) => layer(op, config, make);
    expectTypeOf(make).parameter(0).toHaveProperty("mode");
    // @ts-expect-error what has no default is given
    layer(op, { mode: "soft" }, make);
    // @ts-expect-error no such choice
    layer(op, { channels: 2, mode: "loud" }, make);
  });
  test("writes operators with ONNX's attributes, and samples what it declares", () => {
    const infer = ([x]: NonEmpty<NonEmpty<never>>): readonly NonEmpty<never>[] => [x];
    defineOp({
      ...rest,
      infer,
      // @ts-expect-error Concat has an axis
      onnx: (writer, [x]) => [writer.node("Concat", [x])],
      sample: () => ({ attrs: {}, inputs }),
    });
    composeOp({
      ...rest,
      attributes,
      compose: ([x], { channels }) => mul(x, channels),
      // @ts-expect-error mode is missing
      sample: () => ({ attrs: { channels: 2 }, inputs }),
    });
  });
});
