/** What a use of an op is in the targets, and what it counts: lines of docs/ops.md. */
import { must, type NonEmpty } from "../../src/errors/must.ts";
import type { Bindings } from "../../src/ir/dim.ts";
import { formatDim } from "../../src/ir/dim.ts";
import { macsOf } from "../../src/ir/macs.ts";
import type { Attrs, Op } from "../../src/ir/op.ts";
import { elementCount, evaluateShape, type Shape } from "../../src/ir/shape.ts";
import { loader, oneOpPart, torchUse } from "../../src/op-test/one-op.ts";
import { randomOf, randomState } from "../../src/op-test/random.ts";
import { graphOf, opsets } from "../../src/op-test/run-onnx.ts";
import { audiences, type Audience } from "../../src/targets/onnx/audience.ts";
import { printExpr } from "../../src/targets/torch/printer.ts";

/** One that the field counts. */
export function macLine(op: Op, attrs: Attrs, inputs: NonEmpty<Shape>): readonly string[] {
  const values = (shapes: readonly Shape[]): readonly { readonly shape: Shape }[] => shapes.map((shape) => ({ shape }));
  const outputs = op.infer(inputs, attrs);
  const use = { op, attrs, inputs: values(inputs), outputs: values(outputs) };
  // Sizes that every sample's windows fit, in no common ratio.
  const sizes = [
    { N: 1, H: 32, W: 32 },
    { N: 3, H: 32, W: 64 },
    { N: 2, H: 160, W: 96 },
  ];
  if (sizes.every((bindings) => macsOf(use, bindings) === 0)) return [];
  const places = placesOf([...outputs, ...inputs]);
  for (const { text, count } of [...places, ...pairsOf([...inputs])]) {
    const [factor, ...others] = sizes.map((bindings) => macsOf(use, bindings) / count(bindings));
    if (!others.every((other) => other === factor)) continue;
    const rule = must(op.macsRule, `the rule of what ${op.name} counts`);
    return [`Multiply-accumulates: ${rule}; here ${must(factor, "a factor")}·${text}.`];
  }
  throw new Error(`no product of sizes gives what ${op.name} counts`);
}

interface Product {
  readonly text: string;
  count(bindings: Bindings): number;
}

/** Batch and positions of a value, without its channels. */
function placesOf(shapes: readonly Shape[]): readonly Product[] {
  return shapes.map((shape) => {
    const sizes = shape.toSpliced(1, 1);
    return { text: sizes.map(factorOf).join("·"), count: (bindings) => elementCount(evaluateShape(sizes, bindings)) };
  });
}

/** Every position of the first beside every position of another. */
function pairsOf([first, ...others]: readonly Shape[]): readonly Product[] {
  const positions = (shape: Shape): Shape => shape.slice(2);
  return others.map((other) => {
    const sizes = [...must(first, "an input").slice(0, 1), ...positions(must(first, "an input")), ...positions(other)];
    return { text: sizes.map(factorOf).join("·"), count: (bindings) => elementCount(evaluateShape(sizes, bindings)) };
  });
}

function factorOf(dim: Shape[number]): string {
  const text = formatDim(dim);
  return /^\w+$/.test(text) ? text : `(${text})`;
}

/** ONNX's operators, in the order of their first node: one list for operator sets in which they are the same. */
export function onnxLine(op: Op, attrs: Attrs, inputs: NonEmpty<Shape>): readonly string[] {
  if (op.torchOnly !== undefined) return [];
  const state = randomState(op.params?.(attrs) ?? [], randomOf(1));
  const operators = (opset: number, audience: Audience): string => {
    const { nodes } = graphOf(oneOpPart(op, attrs, inputs), loader(state), opset, audience);
    const types = [...new Set(nodes.map(({ type }) => type))];
    return types.length === 0 ? "nothing" : types.map((type) => `\`${type}\``).join(", ");
  };
  const usual = bySets((opset) => operators(opset, audiences.portable));
  const whole = bySets((opset) => operators(opset, audiences.gpu));
  return [`ONNX: ${usual}.`, ...(op.wholeOnnx === undefined ? [] : [`With \`--for gpu\`: ${whole}.`])];
}

function bySets(operators: (opset: number) => string): string {
  const groups: { readonly first: number; last: number; readonly text: string }[] = [];
  for (const opset of opsets) {
    const [text, group] = [operators(opset), groups.at(-1)];
    if (group?.text === text) group.last = opset;
    else groups.push({ first: opset, last: opset, text });
  }
  if (groups.length === 1) return must(groups[0], "an operator set").text;
  const sets = (first: number, last: number): string => (first === last ? `set ${first}` : `sets ${first}–${last}`);
  return groups.map(({ first, last, text }) => `${text} in operator ${sets(first, last)}`).join("; ");
}

export function torchLine(op: Op, attrs: Attrs, names: readonly string[]): string {
  return `PyTorch: \`${printExpr(torchUse(op, attrs, names))}\`.`;
}
