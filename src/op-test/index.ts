/** `litevae/op/test`: the test that every op of litevae passes, for ops of one's own. */
import type { Op } from "../ir/op.ts";
import { findPython } from "../onnxruntime/package.ts";
import { checkUses } from "./check-uses.ts";
import { TorchServer } from "./torch-server.ts";

export { OpFault } from "./check-use.ts";

export interface OpTest {
  /** How many uses are drawn; 40 by default. */
  readonly samples?: number;
  /** Of everything random; 1 by default. */
  readonly seed?: number;
  /** A Python with torch; by default the one that `verify` finds. */
  readonly python?: string;
}

/** What was tried. */
export interface Tested {
  readonly samples: number;
  /** The Python whose torch gave the numbers; undefined where none was found, and ONNX was compared with the shape rule alone. */
  readonly python: string | undefined;
}

/**
 * Draws uses of an op from its `sample` and holds it to what it declares: the shape rule for numbers and for symbols and what its ONNX form gives in
 * operator sets 18 to 21 and in float16, and where there is a Python with torch its numbers, parameters, multiply-accumulates and the bytes kept for the backward pass.
 * Rejects with an OpFault, of the smallest use that is wrong.
 */
export async function testOp(op: Op, { samples = 40, seed = 1, python }: OpTest = {}): Promise<Tested> {
  const found = python ?? findPython(process.cwd());
  const torch = found === undefined ? undefined : await TorchServer.start(found);
  try {
    await checkUses(op, { samples, seed, torch });
  } finally {
    torch?.stop();
  }
  return { samples, python: found };
}
