/** What pools over windows share, with PyTorch's rules. */
import { ShapeError } from "../errors/index.ts";
import { sidesOf, type Attributes, type Pair } from "../ir/attributes.ts";
import { constantDim, dividedDim, fixedSize, type Dim } from "../ir/dim.ts";
import { torchKeyword, type TorchAttrs } from "../ir/op.ts";
import { pyCall, pyInput, pySame, pySymbol, type PyExpr } from "../ir/python.ts";
import { channelsOf, formatShape, type Shape } from "../ir/shape.ts";
import type { Border } from "./border.ts";
import { featureDims, steppedDim, wholeOffset } from "./rules.ts";

export const poolAttributes = {
  size: { kind: "pair", doc: "Sides of a window." },
  stride: {
    kind: "pair",
    default: { from: ["size"], rule: (size: Pair) => size, doc: "size" },
    doc: "Distance between neighbouring windows.",
  },
} as const satisfies Attributes;

export const ceilMode = {
  kind: "flag",
  default: false,
  doc: "Whether a last window may reach beyond the padded map, if it begins in the map or in the padding before it; such positions count nowhere.",
} as const satisfies Attributes[string];

interface PoolAttrs {
  readonly size: Pair;
  readonly stride: Pair;
  readonly padding: Pair;
  readonly ceilMode: boolean;
}

/** A pool along one side. */
interface Window {
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly ceilMode: boolean;
}

function windowsOf({ size, stride, padding, ceilMode: ceil }: PoolAttrs): readonly [Window, Window] {
  const [sizes, strides, paddings] = [sidesOf(size), sidesOf(stride), sidesOf(padding)];
  const along = (side: 0 | 1): Window => ({ size: sizes[side], stride: strides[side], padding: paddings[side], ceilMode: ceil });
  return [along(0), along(1)];
}

/** Windows over `length` positions. */
function count({ size, stride, padding, ceilMode: ceil }: Window, length: number): number {
  const steps = (length + 2 * padding - size) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const all = Math.ceil(steps) + 1;
  return (all - 1) * stride >= length + padding ? all - 1 : all;
}

/** Cells side by side must come out even, unless the last may be incomplete; overlapping or padded windows leave a rest over, as a convolution does. */
export function poolShape(input: Shape, attrs: PoolAttrs): Shape {
  const [n, , h, w] = featureDims(input);
  const windows = windowsOf(attrs);
  for (const window of windows) expectWithinWindow(window);
  const cells = windows.every(({ size, stride, padding }) => size === stride && padding === 0) && !attrs.ceilMode;
  const along = (dim: Dim, window: Window): Dim =>
    cells ? dividedDim(dim, window.size) : steppedDim(dim, window.stride, (length) => count(window, length));
  const sides = [along(h, windows[0]), along(w, windows[1])] as const;
  if (sides.some((dim) => (fixedSize(dim) ?? 1) <= 0)) {
    throw new ShapeError("the window is larger than its padded input", {
      expected: `at least ${windows.map(({ size, padding }) => size - 2 * padding).join("×")}`,
      found: formatShape(input),
      help: "use a smaller window or more padding",
    });
  }
  return [n, constantDim(channelsOf(input)), ...sides];
}

/** What windows cover beyond the map: the padding, and apart from it what they reach beyond that at the bottom and at the right. */
export function coveredBorder(input: Shape, attrs: PoolAttrs): { readonly padding: Border; readonly beyond: Border } {
  const [, , h, w] = featureDims(input);
  const windows = windowsOf(attrs);
  const past = (dim: Dim, window: Window): number => {
    const length = fixedSize(dim) ?? wholeOffset(dim);
    const reached = (count(window, length) - 1) * window.stride + window.size;
    return Math.max(0, reached - length - 2 * window.padding);
  };
  const [{ padding: top }, { padding: left }] = windows;
  return { padding: [top, left, top, left], beyond: [0, 0, past(h, windows[0]), past(w, windows[1])] };
}

/** The call of one of torch's functions over windows. */
export function torchPool(
  name: string,
  inputs: readonly PyExpr[],
  { size, stride, padding, ceilMode: ceil }: TorchAttrs<{ [Name in keyof PoolAttrs]: PoolAttrs[Name] }>,
  more: Readonly<Record<string, PyExpr>> = {},
): PyExpr {
  return pyCall(pySymbol("F", name), [pyInput(inputs), size, ...(pySame(stride, size) ? [] : [stride])], {
    ...torchKeyword("padding", padding, 0),
    ...torchKeyword("ceil_mode", ceil, false),
    ...more,
  });
}

/** Refuses padding of which a window could be full. */
function expectWithinWindow({ padding, size }: Window): void {
  if (2 * padding <= size) return;
  throw new ShapeError("the padding is more than half of a window", {
    expected: `padding of at most ${Math.floor(size / 2)}`,
    found: `padding: ${padding}`,
    help: "use less padding or a larger size; pad adds zeros without a limit",
  });
}
