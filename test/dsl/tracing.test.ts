/** What is told of wrong applications: the whole report, with the author's line. */
import { describe, expect, test } from "vitest";
import { type Report } from "../../src/errors/index.ts";
import { add, attention, block, channelCount, concat, conv2d, dropout, globalPool } from "litevae/dsl";
import { haarDwt, layers, mul, silu } from "litevae/dsl";
import type { Feature } from "litevae/dsl";
import { Decoder, marksIn, modelOf, reportOf, type Body, type FeatureMap } from "./reports.ts";

const at = marksIn(import.meta.url);

describe("applying", () => {
  test("a layer outside of a model", () => {
    const conv = conv2d({ in: 3, out: 24 });
    const report = reportOf(() => conv({} as Feature<3, 1>)); // @outside
    expect(report).toEqual({
      what: "conv2d is applied outside of a model",
      where: at("outside"),
      help: "apply layers inside the function that a block returns; model({ encoder, decoder }) calls it",
    });
  });
  test("a function outside of a model", () => {
    expect(reportOf(() => silu({} as FeatureMap)).what).toBe("silu is applied outside of a model");
  });
  test("a block outside of a model", () => {
    const decoder = Decoder();
    const report = reportOf(() => decoder({} as Feature<12, 8>)); // @block-outside
    expect(report).toMatchObject({ what: "Decoder is applied outside of a model", where: at("block-outside") });
  });

  test.each([
    ["conv2d", () => conv2d({ in: 3, out: 24 })],
    ["dropout", () => dropout({ rate: 0.5 })],
  ] as const)("a layer to nothing, such as %s", (op, layer) => {
    const Encoder = block("Encoder", () => {
      const { one } = layers({ one: layer() });
      return (_: FeatureMap) => (one as unknown as () => FeatureMap)(); // @nothing
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: `input 1 of ${op} is not a feature`,
      where: at("nothing"),
      module: "encoder",
      op,
      expected: "a Feature or a Vector",
      found: "undefined",
      help: "pass what a layer returned; of several outputs, such as haarDwt's { low, bands }, pick one",
    });
  });
  describe("something that is not a feature", () => {
    const given = (input: unknown): Report => {
      const Encoder = block("Encoder", () => {
        layers({});
        return (_: FeatureMap): FeatureMap => silu(input as FeatureMap); // @no-feature
      });
      return reportOf(() => modelOf(Encoder()));
    };
    test.each([
      ["a layer", conv2d({ in: 3, out: 24 }), "a layer that was not applied"],
      ["a plain function", Math.abs, "function"],
      ["several outputs", { low: 1, bands: 2 }, "an object with low, bands"],
      ["an empty object", {}, "an object with no keys"],
      ["null", null, "null"],
      ["nothing", undefined, "undefined"],
      ["a number", 3, "number"],
      ["an array", [1, 2], "an array of 2"],
    ])("%s", (_, input, found) => {
      expect(given(input)).toEqual({
        what: "input 1 of silu is not a feature",
        where: at("no-feature"),
        module: "encoder",
        op: "silu",
        expected: "a Feature or a Vector",
        found,
        help: "pass what a layer returned; of several outputs, such as haarDwt's { low, bands }, pick one",
      });
    });
    test("the second input is counted", () => {
      const Encoder = block("Encoder", () => (x: FeatureMap) => add(x, haarDwt(x) as unknown as FeatureMap));
      expect(reportOf(() => modelOf(Encoder()))).toMatchObject({
        what: "input 2 of add is not a feature",
        found: "an object with bands, low",
      });
    });
    test("an argument of a block", () => {
      const Inner = block("Inner", () => (x: FeatureMap) => silu(x));
      const Encoder = block("Encoder", () => {
        const { inner } = layers({ inner: Inner() });
        return (_: FeatureMap): FeatureMap => inner("x" as unknown as FeatureMap);
      });
      expect(reportOf(() => modelOf(Encoder()))).toMatchObject({
        what: "input 1 of Inner is not a feature",
        op: "Inner",
        found: "string",
      });
    });
    test.each<[string, unknown, string, string]>([
      ["one", 5, "the result of Inner", "number"],
      ["by name", { left: {} }, '"left" in the result of Inner', "an object with no keys"],
      ["in an array", [conv2d({ in: 3, out: 3 })], '"0" in the result of Inner', "a layer that was not applied"],
    ])("the result of a block, %s", (_, result, what, found) => {
      const Inner = block("Inner", () => (_: FeatureMap) => result as FeatureMap);
      const Encoder = block("Encoder", () => {
        const { inner } = layers({ inner: Inner() });
        return (x: FeatureMap): FeatureMap => inner(x); // @result
      });
      expect(reportOf(() => modelOf(Encoder()))).toEqual({
        what: `${what} is not a feature`,
        where: at("result"),
        module: "encoder.inner",
        op: undefined,
        expected: "a Feature or a Vector",
        found,
        help: "return from the block's function what its last layer returned",
      });
    });
    test.each<[string, unknown, string]>([
      ["nothing by name", {}, "an object with no keys"],
      ["an empty list", [], "an empty list"],
      ["of an async function", Promise.resolve(), "a Promise: the function is async"],
    ])("the result of a block, %s", (_, result, found) => {
      const Encoder = block("Encoder", () => (_: FeatureMap) => result as FeatureMap);
      expect(reportOf(() => modelOf(Encoder()))).toMatchObject({
        what: "the function of Encoder returns no feature",
        module: "encoder",
        expected: "a feature, or features in a list or under names",
        found,
      });
    });
    test("what channelCount is asked of", () => {
      expect(reportOf(() => channelCount(7 as unknown as FeatureMap))).toEqual({
        what: "this is not a feature",
        help: "pass what a layer returned",
      });
    });
  });

  test("a feature of another block", () => {
    let outside: FeatureMap | undefined;
    const Inner = block("Inner", () => (x: FeatureMap) => add(x, outside as FeatureMap)); // @other-block
    const Encoder = block("Encoder", () => {
      const { inner } = layers({ inner: Inner() });
      return (x: FeatureMap): FeatureMap => inner((outside = silu(x)));
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "input 2 of add belongs to another block",
      where: at("other-block"),
      module: "encoder.inner",
      op: "add",
      help: "pass the feature to this block as an argument, or return it from the block that made it",
    });
  });
  test("a layer without a name", () => {
    const conv = conv2d({ in: 3, out: 24 });
    const Encoder = block("Encoder", () => (x: FeatureMap) => conv(x)); // @nameless
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "this conv2d has no name",
      where: at("nameless"),
      module: "encoder",
      op: "conv2d",
      help: "give it to layers({ name: … }) of the block that applies it; names become the keys of its weights",
    });
  });
  test("a layer of another block", () => {
    const Inner = block(
      "Inner",
      ({ apply }: { apply: Body }) =>
        (x: FeatureMap) =>
          apply(x),
    );
    const Outer = block("Outer", () => {
      const conv = conv2d({ in: 3, out: 3 });
      const apply: Body = (x) => conv(x); // @not-owner
      const { inner } = layers({ conv, inner: Inner({ apply }) });
      return (x: FeatureMap): FeatureMap => inner(conv(x));
    });
    expect(reportOf(() => modelOf(Outer()))).toEqual({
      what: "encoder.conv is applied in a block that does not own it",
      where: at("not-owner"),
      module: "encoder.inner",
      op: "conv2d",
      expected: "a layer named in layers() of Inner",
      found: "a layer of Outer",
      help: "apply it in the block whose layers() names it and pass the result on",
    });
  });
  test("a layer to another shape", () => {
    const Inner = block("Inner", () => {
      const { conv } = layers({ conv: conv2d({ in: 16, out: 24 }) });
      return (x: FeatureMap): FeatureMap => conv(x); // @shape
    });
    const Encoder = block("Encoder", () => {
      const { inner } = layers({ inner: [Inner()] });
      return (x: FeatureMap): FeatureMap => inner[0](x);
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "16 channels are expected, 3 arrive",
      where: at("shape"),
      module: "encoder.inner.0.conv",
      op: "conv2d of [N, 3, H, W]",
      expected: "[N, 16, H, W]",
      found: "[N, 3, H, W]",
      help: "set in: 3 on this layer, or make the layer before it give 16 channels",
    });
  });
  test("a function to shapes that do not fit", () => {
    const Encoder = block("Encoder", () => (x: FeatureMap) => add(x, haarDwt(x).low)); // @function-shape
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "the operands have different shapes",
      where: at("function-shape"),
      module: "encoder",
      op: "add of [N, 3, H, W], [N, 3, H/2, W/2]",
      expected: "[N, 3, H, W]",
      found: "[N, 3, H/2, W/2]",
      help: "bring both to the same resolution with avgPool2d or upsample",
    });
  });
  test.each<[string, (x: FeatureMap, vector: FeatureMap) => FeatureMap]>([
    ["concat of [N, 24, H/8, W/8], [N, 24]", (x, vector) => concat(x, vector)],
    ["attention of [N, 24, H/8, W/8], [N, 24], [N, 24]", (x, vector) => attention(x, vector, vector)],
    ["mul of [N, 24], [N, 24, H/8, W/8]", (x, vector) => mul(vector, x)],
    ["add of [N, 24], [N, 24, H/8, W/8]", (x, vector) => add(vector, x)],
  ])("a function to a feature map and a vector: %s", (op, join) => {
    const Encoder = block("Encoder", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }) });
      return (x: FeatureMap): FeatureMap => {
        const y: FeatureMap = conv(x as Feature<3, number>);
        return join(y, globalPool(y, { reduction: "mean" }) as unknown as FeatureMap);
      };
    });
    const first = op.includes("of [N, 24],") ? "vectors" : "feature maps";
    const [, expected, found] = /of (\[.*?\]), (\[.*?\])/.exec(op)!;
    expect(reportOf(() => modelOf(Encoder()))).toMatchObject({
      what: "a feature map and a vector do not go together",
      op,
      expected: `${first}, as the first operand is: ${expected}`,
      found,
      help: "pass two feature maps, or two vectors: globalPool makes a vector of a feature map. add, sub, mul and div repeat a vector over a map that stands before it",
    });
  });
});
