/** The check of one use of an op by its own declaration: ONNX equals PyTorch, and shapes, parameters and MACs are what both say. */
import { nonEmpty, type NonEmpty } from "../errors/must.ts";
import { macsOf } from "../ir/macs.ts";
import { inputCount, inputsOf, type Op, type ParamSpec } from "../ir/op.ts";
import type { PyExpr } from "../ir/python.ts";
import { elementCount, evaluateShape, shapeOf } from "../ir/shape.ts";
import type { Tensor } from "../ir/tensor.ts";
import { ownFiles } from "../targets/torch/imports.ts";
import { printExpr } from "../targets/torch/printer.ts";
import { checkReach } from "./check-reach.ts";
import { OpFault } from "./fault.ts";
import { runOneOp, symbolicShapes, torchUse } from "./one-op.ts";
import { drawnFrom, randomOf, randomState, randomTensor } from "./random.ts";
import type { Evaluation, Reference, TorchServer } from "./torch-server.ts";

export { OpFault } from "./fault.ts";

/** What an op's `sample` draws. */
export type OpUse = ReturnType<Op["sample"]>;

type Sizes = readonly number[];

/** The largest difference that rounding to float32 may make, of the largest value. */
const tolerance = 1e-5;

/** That the shape rule gives for symbols what it gives for numbers; an image has `divisor` pixels per position. */
export function checkShapes(op: Op, { attrs, inputs }: OpUse, divisor: number): void {
  const { least, most } = inputCount(op);
  if (op.source !== true && (inputs.length < least || inputs.length > most)) {
    throw new OpFault(
      `a sample has ${inputs.length} inputs, where the op takes ${least === most ? least : `${least} to ${most}`}: say so in inputs`,
    );
  }
  const { shapes, bindings } = symbolicShapes(inputs, divisor);
  const concrete = inputsOf(
    op,
    inputs.map((shape) => shapeOf(...shape)),
  );
  const ofNumbers = op.infer(concrete, attrs).map((shape) => evaluateShape(shape, { N: NaN, H: NaN, W: NaN }));
  expectSame(
    op.infer(shapes, attrs).map((shape) => evaluateShape(shape, bindings)),
    ofNumbers,
    (symbols, numbers) => `the shape rule gives ${symbols} for symbols and ${numbers} for numbers`,
  );
}

export interface Instruments {
  readonly opsets: readonly number[];
  readonly seed: number;
  /** Where there is none, numbers are not compared, nor is what PyTorch alone tells. */
  readonly torch: TorchServer | undefined;
}

/** That onnxruntime and PyTorch give the same numbers, and what is declared of shapes, parameters, MACs and bytes saved for the backward pass. */
export async function checkComputed(op: Op, { attrs, inputs: inputShapes }: OpUse, instruments: Instruments): Promise<void> {
  const { opsets, seed, torch } = instruments;
  const random = randomOf(seed);
  const inputs = inputShapes.map((shape) => randomTensor(shape, random, drawnFrom(op)));
  const specs = op.params?.(attrs) ?? [];
  const state = randomState(specs, random);
  const { shapes, bindings } = symbolicShapes(inputShapes);
  const outputs = op.infer(shapes, attrs).map((shape) => ({ shape }));
  const outputShapes = nonEmpty(
    outputs.map(({ shape }) => evaluateShape(shape, bindings)),
    `an output of ${op.name}`,
  );

  const reference = torch === undefined ? undefined : await applyInTorch(torch, op, attrs, inputs, state);
  if (reference !== undefined) {
    const { flops, saved } = reference;
    expectSame(reference.outputs.map(shapeIn), outputShapes, (found, rule) => `PyTorch gives ${found}, the shape rule ${rule}`);
    const use = { op, attrs, inputs: shapes.map((shape) => ({ shape })), outputs };
    const macs = macsOf(use, bindings);
    expectSame(flops / 2, macs, (found, own) => `PyTorch counts ${found} multiply-accumulates, the op ${own}`);
    const saves = declaredSaves(op, attrs, inputShapes, outputShapes);
    expectSame(saved, saves, (found, own) => `PyTorch keeps ${found} bytes for the backward pass, saves says ${own}`);
    const params = specs.map(declared);
    expectSame(
      parametersIn(reference),
      params,
      (found, own) => `the module in PyTorch has the parameters ${found}, params are ${own}`,
    );
  }
  if (op.torchOnly !== undefined) return;
  for (const opset of opsets) {
    const found = await runOneOp(op, attrs, inputs, state, opset);
    const where = `in operator set ${opset}`;
    expectSame(found.map(shapeIn), outputShapes, (run, rule) => `onnxruntime gives ${run} ${where}, the shape rule ${rule}`);
    reference?.outputs.forEach((expected, i) => expectClose(found[i], expected, `output ${i} ${where}`));
  }
  await checkReach(op, attrs, { inputs, state, random });
}

async function applyInTorch(
  torch: TorchServer,
  op: Op,
  attrs: OpUse["attrs"],
  inputs: readonly Tensor[],
  state: Readonly<Record<string, Tensor>>,
): Promise<Evaluation> {
  const names = inputs.map((_, i) => `x${i}`);
  const [text, files] = written(torchUse(op, attrs, names));
  const asked = { saves: true, files: Object.fromEntries(files) };
  try {
    return await (op.torch.kind === "module" ? torch.module(text, inputs, state, asked) : torch.expression(text, inputs, asked));
  } catch (error) {
    throw new OpFault(`${text} raises in PyTorch\n${(error as Error).message.trimEnd()}`, { cause: error });
  }
}

function written(expr: PyExpr): readonly [text: string, files: ReadonlyMap<string, string>] {
  return [printExpr(expr), ownFiles([{ kind: "expression", value: expr }])];
}

function declaredSaves(op: Op, attrs: OpUse["attrs"], inputs: NonEmpty<Sizes>, outputs: NonEmpty<Sizes>): number {
  const learns = inputs.map(() => true);
  const { inputs: kept = [], outputs: given, bytes = 0 } = op.saves?.(inputs, outputs, attrs, learns) ?? { inputs: true };
  // What is repeated over a batch is no image's.
  const axes = Math.max(...inputs.map(({ length }) => length));
  const batched = inputs.filter((shape, i) => shape.length === axes && (kept === true || kept[i] === true));
  return [...batched, ...(given === true ? outputs : [])].reduce((sum, shape) => sum + 4 * elementCount(shape), bytes);
}

type Parameters = Pick<ParamSpec, "role" | "shape" | "dtype"> & { readonly buffer?: boolean };

const declared = ({ role, shape, buffer = false, dtype = "float32" }: Parameters): object => ({ role, shape, buffer, dtype });

function parametersIn({ parameters, buffers }: Evaluation): readonly object[] {
  return [...parameters.map(declared), ...buffers.map((each) => declared({ ...each, buffer: true }))];
}

const shapeIn = ({ shape }: { readonly shape: Sizes }): Sizes => shape;

/** Refuses values that differ; `say` tells both. */
function expectSame(found: unknown, expected: unknown, say: (found: string, expected: string) => string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new OpFault(say(a, b));
}

function expectClose(found: Tensor | undefined, expected: Reference, what: string): void {
  let [largest, scale] = [0, 1];
  expected.data.forEach((value, i) => {
    const error = Math.abs(Number(found?.data[i]) - value);
    if (!(error <= largest)) largest = error;
    scale = Math.max(scale, Math.abs(value));
  });
  if (largest <= tolerance * scale) return;
  throw new OpFault(`${what} differs from PyTorch by ${largest.toPrecision(3)}, where values go to ${scale.toPrecision(3)}`);
}
