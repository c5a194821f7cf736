/** The generic test finds a reach that is too small, and every built-in op declares one. */
import { expect, test } from "vitest";
import type { Op } from "../../src/ir/op.ts";
import type { Reach } from "../../src/ir/reach.ts";
import { ops } from "../../src/ops/index.ts";
import { checkUses } from "../../src/op-test/check-uses.ts";

const builtIn = Object.values<Op>(ops as unknown as Readonly<Record<string, Op>>);

test("every op that takes something says how far it reaches, or what it folds to", () => {
  expect(
    builtIn.filter((op) => op.source !== true && op.fold === undefined && op.reach === undefined).map(({ name }) => name),
  ).toEqual([]);
});

/** One position less along the rows. */
function narrowed(reach: Reach): Reach {
  if (reach === "place") throw new Error("nothing is less than a place");
  if (reach === "everything") return "place";
  const last = reach.height.at(-1)!;
  return { ...reach, height: [...reach.height.slice(0, -1), { ...last, low: last.low + last.divisor }] };
}

const spatial = builtIn.filter(({ name }) =>
  [
    "conv2d",
    "blur",
    "avgPool2d",
    "haarDwt",
    "pixelUnshuffle",
    "groupNorm",
    "instanceNorm",
    "attention",
    "linearAttention",
  ].includes(name),
);

test.each(spatial)("a reach of $name that is too small is found", async (op) => {
  const reach = (...given: Parameters<NonNullable<Op["reach"]>>): readonly Reach[] => {
    const declared = op.reach!(...given);
    return given[1].map((_, i) => {
      const each = Array.isArray(declared) ? (declared as readonly Reach[])[i]! : (declared as Reach);
      return each === "place" ? each : narrowed(each);
    });
  };
  await expect(checkUses({ ...op, reach }, { samples: 40, seed: 1, torch: undefined })).rejects.toThrow(
    "which its reach leaves out",
  );
});
