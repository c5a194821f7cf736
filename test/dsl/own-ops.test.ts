/** Ops of one's own in a model: what is refused, and what is counted. */
import { describe, expect, test } from "vitest";
import { attention, block, conv2d, layers, mul, network, sigmoid, type Feature } from "litevae/dsl";
import {
  apply,
  composeOp,
  defineOp,
  layer,
  pyCall,
  pyFrom,
  pyInput,
  pySymbol,
  ShapeError,
  type NonEmpty,
  type Op,
} from "litevae/op";
import { printModel } from "../../src/ir/print.ts";
import { countModel } from "../../src/report/count.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { ownFiles } from "../../src/targets/torch/imports.ts";
import { gate, selfAttention } from "../op-test/ops.ts";
import { marksIn, reportOf, type FeatureMap } from "./reports.ts";

const at = marksIn(import.meta.url);
const inputs: NonEmpty<readonly number[]> = [[1, 2, 3, 3]];
const base = {
  doc: "x.",
  torch: {
    kind: "function",
    call: (given: readonly Parameters<typeof pyInput>[0][number][]) => pyCall(pySymbol("F", "relu"), [pyInput(given)]),
  },
  sample: () => ({ attrs: {}, inputs }),
} as const;
const relu = (name: string): Op =>
  defineOp({ ...base, name, infer: ([x]) => [x], onnx: (writer, [x]) => [writer.node("Relu", [x])] }); // @definition

/** A network that applies ops in turn. */
function networkOf(...ops: readonly Op[]): ReturnType<typeof network> {
  const Body = block("Body", () => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: 4 }) });
    return (x: Feature<3, 1>): FeatureMap => ops.reduce<FeatureMap>((y, op) => applied(op, y), conv(x)); // @reduce
  });
  return network({ inputs: [{ channels: 3 }], block: Body() });
}

function applied(op: Op, ...given: readonly FeatureMap[]): FeatureMap {
  return apply(op, {}, given, applied);
}

describe("a name", () => {
  test("is no built-in op's", () => {
    const define = (name: string): Op => relu(name);
    expect(reportOf(() => define("conv2d"))).toEqual({
      what: "a built-in op is called conv2d already",
      where: at("definition"),
      op: "conv2d",
      help: "give this one another name; docs/ops.md of litevae lists those that are taken",
    });
  });
  test("is in camelCase", () => {
    expect(reportOf(() => relu("my op"))).toMatchObject({ what: '"my op" is not the name of an op', found: "my op" });
  });
  test("is one op's in a model, and any model's", () => {
    const [one, other] = [relu("mine"), relu("mine")];
    expect(networkOf(one, one).parts).toHaveLength(1);
    expect(networkOf(other).parts).toHaveLength(1);
    const { found = "", ...report } = reportOf(() => networkOf(one, other));
    expect(report).toEqual({
      what: "two ops are called mine",
      where: at("reduce"),
      op: "mine",
      help: "give one of them another name, or define it once and import it; what differs from use to use is an attribute",
    });
    expect(found).toMatch(/^two that .*own-ops\.test\.ts:\d+ makes$/);
  });
});

describe("what is wrong with an op is told with its place", () => {
  test("a shape that it refuses", () => {
    const even = defineOp({
      ...base,
      name: "even",
      infer() {
        throw new ShapeError("even sides are needed", { expected: "even", found: "odd", help: "pad it" });
      },
      onnx: (writer, [x]) => [writer.node("Relu", [x])],
    });
    expect(reportOf(() => networkOf(even))).toMatchObject({
      what: "even sides are needed",
      op: "even of [N, 4, H, W]",
      expected: "even",
      found: "odd",
      help: "pad it",
    });
  });
  test.each<readonly [string, () => readonly never[] | number, string]>([
    ["no shapes", () => 4, "infer of wrongShapes gives what is of no use"],
    ["nothing", () => [], "infer of wrongShapes gives what is of no use"],
    [
      "an error",
      () => {
        throw new RangeError("too far");
      },
      "infer of wrongShapes throws RangeError: too far",
    ],
  ])("a rule that gives %s", (_, infer, what) => {
    const wrong = defineOp({
      ...base,
      name: "wrongShapes",
      infer: infer as () => [],
      onnx: (writer, [x]) => [writer.node("Relu", [x])],
    });
    expect(reportOf(() => networkOf(wrong)).what).toBe(what);
  });
  test("a form that is no graph", () => {
    const twice = defineOp({
      ...base,
      name: "twice",
      infer: ([x]) => [x],
      onnx: (writer, [x]) => [writer.node("Concat", [x, x], { axis: 1 })],
    });
    const { where, ...report } = reportOf(() => countModel(networkOf(relu("fine"), twice), 8));
    expect(where?.file).toMatch(/own-ops\.test\.ts$/);
    expect(report).toEqual({
      what: "twice writes no graph: the ONNX graph of the network is broken: y0 is declared [2, 4, 3, 4] where [2, 8, 3, 4] follows",
      op: "twice",
      help: "correct its form in ONNX; testOp of litevae/op/test tries an op by itself",
    });
  });
  test("a number of multiply-accumulates that is none", () => {
    const counted = defineOp({
      ...base,
      name: "counted",
      macs: () => NaN,
      infer: ([x]) => [x],
      onnx: (writer, [x]) => [writer.node("Relu", [x])],
    });
    expect(reportOf(() => countModel(networkOf(counted), 8))).toMatchObject({ expected: "a number of at least 0", found: "NaN" });
  });
});

