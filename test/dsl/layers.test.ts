/** What is told of wrong blocks, layers and their names: the whole report, with the author's line. */
import { describe, expect, test } from "vitest";
import type { Block } from "../../src/ir/model.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { add, block, chunk, conv2d, groupNorm } from "litevae/dsl";
import { layers, model, silu } from "litevae/dsl";
import type { Feature } from "litevae/dsl";
import { marksIn, modelOf, reportOf, type Body, type FeatureMap } from "./reports.ts";

const at = marksIn(import.meta.url);

describe("block", () => {
  test.each(["resBlock", "Res-Block", "2Res", ""])("refuses the name %o", (name) => {
    const report = reportOf(() => block(name, () => (x: FeatureMap) => x)); // @block-name
    expect(report).toEqual({
      what: `"${name}" is not a block name`,
      where: at("block-name"),
      expected: "a class name such as ResBlock",
      found: name,
      help: "use letters and digits, beginning with a capital",
    });
  });
  test("refuses a body that returns no function", () => {
    // @ts-expect-error a record is no function
    const Empty = block("Empty", () => ({ conv: 1 }));
    const report = reportOf(() => Empty()); // @no-function
    expect(report).toEqual({
      what: "block Empty does not return a function",
      where: at("no-function"),
      expected: "(x: Feature<C, S>) => Feature<…>",
      found: "object",
      help: "return the function that applies the layers",
    });
  });
  test("refuses a layer made in it and left out of layers", () => {
    const Stray = block("Stray", () => {
      layers({ conv: conv2d({ in: 3, out: 3 }) });
      const norm = groupNorm({ channels: 3 }); // @stray
      return (x: Feature<3, 1>) => norm(x);
    });
    expect(reportOf(() => Stray())).toEqual({
      what: "a groupNorm in block Stray has no name",
      where: at("stray"),
      op: "groupNorm",
      help: "put it into layers({ name: … }); names become the keys of its weights",
    });
  });
  test("a failed body leaves nothing behind", () => {
    const Failing = block("Failing", (): Body => {
      throw new Error("the author's own");
    });
    expect(() => Failing()).toThrow("the author's own");
    expect(reportOf(() => layers({})).what).toBe("layers() is called outside of a block");
  });
  test("blocks in themselves without an end leave nothing behind", () => {
    const Deep = block("Deep", (): Body => {
      const { inner } = layers({ inner: Deep() });
      return inner;
    });
    // From so many depths the stack ends at one place or another.
    const from = (depth: number): unknown => (depth === 0 ? Deep() : from(depth - 1));
    for (let depth = 0; depth < 60; depth++) {
      expect(() => from(depth)).toThrow(RangeError);
      expect(reportOf(() => layers({})).what).toBe("layers() is called outside of a block");
    }
  });
  test("gives features back in the form in which they were returned", () => {
    const Halves = block("Halves", () => (x: FeatureMap) => chunk(x, { chunks: 2 }));
    const Named = block("Named", () => (x: FeatureMap) => ({ shape: silu(x), other: x }));
    const Encoder = block("Encoder", () => {
      const { conv, halves, named } = layers({
        conv: conv2d({ in: 3, out: 48, stride: 8, kernel: 8, padding: 0 }),
        halves: Halves(),
        named: Named(),
      });
      return (x: FeatureMap): FeatureMap => {
        const [left, right] = halves(conv(x));
        const { shape, other } = named(left);
        return add(add(shape, other), right);
      };
    });
    expect(modelOf(Encoder()).stride).toBe(8);
  });
});

