import { must } from "../errors/must.ts";
import { ShapeError } from "../errors/index.ts";
import { constantDim, dividedDim, sameDim } from "../ir/dim.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { defineOp, torchKeyword } from "../ir/op.ts";
import { pyCall, pySymbol } from "../ir/python.ts";
import { channelsOf, formatShape, type Shape } from "../ir/shape.ts";
import { attended, attendedCounts, attendedShape, headSizes } from "./attending.ts";
import { tableShape } from "./relative-position-bias.ts";
import { featureDims, replaceChannels } from "./rules.ts";

export const windowAttention = defineOp({
  name: "windowAttention",
  doc:
    "Attention within windows of size×size positions (Swin, Liu et al. 2021). With a shift, windows lie that far from the map's corner and go on at the other side, where " +
    "positions that are no neighbours do not see each other. A fourth input is the relative position bias: a number for each of (2·size − 1)² distances and each head, " +
    "added to the scores.",
  inputs: { least: 3, most: 4 },
  attributes: {
    heads: { kind: "count", default: 1, doc: "Heads that attend side by side, each over its own run of channels." },
    windowSize: { kind: "count", doc: "Positions along each side of a window; it divides the sides of the map." },
    shift: {
      kind: "count",
      min: 0,
      default: 0,
      doc: "How far windows are moved, less than their size: half of it in every second block.",
    },
  },
  infer(inputs, { heads, windowSize, shift }) {
    const output = attendedShape(inputs, heads);
    const [query, key] = attended(inputs);
    const [, , ...sides] = featureDims(query);
    if (
      !featureDims(key)
        .slice(2)
        .every((dim, axis) => sameDim(dim, must(sides[axis], "a side")))
    ) {
      throw new ShapeError("queries and keys have different positions", {
        expected: formatShape(replaceChannels(query, channelsOf(key))),
        found: formatShape(key),
        help: "make queries, keys and values of maps of one size: windows hold the same positions of all",
      });
    }
    if (shift >= windowSize) {
      throw new ShapeError("the shift leaves the window", {
        expected: `shift: less than ${windowSize}`,
        found: `shift: ${shift}`,
        help: "shift by half of the window",
      });
    }
    expectTable(inputs[3], heads, windowSize);
    return [output];
  },
  wholes: ([query], { windowSize }) => query.slice(2).map((dim) => dividedDim(dim, windowSize)),
  // Scores, and the weighted sum of values.
  macsRule: "positions · windowSize² · (query channels + value channels)",
  macs(inputs, _, { windowSize }) {
    const { batch, queries, size, width } = attendedCounts(inputs);
    return batch * queries * windowSize ** 2 * (size + width);
  },
  onnx(writer, inputs, { heads, windowSize, shift }) {
    const [query, key, value] = attended(inputs).map((input) => cells(writer, rolled(writer, input, shift), windowSize)) as [
      string,
      string,
      string,
    ];
    const [size, width] = headSizes(writer, heads);
    const area = windowSize ** 2;
    // [N, windows, heads, …]: positions in a window before a head's channels, or for keys behind them.
    const windows = (input: string, channels: number, perm: readonly number[]): string =>
      writer.node(
        "Transpose",
        [writer.node("Reshape", [input, writer.ints(`window_${area}_${heads}_${channels}`, [0, area, heads, channels, -1])])],
        {
          perm,
        },
      );
    const scale = writer.constant(`attention_scale_${size}`, [], [1 / Math.sqrt(size)]);
    const scores = [
      writer.node("MatMul", [
        writer.node("Mul", [windows(query, size, [0, 4, 2, 1, 3]), scale]),
        windows(key, size, [0, 4, 2, 3, 1]),
      ]),
      ...(inputs[3] === undefined ? [] : [positionBias(writer, inputs[3], heads, windowSize)]),
      ...(shift === 0 ? [] : [mask(writer, inputs[0], windowSize, shift)]),
    ].reduce((sum, term) => writer.node("Add", [sum, term]));
    const weights = writer.node("Softmax", [scores], { axis: -1 });
    const mixed = writer.node("MatMul", [weights, windows(value, width, [0, 4, 2, 1, 3])]);
    const joined = writer.node("Transpose", [mixed], { perm: [0, 3, 2, 4, 1] });
    const map = writer.node("DepthToSpace", [writer.node("Reshape", [joined, writer.node("Shape", [value])])], {
      blocksize: windowSize,
    });
    return [rolled(writer, map, -shift)];
  },
  precise: ["MatMul", "Softmax"],
  // Queries, keys and values as windows, which are copies, and the weights.
  saves(inputs, _, { heads, windowSize }) {
    const { batch, queries, size, width } = attendedCounts(inputs);
    return { bytes: 4 * batch * queries * (2 * size + width + heads * windowSize ** 2) };
  },
  // The whole window that a position lies in; over the border none sees what was rolled there.
  reach({ windowSize, shift }) {
    const spans = [
      { stride: 1, divisor: windowSize, low: -shift, high: -shift },
      { stride: windowSize, divisor: 1, low: shift, high: shift + windowSize - 1 },
    ];
    return { height: spans, width: spans };
  },
  torch: {
    kind: "function",
    call: (inputs, { heads, windowSize, shift }) =>
      pyCall(pySymbol("layers", "window_attention"), inputs, {
        ...torchKeyword("heads", heads, 1),
        window_size: windowSize,
        ...torchKeyword("shift", shift, 0),
      }),
  },
  sample(choose) {
    const [heads, windowSize] = [choose.int(1, 3), choose.int(2, 4)];
    const [size, width] = [heads * choose.int(2, 4), heads * choose.int(2, 4)];
    const [n, h, w] = [choose.int(1, 2), windowSize * choose.int(1, 3), windowSize * choose.int(1, 3)];
    return {
      attrs: { heads, windowSize, shift: choose.int(0, windowSize - 1) },
      inputs: [
        [n, size, h, w],
        [n, size, h, w],
        [n, width, h, w],
      ],
    };
  },
});

