import { must } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { fixedSize } from "../ir/dim.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { formatShape, type Shape } from "../ir/shape.ts";
import { onnxModes } from "./resize.ts";
import { featureDims } from "./rules.ts";

export const resizeTo = defineOp({
  name: "resizeTo",
  doc:
    "Interpolates both sides to those of another map, as torch's interpolate does without align_corners and without antialiasing: a map, or a learned tensor [C, h, w] or " +
    "[1, C, h, w], such as the positions of a vision transformer, which are the table itself where the map has its sides.",
  inputs: 2,
  attributes: {
    mode: {
      kind: "choice",
      choices: ["bilinear", "bicubic"],
      default: "bilinear",
      doc: "bilinear and bicubic weigh 2×2 and 4×4 values (Keys 1981, with a = −0.75).",
    },
  },
  infer([input, other]) {
    const [, , height, width] = featureDims(must(other, "the map whose sides are taken"));
    if (isTable(input) || input.length === 4) return [[...input.slice(0, -2), height, width]];
    throw new ShapeError("a feature map or a learned tensor is needed here", {
      expected: "[N, C, H, W], [C, h, w] or [1, C, h, w]",
      found: formatShape(input),
      help: "pass a map first, or a parameter: resizeTo(l.positions(), x); untokens makes a map of a token sequence",
    });
  },
  onnx(writer, [input, other], { mode }) {
    const sides = writer.node("Shape", [must(other, "the map whose sides are taken")], { start: 2 });
    const interpolated = (map: string): string => {
      const sizes = writer.node("Concat", [writer.node("Shape", [map], { end: 2 }), sides], { axis: 0 });
      return writer.node("Resize", [map, "", "", sizes], onnxModes[mode]);
    };
    if (!isTable(writer.inputShapes[0])) return [interpolated(input)];
    const axis = writer.ints("axes_0", [0]);
    return [writer.node("Squeeze", [interpolated(writer.node("Unsqueeze", [input, axis])), axis])];
  },
  saves: () => ({}),
  // What is sampled depends on the sides of both.
  reach: () => "everything",
  torch: {
    kind: "function",
    call: (inputs, { mode }) => pyCall(pySymbol("layers", "resize_to"), inputs, torchKeyword("mode", mode, "bilinear")),
  },
  sample(choose) {
    const n = choose.int(1, 3);
    // What begins with another size than the batch is no batch.
    const c = n + choose.int(1, 3);
    const sides = (): readonly [number, number] => [choose.int(1, 7), choose.int(1, 7)];
    return {
      attrs: { mode: choose.pick(["bilinear", "bicubic"] as const) },
      inputs: [
        choose.pick([
          [n, c, ...sides()],
          [1, c, ...sides()],
          [c, ...sides()],
        ]),
        [n, choose.int(1, 3), ...sides()],
      ],
    };
  },
});

/** A learned [C, h, w]. */
function isTable(shape: Shape): boolean {
  return shape.length === 3 && shape.every((dim) => fixedSize(dim) !== undefined);
}
