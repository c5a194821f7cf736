/** A block that is built again under a configuration is built once, as far as the configuration can be told from others. */
import { expect, test } from "vitest";
import { block, conv2d, layers, model, silu, type Feature } from "../../dsl/authoring.ts";
import type { Block, Definition } from "../../src/ir/model.ts";
import { BuiltOnce } from "../../src/ir/rebuild.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { symbolDim } from "../../src/ir/dim.ts";

type FeatureMap = Feature<number, number>;

interface Config {
  readonly width: number;
  readonly act?: (x: FeatureMap) => FeatureMap;
}

let built = 0;
const Inner = block("Inner", ({ width, act = silu }: Config) => {
  built++;
  const { conv } = layers({ conv: conv2d({ in: width, out: width }) });
  return (x: FeatureMap): FeatureMap => act(conv(x));
});
const Outer = block("Outer", ({ width, act }: Config) => {
  const inner = (): ReturnType<typeof Inner> => Inner(act === undefined ? { width } : { width, act });
  const { first, rest } = layers({ first: inner(), rest: [inner(), inner()] });
  return (x: FeatureMap): FeatureMap => rest.reduce((h, each) => each(h), first(x));
});
const decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 1, out: 2 }) });
  return (x: FeatureMap): FeatureMap => conv(x);
})();
const { parts } = model({ imageChannels: 2, latentChannels: 1, encoder: Outer({ width: 2 }), decoder });
const outer: Definition = (parts[0]!.modules[0] as Block).definition;
const image = (channels: number): ReturnType<typeof shapeOf> => shapeOf("N", channels, symbolDim("H"), symbolDim("W"));

test("one configuration is built once, and traced once for inputs of the same shapes", () => {
  const rebuilds = new BuiltOnce(400);
  built = 0;
  const rebuilt = rebuilds.of(outer, [{ width: 5 }]);
  expect(built).toBe(1);
  expect(rebuilds.of(outer, [{ width: 5 }])).toBe(rebuilt);
  expect(rebuilds.of(outer, [{ width: 6 }])).not.toBe(rebuilt);
  expect(built).toBe(2);
  expect(rebuilt.trace([image(5)])).toBe(rebuilt.trace([image(5)]));
  expect(() => rebuilt.trace([image(4)])).toThrow("5");
});

test("the blocks in one are records of their own, with bodies that are shared", () => {
  const { block: made, trace } = new BuiltOnce(400).of(outer, [{ width: 5 }]);
  expect(made.children.map(({ path }) => path)).toEqual(["first", "rest.0", "rest.1"]);
  expect(new Set(made.children).size).toBe(3);
  const { graph } = trace([image(5)]);
  expect(graph.nodes.map((node) => node.kind === "call" && node.block)).toEqual(made.children);
  expect(new Set(graph.nodes.map((node) => node.kind === "call" && node.body)).size).toBe(1);
});

test("a block of more modules than are allowed is refused, in others too, before the rest is built", () => {
  const rebuilds = new BuiltOnce(2);
  built = 0;
  expect(() => rebuilds.of(outer, [{ width: 5, act: silu }])).toThrow("Outer holds more than 2 modules");
  expect(built).toBe(3);
  expect(new BuiltOnce(3).of(outer, [{ width: 5 }]).block.children).toHaveLength(3);
});

test("what is given a function is built anew: two functions may do different things", () => {
  const rebuilds = new BuiltOnce(400);
  built = 0;
  const config = [{ width: 5, act: (x: FeatureMap): FeatureMap => silu(silu(x)) }];
  const rebuilt = rebuilds.of(outer, config);
  expect(built).toBe(3);
  expect(rebuilds.of(outer, config)).not.toBe(rebuilt);
  const body = (each: typeof rebuilt): number =>
    each.trace([image(5)]).graph.nodes.reduce((sum, node) => sum + (node.kind === "call" ? node.body.nodes.length : 1), 0);
  expect(body(rebuilt)).toBe(9);
  expect(body(rebuilds.of(outer, [{ width: 5 }]))).toBe(6);
});
