/** What convolutions and pools add around a map, beside zeros. */
import { ShapeError } from "../errors/index.ts";
import { sidesOf, type Pair } from "../ir/attributes.ts";
import { fixedSize, type Dim } from "../ir/dim.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { formatShape, type Shape } from "../ir/shape.ts";

export const paddingModes = ["zeros", "reflect", "replicate", "circular"] as const;
type PaddingMode = (typeof paddingModes)[number];

/** Positions at the top, at the left, at the bottom and at the right. */
export type Border = readonly [top: number, left: number, bottom: number, right: number];

/** The same before and after. */
export function evenBorder(padding: Pair): Border {
  const [height, width] = sidesOf(padding);
  return [height, width, height, width];
}

/** Both borders, one around the other. */
export function addedBorder(inner: Border, outer: Border): Border {
  return [inner[0] + outer[0], inner[1] + outer[1], inner[2] + outer[2], inner[3] + outer[3]];
}

export function noBorder(border: Border): boolean {
  return border.every((positions) => positions === 0);
}

/** Refuses a border that is larger than what it is made of. */
export function expectBorder(shape: Shape, padding: Pair, mode: PaddingMode): void {
  if (mode !== "reflect" && mode !== "circular") return;
  const [height, width] = sidesOf(padding);
  const least = [height, width].map((positions) => (mode === "reflect" ? positions + 1 : positions));
  // A side that is a symbol may be as large as is needed.
  if (least.every((size, side) => (shape[2 + side] === undefined ? size : (fixedSize(shape[2 + side] as Dim) ?? size)) >= size))
    return;
  throw new ShapeError("the border is larger than what it is made of", {
    expected:
      height === width
        ? `at least ${least[0]} along each side, for ${height} positions of ${mode} padding`
        : `at least ${least.join("×")}, for ${height} and ${width} positions of ${mode} padding`,
    found: formatShape(shape),
    help: 'use less padding, or paddingMode: "replicate"',
  });
}

/** Amounts for Pad. */
export function padsOf(writer: OnnxWriter, border: Border): string {
  const [top, left, bottom, right] = border;
  const name = border.every((positions) => positions === top) ? top : border.join("_");
  return writer.ints(`pads_${name}`, [0, 0, top, left, 0, 0, bottom, right]);
}

/** The map with its border; that of zeros is left to the convolution. */
export function bordered(writer: OnnxWriter, input: string, border: Border, mode: PaddingMode): string {
  if (mode === "zeros" || noBorder(border)) return input;
  if (mode === "circular") {
    const [top, left, bottom, right] = border;
    return wrapped(writer, wrapped(writer, input, [top, bottom], 2), [left, right], 3);
  }
  return writer.node("Pad", [input, padsOf(writer, border)], { mode: mode === "reflect" ? "reflect" : "edge" });
}

/** Pad's mode `wrap` is of opset 19, and few runtimes have it. */
function wrapped(writer: OnnxWriter, map: string, [before, after]: readonly [number, number], axis: number): string {
  if (before === 0 && after === 0) return map;
  const along = writer.ints(`axis_${axis}`, [axis]);
  const part = (start: number, stop: number): string =>
    writer.node("Slice", [map, writer.ints(`border_from_${start}`, [start]), writer.ints(`border_to_${stop}`, [stop]), along]);
  const last = before === 0 ? [] : [part(-before, 2 ** 31 - 1)];
  const first = after === 0 ? [] : [part(0, after)];
  return writer.node("Concat", [...last, map, ...first], { axis });
}
