import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { channelsOf, formatShape } from "../ir/shape.ts";
import { replaceChannels } from "./rules.ts";
import { anyShape } from "./samples.ts";

/** How far beyond the outermost levels a channel may come, relative to half of their distance: there its gradient would vanish. */
const margin = 1e-3;

/** A channel x has levels at round(tanh(x + shift)·reach − offset)/step. */
function channelOf(levels: number): Readonly<Record<"shift" | "reach" | "offset" | "step", number>> {
  const reach = ((levels - 1) * (1 + margin)) / 2;
  const offset = levels % 2 === 0 ? 0.5 : 0;
  return { shift: Math.atanh(offset / reach), reach, offset, step: Math.floor(levels / 2) };
}

export const fsq = defineOp({
  name: "fsq",
  doc:
    "Finite scalar quantization (arXiv:2309.15505): every channel is bounded by tanh and rounded to one of its levels, which lie in [−1, 1] with 0 among " +
    "them. The gradient is that of the bounded values (straight-through).",
  attributes: {
    levels: {
      kind: "counts",
      lengths: { min: 1, max: Infinity },
      doc: "Levels of each channel, 2 at least; the codebook has their product of entries.",
    },
  },
  infer([input], { levels }) {
    const few = levels.find((count) => count < 2);
    if (few !== undefined) {
      throw new ShapeError("a channel of one level says nothing", {
        expected: "at least 2 levels for each channel",
        found: `levels: [${levels.join(", ")}]`,
        help: "drop the channel, or give it more levels; [8, 5, 5, 5] makes a codebook of 1000",
      });
    }
    if (channelsOf(input) !== levels.length) {
      throw new ShapeError(`there are levels for ${levels.length} channels`, {
        expected: formatShape(replaceChannels(input, levels.length)),
        found: formatShape(input),
        help: "give every channel its levels; a convolution before makes as many channels as there are levels",
      });
    }
    return [input];
  },
  onnx(writer, [input], { levels }) {
    const sides = writer.inputShapes[0].slice(2).map(() => 1);
    const perChannel = (role: keyof ReturnType<typeof channelOf>): string =>
      writer.constant(
        `fsq_${role}_${levels.join("_")}_${sides.length}`,
        [levels.length, ...sides],
        levels.map((count) => channelOf(count)[role]),
      );
    const bounded = writer.node("Tanh", [writer.node("Add", [input, perChannel("shift")])]);
    const level = writer.node("Sub", [writer.node("Mul", [bounded, perChannel("reach")]), perChannel("offset")]);
    return [writer.node("Div", [writer.node("Round", [level]), perChannel("step")])];
  },
  // A float16 value near the middle of two levels is at the other.
  precise: ["Add", "Tanh", "Mul", "Sub", "Round"],
  saves: () => ({ outputs: true }),
  reach: () => "place",
  torch: {
    kind: "function",
    call: (inputs, { levels }) => pyCall(pySymbol("layers", "fsq"), [pyInput(inputs), levels]),
  },
  sample(choose) {
    const levels = choose.pick([[2], [8, 5, 5, 5], [3, 4], [7, 5, 5, 5, 5]]);
    const [n, , ...sides] = anyShape(choose);
    return { attrs: { levels }, inputs: [[n, levels.length, ...sides]] };
  },
});
