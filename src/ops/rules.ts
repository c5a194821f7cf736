/** What the shape rules and lowerings of several ops share. */
import { must, type NonEmpty } from "../errors/must.ts";
import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { constantDim, dividedDim, fixedSize, plusDim, sameDim, timesDim, type Dim } from "../ir/dim.ts";
import { sidesOf, type Attributes, type AttrsOf, type Interval, type Pair } from "../ir/attributes.ts";
import type { ParamSpec, TorchArgument } from "../ir/op.ts";
import { channelsOf, elementCount, formatShape, type Shape } from "../ir/shape.ts";

/** The dims of a feature map [N, C, H, W]; ShapeError for anything else. */
export function featureDims(shape: Shape): readonly [Dim, Dim, Dim, Dim] {
  const [n, c, h, w] = shape;
  if (n === undefined || c === undefined || h === undefined || w === undefined) {
    throw new ShapeError("a feature map is needed here", {
      expected: "[N, C, H, W]",
      found: formatShape(shape),
      help:
        shape.length === 3
          ? "pass a feature map; untokens makes one of a token sequence"
          : "pass a feature map; a vector comes out of globalPool and goes into linear",
    });
  }
  return [n, c, h, w];
}

/** The dims of a token sequence [N, C, L]; ShapeError for anything else. */
export function sequenceDims(shape: Shape): readonly [Dim, Dim, Dim] {
  const [n, c, length] = shape;
  if (shape.length === 3 && n !== undefined && c !== undefined && length !== undefined) return [n, c, length];
  throw new ShapeError("a token sequence is needed here", {
    expected: "[N, C, L]",
    found: formatShape(shape),
    help: "tokens makes a sequence of a feature map",
  });
}

/** Refuses an input whose channel count is not what the layer was built for. */
export function expectChannels(shape: Shape, channels: number, attr: string): void {
  const found = channelsOf(shape);
  if (found === channels) return;
  throw new ShapeError(`${counted(channels, "channel")} ${channels === 1 ? "is" : "are"} expected, ${found} arrive`, {
    expected: formatShape(replaceChannels(shape, channels)),
    found: formatShape(shape),
    help: `set ${attr}: ${found} on this layer, or make the layer before it give ${counted(channels, "channel")}`,
  });
}

/** Refuses inputs of different shapes for an elementwise op. */
export function expectSameShapes(inputs: NonEmpty<Shape>): Shape {
  const [first, ...rest] = inputs;
  expectSameKind(inputs);
  for (const other of rest) {
    if (!first.every((dim, axis) => sameDim(dim, other[axis] as Dim))) {
      const channels = channelsOf(first) !== channelsOf(other);
      throw new ShapeError("the operands have different shapes", {
        expected: formatShape(first),
        found: formatShape(other),
        help: channels
          ? "bring both to the same channel count, for example with a 1×1 conv2d on the shortcut"
          : isNearly(first, other)
            ? nearlyAlike
            : "bring both to the same resolution with avgPool2d or upsample",
      });
    }
  }
  return first;
}

export const nearlyAlike =
  "the sides differ by some positions: set padding, or outputPadding of convTranspose2d, so that the layers before keep them; resizeTo(x, y) interpolates x to the sides of y";

/** Whether sides are alike but for a few positions, as a padding makes them differ. */
export function isNearly(first: Shape, other: Shape): boolean {
  return first.every((dim, axis) => {
    const { num, den, symbol } = other[axis] as Dim;
    return dim.num * den === num * dim.den && dim.symbol === symbol;
  });
}

/**
 * The shape of arithmetic: what comes after the first operand is repeated over it where it has one value for many, as a single number, a value
 * per channel or a learned [C, 1, 1] has. A first operand that is a number or learned is repeated over the second.
 */
export function broadcastShape(inputs: NonEmpty<Shape>): Shape {
  const rank = Math.max(...inputs.map((shape) => shape.length));
  const whole = must(
    inputs.find((shape) => shape.length === rank),
    "the longest shape",
  );
  const perImage = inputs.filter((shape) => shape[0]?.symbol === "N");
  if (perImage.some((shape) => shape.length !== rank)) expectSameKind(inputs);
  for (const shape of inputs) {
    if (shape === whole || shape.every((dim) => fixedSize(dim) === 1 && shape.length < 2)) continue;
    const aligned = whole.slice(whole.length - shape.length);
    // A learned [C] would meet the columns of a map.
    const meets = shape.length === whole.length || shape.length + 1 === whole.length;
    if (meets && shape.every((dim, axis) => fixedSize(dim) === 1 || sameDim(dim, aligned[axis] as Dim))) continue;
    if (shape.length === whole.length) expectSameShapes([whole, shape]);
    throw new ShapeError("an operand cannot be repeated over the other", {
      expected: `${formatShape(whole)}, or 1 in place of any of its sizes`,
      found: formatShape(shape),
      help: helpWithTable(shape, whole),
    });
  }
  return whole;
}

