/** Every error of dsl/tracing and dsl/names once: the whole report, with the author's line. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { UserError, type Report } from "../../src/errors/index.ts";
import type { Block, Model } from "../../src/ir/model.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { countModel } from "../../src/report/count.ts";
import { add, attention, block, channelCount, chunk, concat, conv2d, dropout, globalPool, groupNorm } from "litevae/dsl";
import { haarDwt, layers, model, mul, silu, upsample } from "litevae/dsl";
import type { Feature } from "litevae/dsl";

type FeatureMap = Feature<number, number>;
type Body = (x: FeatureMap) => FeatureMap;

const file = fileURLToPath(import.meta.url);
const lines = readFileSync(file, "utf8").split("\n");

/** The line that ends in the comment `// @mark`. */
function at(mark: string): Report["where"] {
  const found = lines.flatMap((line, i) => (line.endsWith(`// @${mark}`) ? [i + 1] : []));
  expect(found).toHaveLength(1);
  return { file, line: found[0]! };
}

/** The one report of the UserError that `run` throws. */
function reportOf(run: () => unknown): Report {
  try {
    run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.reports).toHaveLength(1);
    return error.reports[0]!;
  }
  throw new Error("nothing was thrown");
}

const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 12, out: 3 }) });
  return (z: Feature<12, 8>): Feature<3, 1> => upsample(conv(z), { factor: 8 });
});

