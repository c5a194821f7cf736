/** The tests of an op by its own declaration, on uses that fast-check draws and makes smaller. */
import fc from "fast-check";
import { test } from "vitest";
import type { Op } from "../../src/ir/op.ts";
import { checkComputed, checkShapes } from "../../src/op-test/check-use.ts";
import { opsets } from "../../src/op-test/run-onnx.ts";
import { drawn, runs, seeds } from "../support/random.ts";
import type { TorchServer } from "../support/torch-server.ts";

/** Defines the tests of an op; `torch` is asked for when they run. */
export function testOp(op: Op, torch: () => TorchServer): void {
  const use = drawn((choose) => op.sample(choose));

  test("infers for symbols what it infers for numbers", () => {
    fc.assert(
      fc.property(use, fc.constantFrom(1, 2, 8), (one, divisor) => {
        checkShapes(op, one, divisor);
      }),
      runs(200, 10_000),
    );
  });

  const where = op.torchOnly === undefined ? "the same in onnxruntime and PyTorch" : "in PyTorch alone";
  test(`computes ${where}, with the declared shapes, parameters, MACs and bytes saved for backward`, async () => {
    await fc.assert(
      fc.asyncProperty(use, fc.constantFrom(...opsets), seeds, (one, opset, seed) =>
        checkComputed(op, one, { opsets: [opset], seed, torch: torch() }),
      ),
      runs(60, 30_000),
    );
  }, 30_000);
}
