import { expect, test } from "vitest";
import {
  block,
  concat,
  conv2d,
  div,
  layers,
  model,
  mul,
  network,
  parameter,
  slice,
  sub,
  type Feature,
} from "../../dsl/authoring.ts";
import { builtIns } from "../../dsl/models/index.ts";
import type { Graph, OpNode, Value } from "../../src/ir/model.ts";
import { evaluateShape } from "../../src/ir/shape.ts";
import { partOf } from "../../src/ir/walk.ts";
import { countPart } from "../../src/report/count.ts";
import { liveBytes, savedBytes } from "../../src/report/torch-memory.ts";
import { builtIn } from "../support/built-ins.ts";
import { tiny } from "./tiny.ts";

const sizes = (size: number): { N: number; H: number; W: number } => ({ N: 1, H: size, W: size });

test("the live bytes of a tiny encoder are those counted by hand", () => {
  const { graph } = partOf(tiny(), "encoder")!;
  const [image, features, moments, logvar] = [4 * 3 * 4 * 4, 4 * 4 * 2 * 2, 4 * 2 * 2 * 2, 4 * 1 * 2 * 2];
  expect(liveBytes(graph, sizes(4))).toEqual([
    image + features, // conv_in
    image + 2 * features, // silu; its input stays for the residual sum, the image for the encoder's caller
    image + 3 * features, // conv
    image + 3 * features, // add
    image + features + moments, // conv_out
    moments, // chunk: views
    moments + logvar, // clamp of the log-variance; the mean's view keeps the moments
  ]);
});

test("what autograd saves of a tiny encoder is that counted by hand: inputs of convolutions and of silu, the view that is clamped", () => {
  const { graph } = partOf(tiny(), "encoder")!;
  const [image, features, moments] = [4 * 3 * 4 * 4, 4 * 4 * 2 * 2, 4 * 2 * 2 * 2];
  expect(savedBytes(graph, sizes(4), [])).toBe(image + 3 * features + moments);
});

test("of a product autograd saves a factor only where another learns, and no weights beside what is saved", () => {
  const Masked = block("Masked", () => {
    const { conv, gain } = layers({ conv: conv2d({ in: 3, out: 3, kernel: 1 }), gain: parameter({ shape: [3, 1, 1] }) });
    return (x: Feature<3, 1>): Feature<3, 1> => div(mul(mul(conv(x), sub(1, x)), gain()), 4);
  });
  const { graph } = network({ name: "masked", inputs: [{ name: "image", channels: 3 }], block: Masked() }).parts[0]!;
  const map = 4 * 3 * 2 * 2;
  // The image for the convolution's weight, 1 − image for what it gives, what is multiplied by the gain for the gain.
  expect(savedBytes(graph, sizes(2), [])).toBe(3 * map);
});

test("dropout takes no memory and does not lengthen the count", () => {
  const [plain, dropped] = [tiny(), tiny({ rate: 0.1 })].map((built) => countPart(partOf(built, "encoder")!, 4, 4));
  expect(dropped!.activationBytes).toBe(plain!.activationBytes);
  expect(dropped!.torchActivationBytes).toBe(plain!.torchActivationBytes);
  const drop = dropped!.modules[0]!.children[1]!.children.find(({ kind }) => kind === "dropout");
  expect(drop!.activationBytes).toBe(0);
});

test("a view keeps the whole of its input alive", () => {
  const Keep = block("Keep", () => {
    const { wide, moments } = layers({
      wide: conv2d({ in: 3, out: 8, kernel: 1 }),
      moments: conv2d({ in: 4, out: 2, kernel: 1 }),
    });
    return (x: Feature<3, 1>): Feature<2, 1> => {
      const kept: Feature<number, 1> = slice(wide(x), { start: 0, stop: 1 });
      return moments(concat(x as Feature<number, 1>, kept) as Feature<4, 1>);
    };
  });
  const Back = block("Back", () => {
    const { conv } = layers({ conv: conv2d({ in: 1, out: 3, kernel: 1 }) });
    return (z: Feature<1, 1>): Feature<3, 1> => conv(z);
  });
  const { graph } = partOf(model({ latentChannels: 1, encoder: Keep(), decoder: Back() }), "encoder")!;
  const plane = 4 * 2 * 2;
  // One channel of the slice is read by concat, all eight are held.
  expect(liveBytes(graph, sizes(2)).slice(0, 4)).toEqual([11 * plane, 11 * plane, (3 + 8 + 4) * plane, (3 + 4 + 2) * plane]);
});

/** Another way to the same peak: list what is needed later at every step, with calls opened by substitution. */
function peakBySets(graph: Graph, size: number): number {
  const same = new Map<Value, Value>();
  const origin = (value: Value): Value => (same.has(value) ? origin(same.get(value)!) : value);
  /** Ops, and where calls return what they were given. */
  const nodes: (OpNode | { readonly kind: "return"; readonly given: readonly Value[] })[] = [];
  const open = (body: Graph): void => {
    for (const node of body.nodes) {
      if (node.kind === "op") {
        if (node.op.view === true || node.op.trainingOnly === true)
          node.outputs.forEach((output) => same.set(output, node.inputs[0]!));
        nodes.push(node);
        continue;
      }
      node.body.inputs.forEach((input, i) => same.set(input, node.inputs[i]!));
      open(node.body);
      node.outputs.forEach((output, i) => same.set(output, node.body.outputs[i]!));
      nodes.push({ kind: "return", given: node.inputs });
    }
  };
  open(graph);
  const bytes = (values: Iterable<Value>): number =>
    [...values].reduce((sum, { shape }) => sum + 4 * evaluateShape(shape, sizes(size)).reduce((a, b) => a * b, 1), 0);
  const needed = new Set(graph.outputs.map(origin));
  let peak = 0;
  for (const node of nodes.toReversed()) {
    if (node.kind === "return") for (const value of node.given.map(origin)) needed.add(value);
    if (node.kind === "return" || node.op.trainingOnly === true) continue;
    const made = new Set(node.outputs.map(origin));
    const read = new Set(node.inputs.map(origin));
    peak = Math.max(peak, bytes(new Set([...needed, ...made, ...read])));
    if (node.op.view !== true) for (const value of made) needed.delete(value);
    for (const value of read) needed.add(value);
  }
  return peak;
}

test.each(Object.keys(builtIns))("the peaks of %s agree with a walk from the end that keeps what is still needed", (name) => {
  for (const part of builtIn(name).parts) {
    expect(countPart(part, 256, 256).torchActivationBytes).toBe(peakBySets(part.graph, 256));
  }
});
