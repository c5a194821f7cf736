/** Parameters of their own: how they are named, read and refused. */
import { expect, test } from "vitest";
import { block, conv2d, layers, mul, parameter, type Feature } from "litevae/dsl";
import { paramsOf } from "../../src/ir/walk.ts";
import { modelOf, reportOf, type FeatureMap } from "./reports.ts";

const stem = (): ((x: Feature<3, 1>) => Feature<24, 8>) => conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 });

test("a parameter's key is its name", () => {
  const Encoder = block("Encoder", () => {
    const l = layers({ conv: stem(), gamma: parameter({ shape: [24, 1, 1], init: 1 }), all: [parameter({ shape: [1] })] });
    return (x: FeatureMap): FeatureMap => mul(mul(l.conv(x as Feature<3, 1>), l.gamma()), l.all[0]());
  });
  const params = [...paramsOf(modelOf(Encoder()).parts[0]!.modules)];
  expect(params.map(({ path, shape }) => [path, shape])).toEqual([
    ["encoder.conv.weight", [24, 3, 8, 8]],
    ["encoder.conv.bias", [24]],
    ["encoder.gamma", [24, 1, 1]],
    ["encoder.all.0", [1]],
  ]);
});

test("a parameter that is given an input is refused at its call", () => {
  const Encoder = block("Encoder", () => {
    const l = layers({ conv: stem(), gamma: parameter({ shape: [24, 1, 1] }) });
    const called = l.gamma as unknown as (x: FeatureMap) => never;
    return (x: FeatureMap): FeatureMap => mul(l.conv(x as Feature<3, 1>), called(x));
  });
  expect(reportOf(() => modelOf(Encoder()))).toMatchObject({ what: "parameter takes no argument", module: "encoder.gamma" });
});

const ofTheirOwn = "give parameters a list or a record of their own";

test.each<[string, () => unknown, string]>([
  ["a list", () => layers({ mixed: [stem(), parameter({ shape: [1] })] }), ofTheirOwn],
  ["a record of numbers", () => layers({ mixed: { 0: stem(), 2: parameter({ shape: [1] }) } }), ofTheirOwn],
  [
    "a record",
    () => layers({ mixed: { conv: stem(), gamma: parameter({ shape: [1] }) } }),
    'make it a block, whose weights have the same keys: block("Mixed", () => { const l = layers({ conv: …, gamma: … }); return (x) => … })',
  ],
])("%s of parameters and layers is refused: torch has containers of one kind", (_, name, help) => {
  const Encoder = block("Encoder", () => {
    name();
    return (x: FeatureMap): FeatureMap => x;
  });
  expect(reportOf(() => Encoder())).toMatchObject({ what: '"mixed" holds parameters beside layers', help });
});
