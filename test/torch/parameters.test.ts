/** Parameters that stand in lists and records: torch has containers of their own for them. */
// @module-tag python
import { expect, test } from "vitest";
import { block, layers, mul, parameter } from "../../dsl/authoring.ts";
import { classOf, conv, repeated, type FeatureMap, type Layer } from "../support/one-class.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

test("are what the block has, under every configuration", async () => {
  const Net = block("Scales", ({ width, depth }: { width: number; depth: number }) => {
    const scale = (): (() => unknown) => parameter({ shape: [width, 1, 1], init: 0.5, distribution: "normal" });
    const l = layers({
      first: conv(16, width),
      scales: repeated(depth, scale as unknown as (j: number) => Layer),
      ends: { out: parameter({ shape: [1], init: 2 }) },
      last: conv(width, 16),
    });
    return (x: FeatureMap): FeatureMap => {
      const read = (each: Layer): never => (each as unknown as () => never)();
      const h = l.scales.reduce((y, each) => mul(y, read(each)), l.first(x));
      return l.last(mul(h, l.ends.out()));
    };
  });
  const source = await classOf(torch(), Net, [
    { width: 8, depth: 2 },
    { width: 12, depth: 3 },
  ]);
  expect(source).toContain("self.scales = nn.ParameterList(");
  expect(source).toContain('self.ends = nn.ParameterDict({"out": parameter((1,), 2)})');
}, 60_000);