/** A learned tensor with a number for every position is of one size, and images are of any. */
function helpWithTable(shape: Shape, whole: Shape): string {
  const isTable =
    shape.length > 1 &&
    shape.every((dim) => fixedSize(dim) !== undefined) &&
    shape.some((dim, i) => i > 0 && fixedSize(dim) !== 1);
  if (!isTable) return "for a value per channel of a map use the shape [C, 1, 1], of a vector [C]";
  return whole.length === 4
    ? "interpolate a table of positions to the sides of the map: add(x, resizeTo(l.positions(), x))"
    : "learn positions as a map, parameter({ shape: [C, h, w] }), and add them before tokens: tokens(add(x, resizeTo(l.positions(), x)))";
}

/** What a shape with as many axes is. */
const kinds: Readonly<Record<number, string>> = { 2: "vector", 3: "token sequence", 4: "feature map" };

/** Refuses vectors, token sequences and feature maps beside each other. */
export function expectSameKind([first, ...rest]: NonEmpty<Shape>): void {
  const other = rest.find((shape) => shape.length !== first.length);
  if (other === undefined) return;
  const [larger, smaller] = first.length > other.length ? [first, other] : [other, first];
  const kindOf = (shape: Shape): string => kinds[shape.length] ?? "learned tensor";
  throw new ShapeError(`a ${kindOf(larger)} and a ${kindOf(smaller)} do not go together`, {
    expected: `${kindOf(first)}s, as the first operand is: ${formatShape(first)}`,
    found: formatShape(other),
    help:
      smaller.length === 3
        ? "pass two feature maps, or two token sequences: tokens makes a sequence of a feature map, untokens a map of a sequence"
        : "pass two feature maps, or two vectors: globalPool makes a vector of a feature map. add, sub, mul and div repeat a vector over a map that stands before it",
  });
}

/** floor((size + padding − kernel) / stride) + 1, exact where the symbol is a multiple of what the division needs. */
export function windowedDim(dim: Dim, kernel: number, stride: number, padding: number): Dim {
  return steppedDim(dim, stride, (size) => Math.floor((size + padding - kernel) / stride) + 1);
}

/** As many as `count` gives, which gives one more wherever the size is larger by `stride`. */
export function steppedDim(dim: Dim, stride: number, count: (size: number) => number): Dim {
  const fixed = fixedSize(dim);
  if (fixed !== undefined) return constantDim(count(fixed));
  const offset = wholeOffset(dim);
  return plusDim(dividedDim(plusDim(dim, -offset), stride), count(offset));
}

/** What a symbolic size has beside its symbol: of H/2 + 1 it is 1. */
export function wholeOffset(dim: Dim): number {
  return Math.floor(dim.offset / dim.den);
}

/** Scale 1 and, where there is one, shift 0, a number per channel: how every norm starts. */
export function affineOf(channels: number, bias = true): readonly ParamSpec[] {
  const weight: ParamSpec = { role: "weight", shape: [channels], init: { kind: "constant", value: 1 } };
  return bias ? [weight, { role: "bias", shape: [channels], init: { kind: "constant", value: 0 } }] : [weight];
}

export function replaceChannels(shape: Shape, channels: number): Shape {
  return shape.map((dim, axis) => (axis === 1 ? constantDim(channels) : dim));
}

/** [N, C, H·factor, W·factor] with other channels. */
export function scaledSpatially(shape: Shape, channels: number, factor: number): Shape {
  const [n, , h, w] = featureDims(shape);
  const scale = (dim: Dim): Dim => (factor >= 1 ? timesDim(dim, factor) : dividedDim(dim, Math.round(1 / factor)));
  return [n, constantDim(channels), scale(h), scale(w)];
}

/** What keeps a division by a standard deviation finite. */
export const epsInterval = { min: 0, max: 1, open: true } as const satisfies Interval;

/**
 * Half of what a kernel reaches beyond its place, rounded down: at stride 1 an odd kernel keeps the size. 0 where windows do not overlap: cells side
 * by side, as patches are embedded, need no zeros around them.
 */
