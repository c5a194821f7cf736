/** Every op's ONNX form is broken in turn, in every way below at every node it writes: none of them may become a graph. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { nodeResources } from "../../src/api/node/resources.ts";
import { compile } from "../../src/compiler/compile.ts";
import { InternalError } from "../../src/errors/must.ts";
import type { Model, Part } from "../../src/ir/model.ts";
import type { OnnxAttr, OnnxWriter } from "../../src/ir/onnx.ts";
import type { Fold, Op } from "../../src/ir/op.ts";
import { ops } from "../../src/ops/index.ts";
import { runPasses } from "../../src/passes/index.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";
import { onnx } from "../../src/targets/onnx/target.ts";
import { optionsOf } from "../../src/targets/target.ts";
import { litevae, tempFolder, tinyModel, write } from "../e2e/litevae.ts";
import { oneOpPart, symbolicShapes } from "../../src/op-test/one-op.ts";
import { drawn } from "../support/random.ts";

type Form = NonNullable<Op["onnx"]>;

interface Written {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly attrs: Readonly<Record<string, OnnxAttr>>;
}

/** A form whose nodes pass through `see`, with their place in the order. */
function through(form: Form, see: (node: Written, at: number, writer: OnnxWriter) => Written): Form {
  return (writer, inputs, attrs) => {
    let written = 0;
    const nodes = (type: string, given: readonly string[], outputs: number, own = {}): readonly string[] => {
      const node = see({ type, inputs: given, attrs: own }, written++, writer);
      return writer.nodes(node.type as "Relu", node.inputs, outputs, node.attrs);
    };
    const seen: OnnxWriter = {
      ...writer,
      nodes,
      node: (type: string, given: readonly string[], own?: object) => nodes(type, given, 1, own)[0]!,
    };
    return form(seen, inputs, attrs);
  };
}

/** What can be wrong with a node: by what it is, the node. */
function brokenNodes(node: Written, writer: OnnxWriter): Readonly<Record<string, Written>> {
  const { type, inputs, attrs } = node;
  const otherKind = (value: OnnxAttr): OnnxAttr => (typeof value === "number" ? "1" : 1);
  return Object.fromEntries([
    ["has a misspelt operator", { ...node, type: `${type}x` }],
    ["has an unknown attribute", { ...node, attrs: { ...attrs, nonsense: 1 } }],
    ["has an input too many", { ...node, inputs: [...inputs, ...inputs, ...inputs, "x0"] }],
    ...inputs.flatMap((input, i) =>
      input === ""
        ? []
        : [
            [`drops input ${i}`, { ...node, inputs: inputs.toSpliced(i, 1) }],
            [`leaves input ${i} empty`, { ...node, inputs: inputs.with(i, "") }],
            [`takes an input ${i} that nothing gives`, { ...node, inputs: inputs.with(i, "nowhere") }],
            [`takes its own output as input ${i}`, { ...node, inputs: inputs.with(i, `${type}:0`) }],
            [`takes a whole number as input ${i}`, { ...node, inputs: inputs.with(i, writer.ints("wrong", [1, 2, 3, 4, 5])) }],
          ],
    ),
    ...Object.entries(attrs).flatMap(([name, value]) => [
      [`misspells ${name}`, { ...node, attrs: { ...without(attrs, name), [`${name}x`]: value } }],
      [`has another kind of ${name}`, { ...node, attrs: { ...attrs, [name]: otherKind(value) } }],
    ]),
  ]) as Record<string, Written>;
}

function without(attrs: Written["attrs"], name: string): Written["attrs"] {
  return Object.fromEntries(Object.entries(attrs).filter(([key]) => key !== name));
}

/** What can be wrong with what an op returns. */
const brokenResults: Readonly<Record<string, (form: Form) => Form>> = {
  "returns nothing": () => () => [],
  "returns a name that nothing has": (form) => (writer, inputs, attrs) => form(writer, inputs, attrs).map(() => "nowhere"),
  "returns an empty name": (form) => (writer, inputs, attrs) => form(writer, inputs, attrs).map(() => ""),
  "returns an output too many": (form) => (writer, inputs, attrs) => {
    const results = form(writer, inputs, attrs);
    return [...results, results[0]!];
  },
  "returns its input": (form) => (writer, inputs, attrs) => form(writer, inputs, attrs).map(() => inputs[0]),
  "writes a node that nothing uses": (form) => (writer, inputs, attrs) => {
    writer.node("Abs", [inputs[0]]);
    return form(writer, inputs, attrs);
  },
  "asks for a constant that nothing uses": (form) => (writer, inputs, attrs) => {
    writer.constant("idle", [1], [1]);
    return form(writer, inputs, attrs);
  },
  "gives whole numbers": (form) => (writer, inputs, attrs) =>
    form(writer, inputs, attrs).map((name) => writer.node("Cast", [name], { to: 7 })),
  "gives another shape": (form) => (writer, inputs, attrs) =>
    form(writer, inputs, attrs).map((name) => writer.node("Concat", [name, name], { axis: 0 })),
  "gives another rank": (form) => (writer, inputs, attrs) =>
    form(writer, inputs, attrs).map((name) => writer.node("Unsqueeze", [name, writer.ints("front", [0])])),
};

