/** More arguments than what is called takes, where TypeScript does not look: in JavaScript, and through values of type any. */
import { describe, expect, test } from "vitest";
import * as models from "litevae";
import * as blocks from "litevae/blocks";
import * as dsl from "litevae/dsl";
import { apply, channelsOf, defineOp, layer, pyCall, pySymbol, replaceChannels, type Op } from "litevae/op";
import { mostArguments } from "../../dsl/tracing/code-text.ts";
import type { Report } from "../../src/errors/index.ts";
import { reportOf } from "./reports.ts";

type Loose = (...given: readonly unknown[]) => unknown;
type Map3 = dsl.Feature<3, 1>;
const { add, block, conv2d, layers, network, relu } = dsl;

const loose = (run: unknown): Loose => run as Loose;

/** What is wrong with a block of two convolutions whose function is `body`. */
function reportIn(body: (x: Map3, a: Loose, b: Loose) => unknown): Report {
  return reportOf(() => networkOf(body));
}

function networkOf(body: (x: Map3, a: Loose, b: Loose) => unknown): ReturnType<typeof network> {
  const Both = block("Both", () => {
    const l = layers({ a: conv2d({ in: 3, out: 3 }), b: conv2d({ in: 3, out: 3 }) });
    return (x: Map3) => ({ out: body(x, loose(l.a), loose(l.b)), a: l.a(x), b: l.b(x) });
  });
  return network({ inputs: [{ name: "image", channels: 3 }], block: Both() });
}

const thisLine = (): number => Number(/arguments\.test\.ts:(\d+)/.exec(new Error().stack?.split("\n")[2] ?? "")?.[1]);

describe("every function that is exported", () => {
  // `defaultGroups` is arithmetic on a number, and `concat` and `zip` take as many as there are.
  const exempt = ["concat", "defaultGroups", "zip"];
  const exported = Object.entries({ ...models, ...blocks, ...dsl }).filter(
    ([name, value]) => typeof value === "function" && !exempt.includes(name),
  );

  test("is looked at", () => {
    expect(exported.length).toBeGreaterThan(100);
  });

  test.each(exported)("%s refuses twelve arguments", (_, run) => {
    expect(reportIn((x) => loose(run)(...Array<unknown>(12).fill(x)))).toMatchObject({
      what: expect.stringMatching(/ is given 12 arguments$/) as string,
      where: { file: import.meta.filename },
    });
  });
});

describe("one argument too many", () => {
  test("of a layer", () => {
    let line = 0;
    const report = reportIn((x, a, b) => {
      line = thisLine() + 1;
      return a(x, b(x));
    });
    expect(report).toMatchObject({
      what: "conv2d is given 2 arguments",
      where: { file: import.meta.filename, line },
      module: "a",
      expected: "1 feature",
      found: "a feature, a feature",
      help: "leave out what stands behind argument 1",
    });
  });

  test.each<[string, (x: Map3) => unknown, object]>([
    ["an operand", (x) => loose(add)(x, x, x), { what: "add is given 3 arguments", expected: "2 features; it has no settings" }],
    [
      "settings of what has none",
      (x) => loose(relu)(x, { slope: 0.1 }),
      { what: "relu is given 2 arguments", expected: "1 feature; it has no settings", found: "a feature, an object with slope" },
    ],
    [
      "what stands behind the settings",
      (x) => loose(dsl.upsample)(x, { factor: 2 }, "bilinear"),
      { what: "upsample is given 3 arguments", expected: "1 feature; and { factor }" },
    ],
    ["a second configuration", () => loose(conv2d)({ in: 3, out: 3 }, {}), { what: "conv2d is given 2 arguments" }],
  ])("%s", (_, body, report) => {
    expect(reportIn(body)).toMatchObject(report);
  });

  const Inner = block("Inner", ({ width }: { readonly width: number }) => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: width }) });
    return (x: Map3) => conv(x);
  });

  test("of a block's function", () => {
    const Outer = block("Outer", () => {
      const { inner } = layers({ inner: Inner({ width: 3 }) });
      return (x: Map3) => loose(inner)(x, x);
    });
    expect(reportOf(() => network({ inputs: [{ channels: 3 }], block: Outer() }))).toMatchObject({
      what: "Inner is given 2 arguments",
      module: "inner",
      expected: "1 feature",
    });
  });

  test("of a block's settings", () => {
    expect(reportOf(() => loose(Inner)({ width: 3 }, 4))).toMatchObject({
      what: "Inner is given 2 arguments",
      expected: "1 setting",
      found: "an object with width, number",
    });
  });
});

