/** Ops as authors write them: right ones of many kinds, and the same with something wrong. */
import { attention, mul, sigmoid, sub } from "litevae/dsl";
import {
  anyMap,
  anyShape,
  composeOp,
  defineOp,
  elementCount,
  expectSameShapes,
  pyBinary,
  pyCall,
  pyConstant,
  pyFrom,
  pyInput,
  pySymbol,
  type NonEmpty,
  type Op,
} from "litevae/op";

const double = (writer: Parameters<NonNullable<Op["onnx"]>>[0], x: string, factor = 2): readonly string[] => [
  writer.node("Mul", [x, writer.constant(`by_${factor}`, [], [factor])]),
];
const twice = (inputs: Parameters<Extract<Op["torch"], { kind: "function" }>["call"]>[0]): ReturnType<typeof pyCall> =>
  pyBinary("*", pyConstant(2), pyInput(inputs));

/** Written in ONNX, of maps, sequences and vectors. */
const base = {
  name: "doubled",
  doc: "2x.",
  torch: { kind: "function", call: twice },
  saves: () => ({}),
} as const;

export const doubled = defineOp({
  ...base,
  infer: ([x]) => [x],
  onnx: (writer, [x]) => double(writer, x),
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});

export const doubledInPython = defineOp({
  ...base,
  name: "doubledInPython",
  torch: { kind: "function", call: (inputs) => pyCall(pyFrom("./python/gates.py", "doubled"), [pyInput(inputs)]) },
  infer: ([x]) => [x],
  onnx: (writer, [x]) => double(writer, x),
  sample: (choose) => ({ attrs: {}, inputs: [anyShape(choose)] }),
});

/** A layer of two inputs and two outputs, with an attribute that has a default. */
export const gate = composeOp({
  name: "gate",
  doc: "x·sigmoid(s·y) with a learned s per channel, and what is left of x.",
  inputs: 2,
  attributes: {
    channels: { kind: "count", doc: "Channels of the inputs." },
    power: { kind: "number", default: 1, doc: "Factor of the gate." },
  },
  params: ({ channels }) => [{ role: "scale", shape: [channels, 1, 1], init: { kind: "constant", value: 1 } }],
  check: (inputs) => void expectSameShapes(inputs),
  compose([x, y], { power }, param) {
    if (y === undefined) throw new Error("a gate has two inputs");
    const kept = mul(x, mul(sigmoid(mul(y, param("scale"))), power));
    return [kept, sub(x, kept)];
  },
  torch: {
    kind: "module",
    callee: pyFrom("./python/gates.py", "Gate"),
    args: [{ attr: "channels" }, { attr: "power", keyword: "power", omit: 1 }],
  },
  // x and y, the sigmoid and the gate.
  saves: ([x]) => ({ inputs: true, bytes: 8 * elementCount(x) }),
  sample(choose) {
    const shape = anyMap(choose);
    return { attrs: { channels: shape[1], power: choose.pick([1, 0.5]) }, inputs: [shape, shape] };
  },
});

/** What has multiply-accumulates: those of the attention in it. */
export const selfAttention = composeOp({
  name: "selfAttention",
  doc: "Attention of a map with itself.",
  compose: ([x]) => attention(x, x, x),
  torch: {
    kind: "function",
    call: (inputs) => pyCall(pySymbol("layers", "attention"), [inputs[0]!, inputs[0]!, inputs[0]!]),
  },
  // Queries, keys and values as sequences, the result, and a number per position of the fused kernel's, which takes no single channel.
  saves: ([x]) => ({ outputs: true, bytes: 12 * elementCount(x) + 4 * elementCount(x.toSpliced(1, 1)) }),
  sample: (choose) => ({ attrs: {}, inputs: [[choose.int(1, 2), choose.int(2, 5), choose.int(1, 5), choose.int(1, 5)]] }),
});

const inputs: NonEmpty<readonly number[]> = [[1, 2, 2, 3]];
const always = { sample: () => ({ attrs: {}, inputs }) };

/** What is wrong, by what the test says of it. */
export const wrong: Readonly<Record<string, () => Op>> = {
  "its numbers": () => defineOp({ ...base, ...always, infer: ([x]) => [x], onnx: (writer, [x]) => double(writer, x, 3) }),
  "numbers beyond float16": () =>
    defineOp({
      ...base,
      ...always,
      infer: ([x]) => [x],
      onnx: (writer, [x]) => [
        writer.node("Div", [double(writer, x, 2e5)[0] ?? x, writer.constant("hundred_thousand", [], [1e5])]),
      ],
    }),
  "its multiply-accumulates": () =>
    defineOp({ ...base, ...always, infer: ([x]) => [x], macs: () => 7, onnx: (writer, [x]) => double(writer, x) }),
  "its saved bytes": () =>
    defineOp({ ...base, ...always, saves: () => ({ bytes: 8 }), infer: ([x]) => [x], onnx: (writer, [x]) => double(writer, x) }),
  "its shape rule": () =>
    defineOp({ ...base, ...always, infer: ([x]) => [x.slice(0, 3)], onnx: (writer, [x]) => double(writer, x) }),
  "a shape rule of numbers alone": () =>
    defineOp({
      ...base,
      ...always,
      infer: ([x]) => [x.map((dim, axis) => (axis === 2 ? { ...dim, offset: dim.symbol === null ? dim.offset : 5 } : dim))],
      onnx: (writer, [x]) => double(writer, x),
    }),
  "a form that uses nothing": () =>
    defineOp({ ...base, ...always, infer: ([x]) => [x], onnx: (writer) => [writer.constant("one", [], [1])] }),
  "a form that throws": () =>
    defineOp({
      ...base,
      ...always,
      infer: ([x]) => [x],
      onnx: () => {
        throw new TypeError("no such thing");
      },
    }),
  "Python that raises": () =>
    defineOp({
      ...base,
      ...always,
      torch: { kind: "function", call: (inputs) => pyCall(pyFrom("./python/gates.py", "raising"), [pyInput(inputs)]) },
      infer: ([x]) => [x],
      onnx: (writer, [x]) => double(writer, x),
    }),
  "Python that is not there": () =>
    defineOp({
      ...base,
      ...always,
      torch: { kind: "function", call: (inputs) => pyCall(pyFrom("./python/none.py", "nothing"), [pyInput(inputs)]) },
      infer: ([x]) => [x],
      onnx: (writer, [x]) => double(writer, x),
    }),
  "a sample of other attributes": () =>
    defineOp({
      ...base,
      attributes: { factor: { kind: "number", doc: "The factor." } },
      sample: () => ({ attrs: {} as { readonly factor: number }, inputs: [[1, 2]] as const }),
      infer: ([x]) => [x],
      onnx: (writer, [x]) => double(writer, x),
    }),
};