/** A model whose encoder is the block given. */
function modelOf(encoder: Body): Model {
  return model({ latentChannels: 12, encoder, decoder: Decoder() });
}

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
      return () => (one as unknown as () => FeatureMap)(); // @nothing
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
        return (): FeatureMap => silu(input as FeatureMap); // @no-feature
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
        return (): FeatureMap => inner("x" as unknown as FeatureMap);
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
      const Inner = block("Inner", () => () => result as FeatureMap);
      const Encoder = block("Encoder", () => {
        const { inner } = layers({ inner: Inner() });
        return (x: FeatureMap): FeatureMap => (inner as Body)(x); // @result
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
      return (x: FeatureMap): FeatureMap => inner[0]!(x);
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
    ["mul of [N, 24, H/8, W/8], [N, 24]", mul],
    ["add of [N, 24, H/8, W/8], [N, 24]", add],
    ["concat of [N, 24, H/8, W/8], [N, 24]", (x, vector) => concat(x, vector)],
    ["attention of [N, 24, H/8, W/8], [N, 24], [N, 24]", (x, vector) => attention(x, vector, vector)],
    ["mul of [N, 24], [N, 24, H/8, W/8]", (x, vector) => mul(vector, x)],
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
      help: "pass two feature maps, or two vectors: globalPool makes a vector of a feature map, and nothing is repeated over positions",
    });
  });
});

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
        const { shape, other } = named(left as FeatureMap);
        return add(add(shape, other), right as FeatureMap);
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
  test.each([
    ["act", silu],
    ["convs.1", [conv2d({ in: 3, out: 3 }), silu]],
    ["convs.7", { 2: conv2d({ in: 3, out: 3 }), 7: silu }],
    ["convs.deep.0", { deep: { 0: silu } }],
    ["convs.1.0", [[conv2d({ in: 3, out: 3 })], [silu]]],
  ])("refuses what is no layer: %s", (name, entry) => {
    const Wrong = block("Wrong", () => {
      layers({ [name.split(".")[0]!]: entry as Body }); // @no-layer
      return (x: FeatureMap) => x;
    });
    expect(reportOf(() => Wrong())).toEqual({
      what: `"${name}" is not a layer`,
      where: at("no-layer"),
      help: "give layers() layers, blocks, or arrays or records of them; functions such as silu need no name",
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

describe("a part", () => {
  test("is a block", () => {
    const encoder = ((x: FeatureMap) => silu(x)) as Body;
    const report = reportOf(() => model({ latentChannels: 12, encoder, decoder: Decoder() })); // @no-block
    expect(report).toEqual({
      what: "encoder is not a block",
      where: at("no-block"),
      found: "function",
      help: "give an instance of a block, such as encoder: MyBlock({ … })",
    });
  });
  test("uses every layer that it names", () => {
    const Encoder = block("Encoder", () => {
      const { conv } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        rest: [groupNorm({ channels: 24 })], // @unused
      });
      return (x: FeatureMap): FeatureMap => conv(x);
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "encoder.rest.0 is never used",
      where: at("unused"),
      module: "encoder.rest.0",
      op: "groupNorm",
      help: "apply it in its block's function, or leave it out of layers()",
    });
  });
  test("refuses a layer whose result goes nowhere", () => {
    const Encoder = block("Encoder", () => {
      const { conv, norm } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        norm: groupNorm({ channels: 24 }), // @dead
      });
      return (x: FeatureMap): FeatureMap => {
        const y: FeatureMap = conv(x);
        norm(y as Feature<24, number>);
        return y;
      };
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "the result of encoder.norm reaches no output of the encoder",
      where: at("dead"),
      module: "encoder.norm",
      op: "groupNorm",
      help: "use what it returns in what its block's function returns, or leave it out of layers()",
    });
  });
  /** An encoder around a block that gives two results of its own layers. */
  const forked = (
    join: (fork: (x: FeatureMap) => { left: FeatureMap; right: FeatureMap }, x: FeatureMap) => FeatureMap,
  ): Body => {
    const Fork = block("Fork", () => {
      const { left, right } = layers({ left: conv2d({ in: 24, out: 24 }), right: conv2d({ in: 24, out: 24 }) });
      return (x: FeatureMap): { left: FeatureMap; right: FeatureMap } => ({
        left: left(x as Feature<24, number>),
        right: right(x as Feature<24, number>),
      });
    });
    return block("Encoder", () => {
      const { conv, fork } = layers({ conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }), fork: Fork() });
      return (x: FeatureMap): FeatureMap => join(fork, conv(x as Feature<3, number>));
    })();
  };
  test.each<[name: string, dead: string, join: Parameters<typeof forked>[0]]>([
    ["of a result that the caller leaves", "encoder.fork.right", (fork, x) => fork(x).left],
    ["of a call that goes nowhere", "encoder.fork", (fork, x) => (fork(x), x)],
    ["of all calls alike", "encoder.fork.right", (fork, x) => fork(fork(x).left).left],
    ["behind another that goes nowhere", "encoder.fork.right", (fork, x) => (silu(fork(x).right), fork(x).left)],
  ])("refuses what is dead in a block: %s", (_, dead, join) => {
    expect(reportOf(() => modelOf(forked(join))).what).toBe(`the result of ${dead} reaches no output of the encoder`);
  });
  test("takes a block of which different calls need different results", () => {
    expect(() => modelOf(forked((fork, x) => fork(fork(x).left).right))).not.toThrow();
  });
  test("holds no node whose result goes nowhere, of layers that are used elsewhere or of functions", () => {
    const Encoder = block("Encoder", () => {
      const { conv, mix } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        mix: conv2d({ in: 24, out: 24 }),
      });
      return (x: FeatureMap): FeatureMap => {
        const y: Feature<24, number> = mix(conv(x as Feature<3, number>));
        attention(y, y, silu(mix(y)));
        return y;
      };
    });
    const [encoder] = countModel(modelOf(Encoder()), 64).parts.encoder!.modules;
    expect(encoder!.children.map(({ path, calls }) => [path, calls])).toEqual([
      ["encoder.conv", 1],
      ["encoder.mix", 1],
    ]);
    expect(encoder!.macs).toBe(8 * 8 * 24 * (3 * 64 + 24 * 9));
    expect(encoder!.definition).toEqual({});
  });
  test("can be of a second model", () => {
    const Encoder = block("Encoder", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }) });
      return (x: FeatureMap): FeatureMap => conv(x);
    });
    const encoder = Encoder();
    expect(modelOf(encoder).parts).toEqual(modelOf(encoder).parts);
  });
});
