/** The check of an op by its own declaration: ONNX equals PyTorch, and shapes, parameters and MACs are what both say. */
import { nonEmpty, type NonEmpty } from "../../src/errors/must.ts";
import fc from "fast-check";
import { expect, test } from "vitest";
import { inputsOf, torchConstants, torchModule, type Attrs, type Op } from "../../src/ir/op.ts";
import { pyName } from "../../src/ir/python.ts";
import { elementCount, evaluateShape, shapeOf } from "../../src/ir/shape.ts";
import type { Tensor } from "../../src/ir/tensor.ts";
import { printExpr } from "../../src/targets/torch/printer.ts";
import { expectClose } from "../support/close.ts";
import { runOneOp, symbolicShapes } from "../support/one-op.ts";
import { opsets } from "../support/onnx.ts";
import { drawn, drawnFrom, randomOf, randomState, randomTensor, runs, seeds } from "../support/random.ts";
import type { Evaluation, TorchServer } from "../support/torch-server.ts";

function applyInTorch(
  torch: TorchServer,
  op: Op,
  attrs: Attrs,
  inputs: readonly Tensor[],
  state: Readonly<Record<string, Tensor>>,
): Promise<Evaluation> {
  const constants = torchConstants(attrs);
  if (op.torch.kind === "module") return torch.module(printExpr(torchModule(op.torch, constants)), inputs, state, true);
  const names = inputs.map((_, i) => pyName(`x${i}`));
  return torch.expression(printExpr(op.torch.call(names, constants, attrs)), inputs, true);
}

function declaredSaves(op: Op, attrs: Attrs, inputs: NonEmpty<readonly number[]>, outputs: NonEmpty<readonly number[]>): number {
  const keeps = op.saves?.(inputs, outputs, attrs) ?? { inputs: true };
  // What is repeated over a batch is no image's.
  const batched = inputs.filter((shape) => shape.length === Math.max(...inputs.map(({ length }) => length)));
  const values = [...(keeps.inputs === true ? batched : []), ...(keeps.outputs === true ? outputs : [])];
  return values.reduce((sum, shape) => sum + 4 * elementCount(shape), keeps.bytes ?? 0);
}

/** Defines the tests of an op; `torch` is asked for when they run. */
export function testOp(op: Op, torch: () => TorchServer): void {
  const use = drawn((choose) => op.sample(choose));

  test("infers for symbols what it infers for numbers", () => {
    fc.assert(
      fc.property(use, fc.constantFrom(1, 2, 8), ({ attrs, inputs }, divisor) => {
        const { shapes, bindings } = symbolicShapes(inputs, divisor);
        const symbolic = op.infer(shapes, attrs).map((shape) => evaluateShape(shape, bindings));
        const concrete = op.infer(
          inputsOf(
            op,
            inputs.map((shape) => shapeOf(...shape)),
          ),
          attrs,
        );
        expect(symbolic).toEqual(concrete.map((shape) => evaluateShape(shape, { N: NaN, H: NaN, W: NaN })));
      }),
      runs(200, 10_000),
    );
  });

  const where = op.torchOnly === undefined ? "the same in onnxruntime and PyTorch" : "in PyTorch alone";
  test(`computes ${where}, with the declared shapes, parameters, MACs and bytes saved for backward`, async () => {
    await fc.assert(
      fc.asyncProperty(use, fc.constantFrom(...opsets), seeds, async ({ attrs, inputs: inputShapes }, opset, seed) => {
        const random = randomOf(seed);
        const inputs = inputShapes.map((shape) => randomTensor(shape, random, drawnFrom(op)));
        const specs = op.params?.(attrs) ?? [];
        const state = randomState(specs, random);

        const [found, reference] = await Promise.all([
          op.torchOnly === undefined ? runOneOp(op, attrs, inputs, state, opset) : undefined,
          applyInTorch(torch(), op, attrs, inputs, state),
        ]);

        const { shapes, bindings } = symbolicShapes(inputShapes);
        const outputShapes = nonEmpty(
          op.infer(shapes, attrs).map((shape) => evaluateShape(shape, bindings)),
          "an output",
        );
        expect(reference.outputs.map((tensor) => tensor.shape)).toEqual(outputShapes);
        if (found !== undefined) {
          expect(found.map((tensor) => tensor.shape)).toEqual(outputShapes);
          reference.outputs.forEach((expected, i) => expectClose(found[i] as Tensor, expected, 1e-5));
        }

        expect(reference.flops / 2).toBe(op.macs?.(inputShapes, outputShapes, attrs) ?? 0);
        expect(reference.saved).toBe(declaredSaves(op, attrs, inputShapes, outputShapes));
        const declared = specs.map(({ role, shape, buffer = false, dtype = "float32" }) => ({ role, shape, buffer, dtype }));
        expect(declared).toEqual([
          ...reference.parameters.map((parameter) => ({ ...parameter, buffer: false })),
          ...reference.buffers.map((buffer) => ({ ...buffer, buffer: true })),
        ]);
      }),
      runs(60, 30_000),
    );
  }, 30_000);
}