/** The op with another form; for one that is folded, the op that it becomes has it. */
function withForm(op: Op, change: (form: Form) => Form): Op {
  if (op.onnx !== undefined) return { ...op, onnx: change(op.onnx) };
  if (op.fold === undefined) throw new Error(`${op.name} has no form in ONNX`);
  const { fold } = op;
  const folded = (attrs: Parameters<typeof fold>[0]): Fold => {
    const into = fold(attrs);
    return { ...into, op: withForm(into.op, change) };
  };
  return { ...op, fold: folded };
}

function paramsOf({ modules }: Part): number {
  return modules.reduce((count, module) => count + (module.kind === "layer" ? module.params.length : 0), 0);
}

function lower(part: Part): void {
  const load = (): never => {
    throw new Error("lowering reads no weights");
  };
  for (const opset of [18, 21]) lowerPart(runPasses(part, onnxPasses), load, opset);
}

// What training alone uses is gone before its form would be asked for.
const forms = Object.values<Op>(ops).filter((op) => op.torchOnly === undefined && op.trainingOnly !== true);

test("there are many of them", () => {
  expect(forms.length).toBeGreaterThan(25);
});

describe.each(forms.map((op) => [op.name, op] as const))("%s", (_, op) => {
  const uses = fc.sample(
    drawn((choose) => op.sample(choose)),
    { seed: 9, numRuns: 6 },
  );
  const parts = (broken: Op): readonly Part[] =>
    uses.map(({ attrs, inputs }) => oneOpPart(broken, attrs, symbolicShapes(inputs).shapes));

  test("is a graph as it is", () => {
    for (const part of parts(op)) lower(part);
  });

  test.each(Object.entries(brokenResults))("%s", (what, change) => {
    const refused = parts(withForm(op, change)).map((part) => {
      try {
        lower(part);
      } catch (error) {
        expect(error, what).toBeInstanceOf(InternalError);
        return true;
      }
      return false;
    });
    expect(refused).toEqual(parts(op).map(() => true));
  });

  test.runIf(op.params !== undefined && op.source !== true)("leaves its parameters out", () => {
    const through = withForm(op, () => (writer, inputs) => writer.outputShapes.map(() => writer.node("Identity", [inputs[0]])));
    const withParams = parts(through).filter((part) => paramsOf(part) > 0);
    expect(withParams.length).toBeGreaterThan(0);
    for (const part of withParams) expect(() => lower(part)).toThrow(/does not read layer\./);
  });

  test("breaks at any of its nodes", () => {
    for (const use of uses) {
      const partOf = (broken: Op): Part => oneOpPart(broken, use.attrs, symbolicShapes(use.inputs).shapes);
      const written: Readonly<Record<string, Written>>[] = [];
      const watched = withForm(op, (form) =>
        through(form, (node, at, writer) => {
          written[at] ??= brokenNodes(node, { ...writer, ints: () => "wrong" });
          return node;
        }),
      );
      lower(partOf(watched));
      // A source is a constant or a parameter, without a node.
      expect(written.length > 0).toBe(op.source !== true);
      for (const [at, breaks] of written.entries()) {
        for (const what of Object.keys(breaks)) {
          const broken = withForm(op, (form) =>
            through(form, (node, place, writer) => (place === at ? brokenNodes(node, writer)[what]! : node)),
          );
          expect(() => lower(partOf(broken)), `node ${at} ${what}: ${JSON.stringify(use)}`).toThrow(InternalError);
        }
      }
    }
  });
});

describe("the compile", () => {
  const folder = tempFolder();
  test.each(forms.map((op) => [op.name, op] as const))("refuses where %s returns nothing", async (name, op) => {
    const [use] = fc.sample(
      drawn((choose) => op.sample(choose)),
      { seed: 9, numRuns: 1 },
    );
    const { shapes } = symbolicShapes(use!.inputs);
    const part = oneOpPart(
      withForm(op, () => () => []),
      use!.attrs,
      shapes,
    );
    const model: Model = { kind: "model", name, imageChannels: 3, latentChannels: 4, stride: 1, parts: [part] };
    const targets = [{ target: onnx, options: optionsOf(onnx, {}) }];
    const told = { progress: () => undefined, note: () => undefined };
    const options = { parts: ["op"], targets, resources: nodeResources(told.note), seed: 0, version: "test", ...told } as const;
    await expect(compile(model, options)).rejects.toThrow(InternalError);
  });

  test("ends with exit code 70, naming op and module", () => {
    const broken = `${tinyModel.replace("export default model", "const whole = model")}
const breakAll = (graph) => ({ ...graph, nodes: graph.nodes.map((node) => {
  if (node.kind === "call") return { ...node, body: breakAll(node.body) };
  return node.op.name === "silu" ? { ...node, op: { ...node.op, onnx: () => [] } } : node;
}) });
export default { ...whole, parts: whole.parts.map((part) => ({ ...part, graph: breakAll(part.graph) })) };
`;
    write(folder, { "broken.js": broken.replaceAll(/: Feature<\d, \d>/g, "").replace(", type Feature", "") });
    const { code, stderr } = litevae(folder, "compile", "broken.js", "-o", "out");
    expect(code, stderr).toBe(70);
    expect(stderr).toContain("the ONNX form of silu in encoder gives 0 outputs where there are 1");
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