function expectTable(table: Shape | undefined, heads: number, windowSize: number): void {
  const wanted = tableShape(windowSize, heads).map(constantDim);
  if (table === undefined || (table.length === 2 && wanted.every((dim, axis) => sameDim(dim, must(table[axis], "a size")))))
    return;
  throw new ShapeError("the relative position bias is that of other windows or heads", {
    expected: formatShape(wanted),
    found: formatShape(table),
    help: "make the table by relativePositionBias of the same windowSize and heads",
  });
}

/** Every size×size cell as channels, positions before channels: [N, C, H, W] becomes [N, size²·C, H/size, W/size]. */
function cells(writer: OnnxWriter, map: string, size: number): string {
  return writer.node("SpaceToDepth", [map], { blocksize: size });
}

/** A map whose first `shift` rows and columns go to its end; of a negative shift the last ones to its begin. */
function rolled(
  writer: OnnxWriter,
  map: string,
  shift: number,
  atEnd: (part: string, axis: number) => string = (part) => part,
): string {
  if (shift === 0) return map;
  const at = (place: number): string => writer.ints(`at_${place}`, [place]);
  const end = 2 ** 31 - 1;
  return [2, 3].reduce((x, axis) => {
    const rest = writer.node("Slice", [x, at(shift), at(end), at(axis)]);
    const moved = writer.node("Slice", [x, at(0), at(shift), at(axis)]);
    return writer.node("Concat", [rest, atEnd(moved, axis)], { axis });
  }, map);
}

/** −100 between positions of a window that were no neighbours before the map was rolled: [1, windows, 1, size², size²]. */
function mask(writer: OnnxWriter, map: string, size: number, shift: number): string {
  const number = (value: number): string => writer.constant(`value_${value}`, [], [value]);
  const between = (x: string, low: number, high: number): string => writer.node("Clip", [x, number(low), number(high)]);
  const corner = writer.node("Slice", [
    map,
    writer.ints("at_0_0", [0, 0]),
    writer.ints("at_1_1", [1, 1]),
    writer.ints("at_0_1", [0, 1]),
  ]);
  // What comes from the other side is told by 1 where rows do, by 2 where columns do.
  const told = rolled(writer, between(corner, 0, 0), shift, (part, axis) => writer.node("Add", [part, number(axis - 1)]));
  const windows = writer.node("Reshape", [
    cells(writer, told, size),
    writer.ints(`window_${size ** 2}_1_1`, [0, size ** 2, 1, 1, -1]),
  ]);
  const across = (perm: readonly number[]): string => writer.node("Transpose", [windows], { perm });
  const apart = writer.node("Abs", [writer.node("Sub", [across([0, 4, 2, 1, 3]), across([0, 4, 2, 3, 1])])]);
  return writer.node("Mul", [between(apart, 0, 1), number(-100)]);
}

/** The table's number for every pair of positions: [heads, size², size²]. */
function positionBias(writer: OnnxWriter, table: string, heads: number, size: number): string {
  const places = Array.from({ length: size ** 2 }, (_, i) => [Math.floor(i / size), i % size] as const);
  const indices = places.flatMap(([y, x]) => places.map(([v, u]) => (y - v + size - 1) * (2 * size - 1) + (x - u + size - 1)));
  const pairs = writer.node("Gather", [table, writer.ints(`relative_positions_${size}`, indices)]);
  const area = size ** 2;
  return writer.node("Transpose", [writer.node("Reshape", [pairs, writer.ints(`pairs_${area}_${heads}`, [area, area, heads])])], {
    perm: [2, 0, 1],
  });
}
