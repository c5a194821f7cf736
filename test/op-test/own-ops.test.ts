/** `testOp` of litevae/op/test: right ops pass, and of each wrong one it says what is wrong. */
// @module-tag python
import { expect, test } from "vitest";
import type { Op } from "../../src/ir/op.ts";
import { OpFault } from "../../src/op-test/check-use.ts";
import { checkUses } from "../../src/op-test/check-uses.ts";
import { testOp } from "../../src/op-test/index.ts";
import { squaredReluOp, swishOp } from "../../examples/own-ops.ts";
import { pythonPath } from "../support/python.ts";
import { torchServer } from "../support/torch-server.ts";
import { doubled, doubledInPython, gate, selfAttention, wrong } from "./ops.ts";

const torch = torchServer();

const right: readonly (readonly [string, Op])[] = [squaredReluOp, swishOp, doubledInPython, gate, selfAttention].map((op) => [
  op.name,
  op,
]);

test("an op passes, and what was tried is told", async () => {
  const python = pythonPath();
  expect(await testOp(doubled, { samples: 4, python })).toEqual({ samples: 4, python });
});

test.each(right)("%s passes", async (_, op) => {
  await checkUses(op, { samples: 12, seed: 1, torch: torch() });
});

test("without a Python shapes alone are compared", async () => {
  await checkUses(doubled, { samples: 4, seed: 1, torch: undefined });
  await checkUses(wrong["its numbers"]!(), { samples: 1, seed: 1, torch: undefined });
  await expect(checkUses(wrong["its shape rule"]!(), { samples: 1, seed: 1, torch: undefined })).rejects.toThrow(OpFault);
});

async function faultOf(op: Op): Promise<string> {
  try {
    await checkUses(op, { samples: 1, seed: 1, torch: torch() });
  } catch (error) {
    expect(error).toBeInstanceOf(OpFault);
    // Paths of this machine are shortened, and what is in the middle of a traceback is Python's.
    const [first = "", ...rest] = (error as Error).message
      .split("\n")
      .map((line) => line.replaceAll(/\/[^ "]*\//g, "…/").replace(/\.ts:\d+/, ".ts:N"));
    return [first, ...rest.filter((line) => /^ {2}(attributes|inputs|at|correct)|Error/.test(line))].join("\n");
  }
  throw new Error("it passes");
}

test("what is wrong is said", async () => {
  const said: Record<string, string> = {};
  for (const [what, op] of Object.entries(wrong)) said[what] = await faultOf(op());
  expect(said).toMatchInlineSnapshot(`
    {
      "Python that is not there": "doubled: ops.none.nothing(x0) raises in PyTorch
    FileNotFoundError: [Errno 2] No such file or directory: '…/none.py'
      attributes: {}
      inputs: [1,2,2,3]",
      "Python that raises": "doubled: ops.gates.raising(x0) raises in PyTorch
        raise RuntimeError("no such kernel")
    RuntimeError: no such kernel
      attributes: {}
      inputs: [1,2,2,3]",
      "a form that throws": "doubled: onnx of doubled throws TypeError: no such thing
      at …/ops.ts:N
      correct the code at this line
      attributes: {}
      inputs: [1,2,2,3]",
      "a form that uses nothing": "doubled: doubled writes no graph: the ONNX form of doubled does not use its input 0
      at …/ops.ts:N
      correct its form in ONNX; testOp of litevae…/test tries an op by itself
      attributes: {}
      inputs: [1,2,2,3]",
      "a sample of other attributes": "doubled: sample gives the attributes none, declared are factor",
      "a shape rule of numbers alone": "doubled: the shape rule gives [[1,2,7,3]] for symbols and [[1,2,2,3]] for numbers
      attributes: {}
      inputs: [1,2,2,3]",
      "its multiply-accumulates": "doubled: PyTorch counts 0 multiply-accumulates, the op 7
      attributes: {}
      inputs: [1,2,2,3]",
      "its numbers": "doubled: output 0 in operator set 18 differs from PyTorch by 1.98, where values go to 3.96
      attributes: {}
      inputs: [1,2,2,3]",
      "its saved bytes": "doubled: PyTorch keeps 0 bytes for the backward pass, saves says 8
      attributes: {}
      inputs: [1,2,2,3]",
      "its shape rule": "doubled: PyTorch gives [[1,2,2,3]], the shape rule [[1,2,2]]
      attributes: {}
      inputs: [1,2,2,3]",
      "numbers beyond float16": "doubled: output 0 in float16 differs from float32 by NaN, where values go to 3.96: name the operators that float16 is not enough for in precise
      attributes: {}
      inputs: [1,2,2,3]",
    }
  `);
});
