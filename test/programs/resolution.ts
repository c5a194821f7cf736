/** Changes of resolution, as DSL calls. */
import {
  avgPool2d,
  blur,
  concat,
  convTranspose2d,
  haarDwt,
  haarIdwt,
  maxPool2d,
  pad,
  pixelShuffle,
  pixelUnshuffle,
  resize,
  upsample,
} from "../../dsl/authoring.ts";
import type { ConvKind, Down, Up } from "./generate.ts";
import { convs, matched, type Built, type Layer, type FeatureMap, type Names, type Place } from "./place.ts";

/** Down by a whole factor; what cannot do that factor averages. */
export function buildDown(down: Down, factor: number, place: Place): Built {
  const { names, channels } = place;
  switch (down.kind) {
    case "avgPool2d":
      return { channels, apply: (x) => avgPool2d(x, { size: factor }) };
    case "maxPool2d":
      return { channels, apply: (x) => maxPool2d(x, { size: factor }) };
    case "overlapping means":
      return { channels, apply: (x) => avgPool2d(x, { ...overlapping(factor), countIncludePad: false }) };
    case "overlapping maxima":
      return { channels, apply: (x) => maxPool2d(x, { size: factor + 1, stride: factor, ceilMode: true }) };
    case "pixelUnshuffle":
      return { channels: channels * factor * factor, apply: (x) => pixelUnshuffle(x, { factor }) };
    case "blur":
      return { channels, apply: (x) => blur(x, { stride: factor, padding: 1 }) };
    case "conv":
      return stridedConv(down.of, down.window, factor, { names, channels, out: down.out });
    case "haarDwt": {
      if (factor === 3) return buildDown({ kind: "avgPool2d" }, factor, place);
      const { keep, scale } = down;
      const first: Layer = (x) => (factor === 4 ? haarDwt(x, { scale }).low : x);
      return {
        channels: keep === "low" ? channels : 4 * channels,
        apply: (x) => haarDwt(first(x), { scale })[keep],
      };
    }
    case "both": {
      const [left, right] = [buildDown(down.left, factor, place), buildDown(down.right, factor, place)];
      return { channels: left.channels + right.channels, apply: (x) => concat(left.apply(x), right.apply(x)) };
    }
  }
}

/** Windows that give as many outputs as cells side by side do. */
function overlapping(factor: number): { readonly size: number; readonly stride: number; readonly padding: number } {
  return { size: factor + 2, stride: factor, padding: 1 };
}

type Window = Extract<Down, { kind: "conv" }>["window"];

/** Halves by one of the usual windows; any other factor by cells of its size. */
function stridedConv(
  of: ConvKind,
  window: Window,
  factor: number,
  { names, channels, out }: { readonly names: Names; readonly channels: number; readonly out: number },
): Built {
  const make = (kernel: number, padding: number): Layer =>
    names.add("down", convs[of]({ in: channels, out, kernel, padding, stride: factor }));
  if (factor !== 2) return { channels: out, apply: make(factor, 0) };
  if (window === "k3 padded apart") {
    const conv = make(3, 0);
    return { channels: out, apply: (x) => conv(pad(x, { bottom: 1, right: 1 })) };
  }
  const [kernel, padding] = ({ k2: [2, 0], k3: [3, 1], k4: [4, 1] } as const)[window];
  return { channels: out, apply: make(kernel, padding) };
}

/** Up by a whole factor. */
export function buildUp(up: Up, factor: number, place: Place): Built {
  const { channels, names } = place;
  switch (up) {
    case "pixelShuffle": {
      const out = Math.min(channels, 2);
      const cells = matched(place, out * factor * factor);
      return { channels: out, apply: (x) => pixelShuffle(cells.apply(x), { factor }) };
    }
    case "convTranspose2d": {
      const window = { kernel: 3, padding: 1, stride: factor, outputPadding: factor - 1 };
      return { channels, apply: names.add("up", convTranspose2d({ in: channels, out: channels, ...window })) };
    }
    case "nearest":
    case "bilinear":
    case "bicubic":
      return { channels, apply: (x) => resize(x, { factor, mode: up }) };
    case "haarIdwt":
      if (factor !== 3) return inverseHaar(factor, place);
      return buildUp("upsample", factor, place);
    case "upsample":
      return { channels, apply: (x) => upsample(x, { factor }) };
  }
}

/** Bands of few channels, joined once or twice. */
function inverseHaar(factor: number, place: Place): Built {
  const times = factor === 4 ? 2 : 1;
  const out = Math.min(place.channels, 2);
  const bands = matched(place, out * 4 ** times);
  return { channels: out, apply: (x) => Array.from({ length: times }).reduce<FeatureMap>((y) => haarIdwt(y), bands.apply(x)) };
}
