/** Convolutions whose sides differ in everything, as steps. */
import fc from "fast-check";
import { avgPool2d, conv2d, upsample } from "../../dsl/authoring.ts";
import { paddingModes } from "../../src/ops/border.ts";
import type { Built, Layer, Place } from "./place.ts";

type Pair = readonly [height: number, width: number];

/** Of a map of four times the size, so that every border has something to mirror and every stride comes out whole. */
export interface RectangularStep {
  readonly kind: "rectangular";
  readonly out: number;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly dilation: Pair;
  readonly paddingMode: (typeof paddingModes)[number];
  readonly bias: boolean;
}

const pairOf = (...sizes: number[]): fc.Arbitrary<Pair> => fc.tuple(fc.constantFrom(...sizes), fc.constantFrom(...sizes));

export const rectangular: fc.Arbitrary<RectangularStep> = fc.record({
  kind: fc.constant("rectangular"),
  out: fc.integer({ min: 1, max: 4 }),
  kernel: pairOf(1, 2, 3, 4),
  stride: pairOf(1, 2, 4),
  dilation: pairOf(1, 2),
  paddingMode: fc.constantFrom(...paddingModes),
  bias: fc.boolean(),
});

const enlarged = 4;

export function buildRectangular(step: RectangularStep, { names, channels }: Place): Built {
  const { out, stride, dilation, paddingMode, bias } = step;
  const both = (of: (side: 0 | 1) => number): Pair => [of(0), of(1)];
  // Without a stride nothing but an odd reach keeps the size.
  const kernel = both((side) =>
    stride[side] === 1 && (dilation[side] * (step.kernel[side] - 1)) % 2 === 1 ? step.kernel[side] - 1 : step.kernel[side],
  );
  const padding = both((side) => Math.floor((dilation[side] * (kernel[side] - 1)) / 2));
  const conv: Layer = names.add("conv", conv2d({ in: channels, out, kernel, stride, dilation, padding, paddingMode, bias }));
  const size = both((side) => enlarged / stride[side]);
  const apply: Layer = (x) => {
    const windows = conv(upsample(x, { factor: enlarged }));
    return size.every((side) => side === 1) ? windows : avgPool2d(windows, { size });
  };
  return { channels: out, apply };
}
