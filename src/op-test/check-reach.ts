/** That positions of an op's outputs depend on no more of its inputs than its `reach` says. */
import { must } from "../errors/must.ts";
import { inputsOf, type Op } from "../ir/op.ts";
import { reachOf, seen, type Reach } from "../ir/reach.ts";
import { elementCount, shapeOf } from "../ir/shape.ts";
import { floats, tensorOf, type Tensor } from "../ir/tensor.ts";
import { OpFault } from "./fault.ts";
import { runOneOp } from "./one-op.ts";
import { drawnFrom, type Random } from "./random.ts";

interface Given {
  readonly inputs: readonly Tensor[];
  readonly state: Readonly<Record<string, Tensor>>;
  readonly random: Random;
}

/** Every channel of one position of an input is drawn anew, and what changes has to be what sees it. */
export async function checkReach(op: Op, attrs: Parameters<Op["infer"]>[1], { inputs, state, random }: Given): Promise<void> {
  if (inputs.length === 0 || op.reach === undefined) return;
  const shapes = inputsOf(
    op,
    inputs.map(({ shape }) => shapeOf(...shape)),
  );
  const before = await runOneOp(op, attrs, inputs, state);
  const declared = op.reach(attrs, shapes);
  for (const [i, input] of inputs.entries()) {
    const reach = reachOf(declared, i);
    const positions = elementCount(input.shape.slice(2));
    if (reach === "everything" || positions === 1) continue;
    const at = Math.floor(((random() + 1) / 2) * positions);
    const after = await runOneOp(op, attrs, inputs.with(i, changed(op, input, at, random)), state);
    for (const [j, output] of before.entries()) {
      const wrong = changedPositions(output, must(after[j], "an output")).find(
        (position) => !sees(reach, [position, output], [at, input]),
      );
      if (wrong === undefined) continue;
      const place = (...located: Located): string => JSON.stringify(unravelled(...located));
      throw new OpFault(
        `position ${place(wrong, output)} of output ${j} depends on ${place(at, input)} of input ${i}, which its reach leaves out: ${JSON.stringify(reach)}`,
      );
    }
  }
}

/** One of the positions of a tensor, counted along its rows. */
type Located = readonly [position: number, of: Tensor];

/** Where it lies along the sides. */
function unravelled(...[position, { shape }]: Located): readonly number[] {
  const sides = shape.slice(2);
  return sides.map((side, axis) => Math.floor(position / elementCount(sides.slice(axis + 1))) % side);
}

function changed(op: Op, { shape, data }: Tensor, at: number, random: Random): Tensor {
  const { middle, spread } = drawnFrom(op);
  const positions = elementCount(shape.slice(2));
  return tensorOf(
    shape,
    floats({ shape, data }).map((value, k) => (k % positions === at ? middle + spread * random() : value)),
  );
}

function changedPositions(one: Tensor, other: Tensor): readonly number[] {
  const positions = elementCount(one.shape.slice(2));
  const found = new Set<number>();
  one.data.forEach((value, k) => {
    if (value !== other.data[k]) found.add(k % positions);
  });
  return [...found];
}

/** Whether a position of the output sees one of the input; tokens stand in the order of a map's positions. */
function sees(reach: Reach | undefined, [position, output]: Located, [at, input]: Located): boolean {
  if (typeof reach !== "object") return reach !== "place" || position === at;
  const [of, seenAt] = [unravelled(position, output), unravelled(at, input)];
  return [reach.height, reach.width].every((spans, axis) => {
    const place = must(of[axis], "a row or column");
    const { first, last } = seen(spans, { first: place, last: place });
    const inside = (value: number): number => Math.min(Math.max(value, 0), must(input.shape[2 + axis], "a side") - 1);
    const found = must(seenAt[axis], "a row or column");
    return inside(first) <= found && found <= inside(last);
  });
}
