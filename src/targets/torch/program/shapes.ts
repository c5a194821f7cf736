/** Shapes as docstrings have them. */
import { formatShape, type Shape } from "../../../ir/shape.ts";

/** `channels` is what stands in the place of C. */
export function relativeShape(shape: Shape, base: Shape, channels: string): string {
  const sizes = relativeSizes(shape, base);
  return `[N, ${channels}${sizes === "" ? "" : `, ${sizes}`}]`;
}

/** `H/2, W/2`, where `base`, the block's first input, is [N, C, H, W]; nothing for a vector. */
export function relativeSizes(shape: Shape, base: Shape): string {
  const [, , height] = base;
  const sizes = shape.slice(2).map((dim, i) => {
    const reference = base[i + 2];
    if (height === undefined || reference === undefined) return formatShape([dim]).slice(1, -1);
    const symbol = i === 0 ? "H" : "W";
    const ratio = (dim.num * reference.den) / (dim.den * reference.num);
    const scaled = ratio === 1 ? symbol : ratio > 1 ? `${ratio}*${symbol}` : `${symbol}/${Math.round(1 / ratio)}`;
    const extra = dim.offset / dim.den - (reference.offset / reference.den) * ratio;
    return extra === 0 ? scaled : `${scaled} ${extra < 0 ? "-" : "+"} ${Math.abs(extra)}`;
  });
  return sizes.join(", ");
}