export function samePadding(kernel: Pair, stride: Pair, dilation: Pair): Pair {
  if (typeof kernel !== "number" || typeof stride !== "number" || typeof dilation !== "number") {
    const [[kh, kw], [sh, sw], [dh, dw]] = [sidesOf(kernel), sidesOf(stride), sidesOf(dilation)];
    return [Number(samePadding(kh, sh, dh)), Number(samePadding(kw, sw, dw))];
  }
  const reach = dilation * (kernel - 1);
  return stride > reach ? 0 : Math.floor(reach / 2);
}

/** What every kind of convolution has. */
export const convAttributes = {
  in: { kind: "count", doc: "Channels of the input." },
  out: { kind: "count", doc: "Channels of the output." },
  kernel: { kind: "pair", default: 3, doc: "Sides of the kernel." },
  stride: { kind: "pair", default: 1, doc: "Distance between neighbouring outputs." },
  padding: {
    kind: "pair",
    min: 0,
    default: {
      from: ["kernel", "stride"],
      rule: (kernel: Pair, stride: Pair) => samePadding(kernel, stride, 1),
      doc: "(kernel − 1)/2 rounded down, which keeps the size for odd kernels; 0 where stride ≥ kernel, since no windows overlap then",
      python: "same_padding",
      pythonDefaults: { stride: 1 },
    },
    doc: "Zeros on every side.",
  },
  bias: { kind: "flag", default: true, doc: "Whether a learned number is added to every output channel." },
} as const satisfies Attributes;

/** Arguments of torch's layers, by the attributes that they are. */
export const biasArgument = { attr: "bias", keyword: "bias", omit: true } as const satisfies TorchArgument;
export const windowArguments = [
  { attr: "in" },
  { attr: "out" },
  { attr: "kernel" },
  { attr: "stride", keyword: "stride", omit: 1 },
  { attr: "padding", keyword: "padding", omit: 0 },
] as const satisfies readonly TorchArgument[];
export const convArguments = [...windowArguments, biasArgument] as const;

type ConvAttrs = AttrsOf<typeof convAttributes>;

export function convShape(shape: Shape, attrs: ConvAttrs & { readonly dilation?: Pair }): Shape {
  const [n, , h, w] = featureDims(shape);
  expectChannels(shape, attrs.in, "in");
  const [kernel, stride] = [sidesOf(attrs.kernel), sidesOf(attrs.stride)];
  const [padding, dilation] = [sidesOf(attrs.padding), sidesOf(attrs.dilation ?? 1)];
  const reach = (side: 0 | 1): number => dilation[side] * (kernel[side] - 1) + 1;
  const along = (dim: Dim, side: 0 | 1): Dim => windowedDim(dim, reach(side), stride[side], 2 * padding[side]);
  const sides = [along(h, 0), along(w, 1)] as const;
  if (sides.some((dim) => (fixedSize(dim) ?? 1) < 1)) {
    const least = [reach(0) - 2 * padding[0], reach(1) - 2 * padding[1]] as const;
    throw new ShapeError("the kernel is larger than its padded input", {
      expected: `at least ${least[0] === least[1] ? `${least[0]} along each side` : `${Math.max(1, least[0])}×${Math.max(1, least[1])}`}`,
      found: formatShape(shape),
      help: "use a smaller kernel or more padding",
    });
  }
  return [n, constantDim(attrs.out), ...sides];
}

/** Refuses groups that do not divide the channels. */
export function expectGroups(attrs: { readonly in: number; readonly out: number; readonly groups: number }): void {
  if (attrs.in % attrs.groups === 0 && attrs.out % attrs.groups === 0) return;
  throw new ShapeError("the groups do not divide the channels", {
    expected: `groups that divide in (${attrs.in}) and out (${attrs.out})`,
    found: `groups: ${attrs.groups}`,
    help: "choose groups that divide both channel counts",
  });
}

/** Output elements · input channels of a group · kernel area. */
export function convMacs([output]: NonEmpty<readonly number[]>, attrs: ConvAttrs, groups = 1): number {
  return elementCount(output) * (attrs.in / groups) * elementCount(sidesOf(attrs.kernel));
}

/** Weight and bias with torch's reset_parameters: both uniform in ±1/√fan_in. */
export function convParams(attrs: ConvAttrs, groups = 1): readonly ParamSpec[] {
  const shape = [attrs.out, attrs.in / groups, ...sidesOf(attrs.kernel)] as const;
  return affineParams(shape, attrs.bias);
}

export function affineParams(shape: NonEmpty<number>, bias: boolean, out = shape[0]): readonly ParamSpec[] {
  const fanIn = elementCount(shape.slice(1));
  const init = { kind: "uniform", bound: 1 / Math.sqrt(fanIn) } as const;
  const weight: ParamSpec = { role: "weight", shape, init };
  return bias ? [weight, { role: "bias", shape: [out], init }] : [weight];
}