test("map and reduce hand on places and lists, which are none", () => {
  const Widths = block("Widths", (width: number) => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: width }) });
    return (x: Map3) => conv(x);
  });
  const All = block("All", () => {
    const { each } = layers({ each: [3, 3].map(Widths) });
    return (x: Map3) =>
      each
        .map((one) => one(x) as Map3)
        .map(relu)
        .reduce(add);
  });
  const { parts } = network({ inputs: [{ channels: 3 }], block: All() });
  const [call] = parts[0]?.graph.nodes ?? [];
  const nodes = call?.kind === "call" ? call.body.nodes : [];
  expect(nodes.map((node) => (node.kind === "op" ? node.op.name : node.block.config))).toEqual([[3], [3], "relu", "relu", "add"]);
});

describe("an op of one's own", () => {
  const declared = (inputs: Op["inputs"]): Op =>
    defineOp({
      name: "joined",
      doc: "Channels of all.",
      ...(inputs === undefined ? {} : { inputs }),
      infer: (shapes) => [
        replaceChannels(
          shapes[0],
          shapes.reduce((sum, shape) => sum + channelsOf(shape), 0),
        ),
      ],
      onnx: (writer, names) => [writer.node("Concat", names, { axis: 1 })],
      torch: { kind: "function", call: (names) => pyCall(pySymbol("torch", "cat"), names) },
      sample: () => ({ attrs: {}, inputs: [[1, 1, 1, 1]] }),
    });
  const joined = (op: Op, ...given: readonly unknown[]): unknown => apply(op, {}, given, joined);

  test("takes one input where it does not say how many", () => {
    expect(reportIn((x) => joined(declared(undefined), x, x))).toMatchObject({
      what: "joined is given 2 arguments",
      where: { file: import.meta.filename },
      expected: "1 feature",
      help: "leave out what it does not take, or declare inputs: 2 in the op",
    });
  });

  test.each<Op["inputs"]>([3, { least: 3, most: 4 }])("of %j takes no less", (inputs) => {
    expect(reportIn((x) => joined(declared(inputs), x, x))).toMatchObject({ what: "input 3 of joined is not a feature" });
    expect(() => networkOf((x) => joined(declared(inputs), x, x, x))).not.toThrow();
  });

  test("as a layer", () => {
    const scaled = defineOp({
      name: "scaled",
      doc: "A layer.",
      infer: ([shape]) => [shape],
      onnx: (writer, [name]) => [writer.node("Relu", [name])],
      torch: { kind: "module", callee: pySymbol("nn", "ReLU"), args: [] },
      sample: () => ({ attrs: {}, inputs: [[1, 1, 1, 1]] }),
    });
    const make = (): Loose => layer(scaled, {}, make);
    const One = block("One", () => {
      const { one } = layers({ one: make() });
      return (x: Map3) => one(x, x) as Map3;
    });
    expect(reportOf(() => network({ inputs: [{ channels: 3 }], block: One() }))).toMatchObject({
      what: "scaled is given 2 arguments",
    });
  });
});

test.each<[string, Loose, number]>([
  ["nothing", () => 0, 0],
  ["a name", (a) => a, 1],
  ["defaults", loose((a: number, b = [1], { c } = { c: ")" }, [d] = [2]) => [a, b, c, d].length), 4],
  ["the rest", (a, ...b) => [a, b], Infinity],
  [
    "what a comment holds",
    (
      a, // b, c)
    ) => a,
    1,
  ],
  ["all that it is given", loose(Math.max), Infinity],
])("how many arguments a function takes: %s", (_, run, most) => {
  expect(mostArguments(run)).toBe(most);
});

describe("a feature that JavaScript computes with", () => {
  test.each<[string, (x: Map3) => unknown]>([
    ["is compared", (x) => loose(relu)((x as unknown as number) > 3 ? x : 0)],
    ["is added", (x) => (x as unknown as number) + 1],
    ["becomes text", (x) => loose(relu)(x, `${x as unknown as number}`)],
  ])("%s", (_, body) => {
    expect(reportIn(body)).toMatchObject({
      what: "a feature is used as a number or as text",
      where: { file: import.meta.filename },
    });
  });
});
