import { must } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { areaDim, sameDim } from "../ir/dim.ts";
import { defineOp } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { channelsOf, formatShape, type Shape } from "../ir/shape.ts";
import { likeShape } from "./like-shape.ts";
import { featureDims, replaceChannels, sequenceDims } from "./rules.ts";

export const untokens = defineOp({
  name: "untokens",
  doc: "A token sequence as a map again, with the sides of another: [N, C, H·W] becomes [N, C, H, W].",
  inputs: 2,
  infer(inputs) {
    const [sequence] = inputs;
    const like = must(inputs[1], "the map whose sides it gets");
    const [, , length] = sequenceDims(sequence);
    const [, , h, w] = featureDims(like);
    const area = areaDim(h, w);
    if (area === undefined || !sameDim(area, length)) {
      throw new ShapeError("the sequence has not one token for every position of the map", {
        expected: `a map of as many positions as ${formatShape(sequence)} has tokens`,
        found: formatShape(like),
        help: "pass the map of which tokens made the sequence, or one of its sides",
      });
    }
    return [replaceChannels(like, channelsOf(sequence))];
  },
  view: true,
  onnx(writer, [sequence, like]) {
    const [map, shape] = [like, writer.inputShapes[1]].map((given) => must<unknown>(given, "the map whose sides it gets")) as [
      string,
      Shape,
    ];
    return [likeShape(writer, sequence, map, shape, channelsOf(writer.inputShapes[0]))];
  },
  saves: () => ({}),
  reach: () => "place",
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("layers", "untokens"), inputs) },
  sample(choose) {
    const [n, h, w] = [choose.int(1, 3), choose.int(1, 5), choose.int(2, 5)];
    return {
      attrs: {},
      inputs: [
        [n, choose.int(1, 4), h * w],
        [n, choose.int(1, 4), h, w],
      ],
    };
  },
});
