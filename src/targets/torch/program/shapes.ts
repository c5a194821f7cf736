/** Shapes as docstrings have them. */
import { areaDim, formatDim } from "../../../ir/dim.ts";
import type { Shape } from "../../../ir/shape.ts";

/** `channels` is what stands in the place of C. */
export function relativeShape(shape: Shape, base: Shape, channels: string): string {
  const sizes = relativeSizes(shape, base);
  return `[N, ${channels}${sizes === "" ? "" : `, ${sizes}`}]`;
}

/** `H/2, W/2`, where `base`, the block's first input, is [N, C, H, W]; `H*W/4` of tokens. What is no part of its sides is said of the image's; nothing for a vector. */
export function relativeSizes(shape: Shape, base: Shape): string {
  const [, , height, width] = base;
  const area = height === undefined || width === undefined ? undefined : areaDim(height, width);
  const sizes = shape.slice(2).map((dim, i) => {
    const whole = dim.symbol === "HW" && area !== undefined;
    const reference = whole ? area : base[i + 2];
    if (height === undefined || dim.symbol !== reference?.symbol) return formatDim(dim);
    const symbol = whole ? "H*W" : i === 0 ? "H" : "W";
    const ratio = (dim.num * reference.den) / (dim.den * reference.num);
    const scaled = ratio === 1 ? symbol : ratio > 1 ? `${ratio}*${symbol}` : `${symbol}/${Math.round(1 / ratio)}`;
    const extra = dim.offset / dim.den - (reference.offset / reference.den) * ratio;
    return extra === 0 ? scaled : `${scaled} ${extra < 0 ? "-" : "+"} ${Math.abs(extra)}`;
  });
  return sizes.join(", ");
}
