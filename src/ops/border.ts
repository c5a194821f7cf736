/** What convolutions add around a map, beside zeros. */
import { ShapeError } from "../errors/index.ts";
import { fixedSize } from "../ir/dim.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { formatShape, type Shape } from "../ir/shape.ts";

type PaddingMode = "zeros" | "reflect" | "replicate" | "circular";

/** Refuses a border that is larger than what it is made of. */
export function expectBorder(shape: Shape, padding: number, mode: PaddingMode): void {
  if (mode !== "reflect" && mode !== "circular") return;
  const least = mode === "reflect" ? padding + 1 : padding;
  // A side that is a symbol may be as large as is needed.
  if (shape.slice(2).every((dim) => (fixedSize(dim) ?? least) >= least)) return;
  throw new ShapeError("the border is larger than what it is made of", {
    expected: `at least ${least} along each side, for ${padding} positions of ${mode} padding`,
    found: formatShape(shape),
    help: 'use less padding, or paddingMode: "replicate"',
  });
}

/** The map with its border; that of zeros is left to the convolution. */
export function bordered(writer: OnnxWriter, input: string, padding: number, mode: PaddingMode): string {
  if (mode === "zeros" || padding === 0) return input;
  if (mode === "circular") return [2, 3].reduce((map, axis) => wrapped(writer, map, padding, axis), input);
  const pads = writer.ints(`pads_${padding}`, [0, 0, padding, padding, 0, 0, padding, padding]);
  return writer.node("Pad", [input, pads], { mode: mode === "reflect" ? "reflect" : "edge" });
}

/** Pad's mode `wrap` is of opset 19, and few runtimes have it. */
function wrapped(writer: OnnxWriter, map: string, padding: number, axis: number): string {
  const along = writer.ints(`axis_${axis}`, [axis]);
  const part = (name: string, start: number, stop: number): string =>
    writer.node("Slice", [map, writer.ints(`${name}_from_${start}`, [start]), writer.ints(`${name}_to_${stop}`, [stop]), along]);
  const last = part("border", -padding, 2 ** 31 - 1);
  return writer.node("Concat", [last, map, part("border", 0, padding)], { axis });
}
