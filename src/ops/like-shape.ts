import type { OnnxWriter } from "../ir/onnx.ts";
import { channelsOf, type Shape } from "../ir/shape.ts";

/** Reshapes `values`, an image's values in order, to `channels` at the positions of `like`. */
export function likeShape(writer: OnnxWriter, values: string, like: string, shape: Shape, channels: number): string {
  return writer.node("Reshape", [values, sizesLike(writer, like, shape, channels)]);
}

function sizesLike(writer: OnnxWriter, like: string, shape: Shape, channels: number): string {
  if (channelsOf(shape) === channels) return writer.node("Shape", [like]);
  // 0 is the batch, as it is.
  if (shape.length === 3) return writer.ints(`sequence_of_${channels}`, [0, channels, -1]);
  const before = writer.ints(`batch_and_${channels}`, [0, channels]);
  if (shape.length === 2) return before;
  return writer.node("Concat", [before, writer.node("Shape", [like], { start: 2 })], { axis: 0 });
}
