/** Windows that convolutions and pools move over maps. */
import { InternalError } from "../../errors/must.ts";
import type { OnnxNode } from "./graph.ts";
import { at, expectEqual, ints, type Sizes } from "./sizes.ts";

/** What moves over a map. InternalError where attributes do not go with the kernel. */
export function window(
  { attrs }: OnnxNode,
  kernel: Sizes,
): { readonly strides: Sizes; readonly dilations: Sizes; readonly pads: Sizes } {
  const each = (value: number, name: string, count = kernel.length): Sizes => {
    const given = ints(attrs[name]) ?? new Array<number>(count).fill(value);
    expectEqual(given.length, count, name);
    return given;
  };
  return { strides: each(1, "strides"), dilations: each(1, "dilations"), pads: each(0, "pads", 2 * kernel.length) };
}

/** The sides that a window gives, the last incomplete step left out. */
export function windowed(node: OnnxNode, sides: Sizes, kernel: Sizes): Sizes {
  const { strides, dilations, pads } = window(node, kernel);
  return sides.map((size, i) => {
    const covered = size + at(pads, i) + at(pads, i + kernel.length) - at(dilations, i) * (at(kernel, i) - 1) - 1;
    if (covered < 0) throw new InternalError("its window is larger than the padded input");
    return Math.floor(covered / at(strides, i)) + 1;
  });
}