describe("a layer", () => {
  test("is applied as one, and a function as one", () => {
    expect(reportOf(() => networkOf(gate as Op))).toMatchObject({
      what: "channels of gate is not a whole number of at least 1",
    });
    const Body = block(
      "Body",
      () => (x: Feature<3, 1>) => apply<FeatureMap, never>(gate as never, { channels: 3 } as never, [x, x], applied),
    );
    expect(reportOf(() => network({ inputs: [{ channels: 3 }], block: Body() }))).toMatchObject({
      what: "gate is a layer, and no function",
    });
    expect(reportOf(() => layer(relu("fine"), {}, applied))).toMatchObject({ what: "fine is a function, and no layer" });
  });
  test("is a class in PyTorch", () => {
    const params = (): readonly [
      {
        readonly role: string;
        readonly shape: readonly number[];
        readonly init: { readonly kind: "constant"; readonly value: number };
      },
    ] => [{ role: "gain", shape: [1], init: { kind: "constant", value: 1 } }];
    expect(reportOf(() => composeOp({ ...base, name: "learned", params, compose: ([x]) => x }))).toMatchObject({
      what: "learned has parameters, and a function in PyTorch",
    });
  });
});

describe("a composition", () => {
  test("counts what it is made of, however deep", () => {
    const nested = composeOp({
      ...base,
      name: "nested",
      compose: ([x]) => sigmoid(apply<FeatureMap, Readonly<Record<string, never>>>(selfAttention, {}, [x], applied)),
    });
    const Attending = block("Attending", () => (x: Feature<3, 1>) => sigmoid(attention(x, x, x)));
    const of = (built: ReturnType<typeof network>): unknown => {
      const { macs, activationBytes, largestTensorBytes } = countModel(built, 8).parts["network"]!;
      return { macs, activationBytes, largestTensorBytes };
    };
    const Nested = block("Nested", () => (x: Feature<3, 1>) => applied(nested, x));
    const composed = network({ inputs: [{ channels: 3 }], block: Nested() });
    expect(of(composed)).toEqual(of(network({ inputs: [{ channels: 3 }], block: Attending() })));
    expect(printModel(composed)).toContain("nested");
  });
  test("is of functions", () => {
    const wrong = composeOp({ ...base, name: "wrong", compose: ([x]) => conv2d({ in: 4, out: 4 })(x) });
    expect(reportOf(() => networkOf(wrong))).toMatchObject({
      what: "wrong is composed with conv2d, which has parameters of its own",
    });
  });
  test("reads its parameters, all of them and no others", () => {
    const learned = (run: (x: FeatureMap, param: (role: string) => never) => FeatureMap): Op =>
      composeOp({
        ...base,
        name: "learned",
        params: () => [{ role: "gain", shape: [4, 1, 1], init: { kind: "constant", value: 1 } }],
        torch: { kind: "module", callee: pyFrom("../op-test/python/gates.py", "Gate"), args: [] },
        compose: ([x], _, param) => run(x, param as (role: string) => never),
      });
    const networkWith = (op: Op): unknown => {
      const Body = block("Body", () => {
        const { conv, own } = layers({
          conv: conv2d({ in: 3, out: 4 }),
          own: layer<(x: FeatureMap) => FeatureMap, NonNullable<Op["attributes"]>>(op, {}, applied),
        });
        return (x: Feature<3, 1>) => own(conv(x));
      });
      return network({ inputs: [{ channels: 3 }], block: Body() });
    };
    expect(reportOf(() => networkWith(learned((x) => x)))).toMatchObject({
      what: 'what learned is composed of does not read its parameter "gain"',
    });
    expect(reportOf(() => networkWith(learned((x, param) => mul(x, param("scale")))))).toMatchObject({
      what: 'learned has no parameter "scale"',
      expected: "gain",
    });
    expect(networkWith(learned((x, param) => mul(mul(x, param("gain")), param("gain"))))).toBeDefined();
  });
});

describe("Python of one's own", () => {
  test.each(["./my op.py", "./class.py", "./op.txt", "__init__.py", ""])("is no file called %j", (path) => {
    expect(reportOf(() => pyFrom(path, "Op"))).toMatchObject({
      what: `"${path}" is not a file of Python that can be imported`,
      found: path,
    });
  });
  test("is one file a name", () => {
    const symbols = [
      pyFrom("./a/op.py", "A"),
      pyFrom("./a/op.py", "B"),
      pyFrom("../dsl/b/op.py", "A"),
      pyFrom("./a/other.py", "A"),
    ];
    const body = symbols.map((value) => ({ kind: "expression", value }) as const);
    expect([...ownFiles([...body.slice(0, 2), ...body.slice(3)])].map(([name]) => name)).toEqual(["op", "other"]);
    expect(reportOf(() => ownFiles(body))).toMatchObject({
      what: "two files of Python would both be ops/op.py in the package",
      help: "give one of the files another name",
    });
  });
  test("has a name that nothing of the author's takes", () => {
    const Body = block("Body", ({ ops }: { readonly ops: number }) => {
      const { gated } = layers({
        gated: layer<(x: FeatureMap, y: FeatureMap) => readonly [FeatureMap, FeatureMap], NonNullable<typeof gate.attributes>>(
          gate,
          { channels: ops },
          applied,
        ),
      });
      return (x: Feature<3, 1>) => gated(x, x)[0];
    });
    const text = modelPy(network({ name: "own", inputs: [{ channels: 3 }], block: Body({ ops: 3 }) }));
    expect(text).toContain("from . import ops\n");
    expect(text).toContain("def __init__(self, ops_: int)");
    expect(text).toContain("self.gated = ops.gates.Gate(ops_)");
  });
});