describe("layers", () => {
  test("is refused outside of a block", () => {
    const report = reportOf(() => layers({ conv: conv2d({ in: 3, out: 3 }) })); // @layers-outside
    expect(report).toEqual({
      what: "layers() is called outside of a block",
      where: at("layers-outside"),
      help: "call it in the function given to block(name, …)",
    });
  });
  test("is refused the second time", () => {
    const Twice = block("Twice", () => {
      layers({ one: conv2d({ in: 3, out: 3 }) });
      layers({ two: conv2d({ in: 3, out: 3 }) }); // @twice
      return (x: FeatureMap) => x;
    });
    expect(reportOf(() => Twice())).toEqual({
      what: "block Twice calls layers() twice",
      where: at("twice"),
      help: "name all layers of a block in one call",
    });
  });
  const Plain = block("Plain", () => (x: FeatureMap) => x);
  const Sized = block(
    "Sized",
    ({ channels }: { channels: number }) =>
      (x: Feature<number, 1>) =>
        channels > 0 ? x : x,
  );
  const asFunction =
    "leave it out: functions have no parameters and need no name, and are called where layers are applied, as in silu(conv(x))";
  const inRecord = "name what is there, and leave out what is not: ...(condition ? { act: … } : {})";
  const inList = "name what is there, and leave out what is not: ...(condition ? [ … ] : [])";
  test.each<[string, unknown, string, string]>([
    ["act", silu, "the function silu", asFunction],
    ["act", undefined, "undefined", inRecord],
    ["act", false, "false", inRecord],
    ["act", 3, "3", "leave it out"],
    ["act", Plain, "the block Plain, not called", "Plain is a block: call it, Plain()"],
    ["act", Sized, "the block Sized, not called", "Sized is a block: call it, Sized({ … })"],
    ["act", conv2d, "conv2d, not called", "conv2d makes layers: call it with its settings, conv2d({ … })"],
    ["convs.1", [conv2d({ in: 3, out: 3 }), silu], "the function silu", asFunction],
    ["convs.1", [conv2d({ in: 3, out: 3 }), null], "null", inList],
    ["convs.7", { 2: conv2d({ in: 3, out: 3 }), 7: silu }, "the function silu", asFunction],
    ["convs.deep.0", { deep: { 0: silu } }, "the function silu", asFunction],
    ["convs.deep.act", { deep: { act: undefined } }, "undefined", inRecord],
    ["convs.1.0", [[conv2d({ in: 3, out: 3 })], [silu]], "the function silu", asFunction],
  ])("refuses what is no layer: %s, %s", (name, entry, found, help) => {
    const Wrong = block("Wrong", () => {
      layers({ [name.split(".")[0]!]: entry as Body }); // @no-layer
      return (x: FeatureMap) => x;
    });
    expect(reportOf(() => Wrong())).toEqual({
      what: `"${name}" is not a layer`,
      where: at("no-layer"),
      expected: "layers, blocks, or lists or records of them",
      found,
      help,
    });
  });
  test("names what stands in arrays of arrays and in records of arrays, and keeps their structure", () => {
    const Nested = block("Nested", () => {
      const conv = () => conv2d({ in: 3, out: 3 });
      const { up, sides, head } = layers({
        up: [[conv(), conv()], [conv()]],
        sides: { left: [conv()], 2: conv() },
        head: conv2d({ in: 3, out: 2 }),
      });
      return (x: FeatureMap): FeatureMap =>
        head([...up.flat(), ...sides.left, sides[2]].reduce<FeatureMap>((y, each) => each(y), x));
    });
    const { parts } = model({ latentChannels: 1, encoder: Nested(), decoder: conv2d({ in: 1, out: 3 }) });
    const [nested] = parts[0]!.modules as [Block];
    const names = ["up.0.0", "up.0.1", "up.1.0", "sides.2", "sides.left.0", "head"];
    expect(nested.children.map(({ path }) => path)).toEqual(names.map((name) => `encoder.${name}`));
    expect(nested.members.map(([key, { kind }]) => [key, kind])).toEqual([
      ["up", "list"],
      ["sides", "record"],
      ["head", "layer"],
    ]);
  });
  test("refuses a second name for a layer", () => {
    const Shared = block("Shared", () => {
      const conv = conv2d({ in: 3, out: 3 });
      layers({ first: conv, second: [conv] }); // @second-name
      return (x: FeatureMap) => x;
    });
    expect(reportOf(() => Shared())).toEqual({
      what: 'the conv2d given as "second.0" already has the name "first"',
      where: at("second-name"),
      help: "name it once and apply it twice to share weights, or create a second one",
    });
  });
  test.each([
    ["convIn", '"convIn" is not a layer name in snake_case', "write conv_in"],
    ["conv-in", '"conv-in" is not a layer name in snake_case', "write conv_in"],
    ["2nd conv", '"2nd conv" is not a layer name in snake_case', "write nd_conv"],
    ["_", '"_" is not a layer name in snake_case', "write a word such as conv_in"],
    ["in", '"in" is a keyword of Python', "write conv_in, or in_layer"],
    ["lambda", '"lambda" is a keyword of Python', "write conv_lambda, or lambda_layer"],
    ["train", '"train" is an attribute of torch.nn.Module', "write train_layer"],
    ["half", '"half" is an attribute of torch.nn.Module', "write half_layer"],
    ["module", '"module" is what DataParallel puts before the keys of weights', "write block, or another word"],
  ])("refuses the key %o", (key, what, help) => {
    const Named = block("Named", () => {
      layers({ [key]: conv2d({ in: 3, out: 3 }) }); // @key
      return (x: FeatureMap) => x;
    });
    const expected = "a snake_case name that Python and torch leave free";
    expect(reportOf(() => Named())).toEqual({ what, where: at("key"), expected, found: key, help });
  });
  test("gives a record's members their own keys, numbers with gaps among them", () => {
    const conv = (): Body => conv2d({ in: 3, out: 3 });
    const Encoder = block("Encoder", () => {
      const { features, last } = layers({
        features: { 0: conv(), 10: conv(), 2: conv(), head: conv() },
        last: conv2d({ in: 3, out: 24 }),
      });
      return (x: FeatureMap): FeatureMap =>
        last([features[0], features[2], features[10], features.head].reduce((y, apply) => apply(y), x));
    });
    const [encoder] = model({ latentChannels: 12, encoder: Encoder(), decoder: conv2d({ in: 12, out: 3 }) }).parts;
    const paths = [...paramsOf(encoder!.modules)].map(({ path }) => path).filter((path) => path.endsWith("weight"));
    const names = ["features.0", "features.2", "features.10", "features.head", "last"];
    expect(paths).toEqual(names.map((name) => `encoder.${name}.weight`));
  });
  const number = "write a number without sign and leading zeros, or a word such as conv_in";
  test.each([
    ["01", '"01" in features is neither a whole number nor a name in snake_case', number],
    ["-1", '"-1" in features is neither a whole number nor a name in snake_case', number],
    ["1.5", '"1.5" in features is neither a whole number nor a name in snake_case', number],
    ["convIn", '"convIn" in features is neither a whole number nor a name in snake_case', number],
    ["keys", '"keys" in features is an attribute of torch.nn.ModuleDict', "write keys_layer"],
  ])("refuses the key %o in a record", (key, what, help) => {
    const Named = block("Named", () => {
      layers({ features: { [key]: conv2d({ in: 3, out: 3 }) } }); // @member
      return (x: FeatureMap) => x;
    });
    const expected = "a whole number such as 0, or a snake_case name that Python and torch leave free";
    expect(reportOf(() => Named())).toEqual({ what, where: at("member"), expected, found: key, help });
  });
  test("refuses in a record what it refuses elsewhere", () => {
    const Named = block("Named", () => {
      layers({ features: { lambda: conv2d({ in: 3, out: 3 }) } });
      return (x: FeatureMap) => x;
    });
    expect(reportOf(() => Named()).what).toBe('"lambda" is a keyword of Python');
  });
});
