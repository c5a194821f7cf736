import { ShapeError } from "../errors/index.ts";
import { channelsOf } from "../ir/shape.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pyInput, pySymbol } from "../ir/python.ts";
import { scaledSpatially } from "./rules.ts";

/** What ONNX calls the modes, and where it has to look for the values of an output; its cubic_coeff_a is −0.75 as torch's. */
export const onnxModes = {
  nearest: { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
  bilinear: { mode: "linear", coordinate_transformation_mode: "half_pixel" },
  bicubic: { mode: "cubic", coordinate_transformation_mode: "half_pixel" },
} as const;

/** Values that are weighted before and after the last one that does not lie behind the place. */
const neighbours = { nearest: undefined, bilinear: { before: 0, after: 1 }, bicubic: { before: 1, after: 2 } } as const;

export const resize = defineOp({
  name: "resize",
  doc: "Interpolates both sides to another size, as torch's interpolate does without align_corners and without antialiasing.",
  attributes: {
    factor: {
      kind: "number",
      interval: { min: 0, max: Infinity, open: true },
      doc: "How much larger both sides become: a whole number, or 1 over a power of two.",
    },
    mode: {
      kind: "choice",
      choices: ["nearest", "bilinear", "bicubic"],
      default: "nearest",
      doc: "nearest repeats values; bilinear and bicubic weigh 2×2 and 4×4 of them (Keys 1981, with a = −0.75).",
    },
  },
  infer([input], { factor }) {
    // Runtimes multiply sizes by the factor in float32, which holds these alone without a rest.
    const whole = Number.isInteger(factor) || (Number.isInteger(1 / factor) && Number.isInteger(Math.log2(factor)));
    if (!whole) {
      throw new ShapeError("this factor does not give whole sizes", {
        expected: "factor: a whole number, or 1 over a power of two",
        found: `factor: ${factor}`,
        help: "choose such a factor, or enlarge and average in two steps: resize, then avgPool2d",
      });
    }
    return [scaledSpatially(input, channelsOf(input), factor)];
  },
  onnx: (writer, [input], { factor, mode }) => [
    writer.node("Resize", [input, "", writer.constant(`scales_${factor}`, [4], [1, 1, factor, factor])], onnxModes[mode]),
  ],
  saves: () => ({}),
  reach({ factor, mode }) {
    const [stride, divisor] = factor >= 1 ? [1, factor] : [1 / factor, 1];
    const around = neighbours[mode];
    // Values are weighted around (o + 1/2)/factor − 1/2, which nearest replaces by o/factor.
    const span =
      around === undefined
        ? { stride, divisor, low: 0, high: 0 }
        : {
            stride: 2 * stride,
            divisor: 2 * divisor,
            low: stride - divisor - 2 * divisor * around.before,
            high: stride - divisor + 2 * divisor * around.after,
          };
    return { height: [span], width: [span] };
  },
  torch: {
    kind: "function",
    call: (inputs, { factor, mode }) => pyCall(pySymbol("F", "interpolate"), [pyInput(inputs)], { scale_factor: factor, mode }),
  },
  sample(choose) {
    const factor = choose.pick([0.25, 0.5, 1, 3, 2]);
    const side = (): number => Math.max(1, 1 / factor) * choose.int(1, 5);
    const mode = choose.pick(["nearest", "bilinear", "bicubic"] as const);
    return { attrs: { factor, mode }, inputs: [[choose.int(1, 2), choose.int(1, 3), side(), side()]] };
  },
});
