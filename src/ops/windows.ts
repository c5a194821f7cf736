/** The reach of ops that look at windows, or at cells side by side. */
import { sidesOf, type Pair } from "../ir/attributes.ts";
import type { Span, Spans } from "../ir/reach.ts";

interface Window {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly padding: number;
}

type Windows = { readonly [Name in keyof Window]?: Pair };

/** Both sides of a rule for one. */
function along({ kernel = 1, stride = 1, dilation = 1, padding = 0 }: Windows, rule: (window: Window) => Span): Spans {
  const [kernels, strides, dilations, paddings] = [sidesOf(kernel), sidesOf(stride), sidesOf(dilation), sidesOf(padding)];
  const spans = (side: 0 | 1): readonly Span[] => [
    rule({ kernel: kernels[side], stride: strides[side], dilation: dilations[side], padding: paddings[side] }),
  ];
  return { height: spans(0), width: spans(1) };
}

/** A window at every `stride`, the first of them `padding` before the map. */
export function windowReach(windows: Windows): Spans {
  return along(windows, ({ kernel, stride, dilation, padding }) => ({
    stride,
    divisor: 1,
    low: -padding,
    high: dilation * (kernel - 1) - padding,
  }));
}

/** The same where the map is mirrored at its border: windows beyond it see as far into it. */
export function mirroredReach(windows: Windows): Spans {
  return along(windows, ({ kernel, stride, dilation, padding }) => {
    const across = dilation * (kernel - 1);
    return { stride, divisor: 1, low: Math.min(-padding, across - 3 * padding), high: Math.max(across - padding, padding) };
  });
}

/** What a window of outputs at every `stride` adds up in: the transpose of `windowReach`. */
export function transposedReach(windows: Windows): Spans {
  return along(windows, ({ kernel, stride, dilation, padding }) => ({
    stride: 1,
    divisor: stride,
    low: padding - dilation * (kernel - 1) + stride - 1,
    high: padding,
  }));
}

/** Every position of the input fills a cell of `factor`×`factor`. */
export function enlargedReach(factor: number): Spans {
  return along({}, () => ({ stride: 1, divisor: factor, low: 0, high: 0 }));
}

/** Every position is made of a cell of `factor`×`factor`. */
export function reducedReach(factor: number): Spans {
  return windowReach({ kernel: factor, stride: factor });
}
