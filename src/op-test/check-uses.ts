/** Uses of an op, drawn at random and checked from the smallest on. */
import { UserError } from "../errors/index.ts";
import type { Choose, Op } from "../ir/op.ts";
import { elementCount } from "../ir/shape.ts";
import { checkHalf } from "./check-half.ts";
import { checkComputed, checkShapes, OpFault, type OpUse } from "./check-use.ts";
import { randomOf } from "./random.ts";
import { opsets } from "./run-onnx.ts";
import type { TorchServer } from "./torch-server.ts";

/** Share of the values that may take another step in float16: an op that rounds or compares need not say so. */
const steps = 0.1;

export interface Trial {
  readonly samples: number;
  readonly seed: number;
  readonly torch: TorchServer | undefined;
}

/** Rejects with an OpFault, of the smallest use that is wrong. */
export async function checkUses(op: Op, { samples, seed, torch }: Trial): Promise<void> {
  const random = randomOf(seed);
  const uses = Array.from({ length: samples }, () => drawn(op, random)).sort((a, b) => sizeOf(a) - sizeOf(b));
  for (const [i, use] of uses.entries()) {
    try {
      for (const divisor of [1, 2, 8]) checkShapes(op, use, divisor);
      await checkComputed(op, use, { opsets, seed: seed + i, torch });
      if (op.torchOnly === undefined) await checkHalf(op, use, seed + i, steps);
    } catch (error) {
      throw faultOf(op, use, error);
    }
  }
}

function drawn(op: Op, random: () => number): OpUse {
  const below = (count: number): number => Math.min(count - 1, Math.floor(((random() + 1) / 2) * count));
  const choose: Choose = {
    int: (min, max) => min + below(max - min + 1),
    pick: (options) => options[below(options.length)] as (typeof options)[number],
  };
  const use = op.sample(choose);
  const [names, wanted] = [
    Object.keys(use.attrs).sort().join(", "),
    Object.keys(op.attributes ?? {})
      .sort()
      .join(", "),
  ];
  if (names !== wanted)
    throw new OpFault(`${op.name}: sample gives the attributes ${names || "none"}, declared are ${wanted || "none"}`);
  return use;
}

function sizeOf({ inputs }: OpUse): number {
  return inputs.reduce((sum, shape) => sum + elementCount(shape), 0);
}

/** What went wrong, in whole sentences, with the use. */
function faultOf(op: Op, { attrs, inputs }: OpUse, error: unknown): OpFault {
  const lines =
    error instanceof UserError
      ? error.reports.map(
          ({ what, where, help }) => `${what}${where === undefined ? "" : `\n  at ${where.file}:${where.line}`}\n  ${help}`,
        )
      : [error instanceof Error ? error.message : String(error)];
  const use = `  attributes: ${JSON.stringify(attrs)}\n  inputs: ${inputs.map((shape) => JSON.stringify(shape)).join(", ") || "none"}`;
  return new OpFault(`${op.name}: ${lines.join("\n")}\n${use}`, { cause: error });
}
