/** Kinds of attention, as steps. */
import {
  adaptiveAvgPool2d,
  adaptiveMaxPool2d,
  add,
  attention,
  avgPool2d,
  clamp,
  globalPool,
  matmul,
  parameter,
  resizeTo,
  relativePositionBias,
  scale,
  softmax,
  tokens,
  untokens,
  upsample,
  windowAttention,
} from "../../dsl/authoring.ts";
import type { Layer, Place } from "./place.ts";

/** Of a map of twice the size, whose windows of two are whole whatever the size is. */
export function windows({ names, channels }: Place): Layer {
  const bias = names.add("bias", relativePositionBias({ windowSize: 2, heads: channels }));
  return (x) => {
    const large = upsample(x, { factor: 2 });
    const mixed = windowAttention(large, large, large, bias(), { heads: channels, windowSize: 2, shift: 1 });
    return avgPool2d(mixed, { size: 2 });
  };
}

/** Of channels to channels, by products of their positions. */
export function channelAttention({ channels }: Place): Layer {
  return (x) => {
    const limited = tokens(clamp(x, { min: -1, max: 1 }));
    const scores = softmax(scale(matmul(limited, limited, { transposed: "second" }), { factor: 1 / (8 * channels) }));
    return untokens(matmul(scores, tokens(x), { transposed: "first" }), x);
  };
}

/** Of cells of fixed number, which can have a learned bias. */
export function adaptivePool({ names }: Place): Layer {
  const bias = names.add("bias", parameter({ shape: [1, 6, 6], init: 1, distribution: "normal" }));
  return (x) => {
    const cells = adaptiveAvgPool2d(x, { outputSize: [2, 3] });
    const mixed = attention(cells, adaptiveMaxPool2d(x, { outputSize: [2, 3] }), cells, bias());
    return add(x, globalPool(mixed, { reduction: "mean" }));
  };
}

/** A learned table of positions, interpolated to the sides of the map. */
export function positions({ names, channels }: Place): Layer {
  const table = names.add("positions", parameter({ shape: [channels, 3, 2], init: 0.5, distribution: "normal" }));
  return (x) => add(x, resizeTo(table(), x, { mode: "bicubic" }));
}

/** Cells of fixed number, interpolated back. */
export const resizedCells = (): Layer => (x) => add(x, resizeTo(adaptiveAvgPool2d(x, { outputSize: [2, 3] }), x));
