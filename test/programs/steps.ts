/** Steps that keep the resolution, as DSL calls. */
import {
  add,
  attention,
  avgPool2d,
  batchNorm2d,
  block,
  chunk,
  clamp,
  concat,
  conv2d,
  dropout,
  equalizedLinear,
  groupNorm,
  layers,
  leakyRelu,
  linear,
  mul,
  pad,
  relu,
  scale,
  sigmoid,
  silu,
  slice,
  tanh,
  upsample,
  abs,
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  mish,
  neg,
  quickGelu,
  sin,
  softplus,
  exp,
  log,
  sqrt,
  rsqrt,
  pow,
  prelu,
  snake,
  div,
  sub,
  globalPool,
  parameter,
  layerNorm,
  linearAttention,
  groupedChunk,
  rmsNorm,
  instanceNorm,
  softmax,
  split,
  repeatInterleave,
  channelMean,
  stochasticDepth,
  tokens,
  untokens,
} from "../../dsl/authoring.ts";
import type { ActivationKind, BlockStep, Join, Step } from "./generate.ts";
import { buildRectangular } from "./rectangular.ts";
import { oneEntry, rounding } from "./rounding.ts";
import { adaptivePool, channelAttention, positions, resizedCells, windows } from "./windows.ts";
import { convs, identity, matched, Names, type Built, type Layer, type FeatureMap, type Place } from "./place.ts";
import { buildDown, buildUp } from "./resolution.ts";

/** What programs do with single values; functions with a domain get values that lie in it. */
const activations: Readonly<Record<ActivationKind, (place: Place) => Layer>> = {
  silu: () => silu,
  relu: () => relu,
  leakyRelu: () => leakyRelu,
  tanh: () => tanh,
  sigmoid: () => sigmoid,
  gelu: () => gelu,
  quickGelu: () => quickGelu,
  elu: () => elu,
  softplus: () => softplus,
  mish: () => mish,
  hardSwish: () => hardSwish,
  hardSigmoid: () => hardSigmoid,
  abs: () => abs,
  neg: () => neg,
  sin: () => sin,
  exp: () => (x) => exp(clamp(x, { min: -4, max: 2 })),
  log: () => (x) => log(clamp(x, { min: 0.25, max: 4 })),
  sqrt: () => (x) => sqrt(clamp(x, { min: 0.25, max: 4 })),
  rsqrt: () => (x) => rsqrt(clamp(x, { min: 0.25, max: 4 })),
  pow: () => (x) => pow(clamp(x, { min: -3, max: 3 }), { exponent: 2 }),
  softsign: () => (x) => div(x, add(abs(x), 1)),
  oneMinus: () => (x) => sub(1, x),
  squeezeExcite: () => (x) => mul(x, sigmoid(globalPool(x, { reduction: "mean" }))),
  layerScale({ names, channels }) {
    const gamma = names.add("gamma", parameter({ shape: [channels, 1, 1], init: 0.5, distribution: "normal" }));
    return (x) => mul(x, gamma());
  },
  ...{ positions, resizedCells },
  prelu: ({ names, channels }) => names.add("act", prelu({ channels })),
  snake: ({ names, channels }) => names.add("act", snake({ channels })),
  layerNorm: ({ names, channels }) => names.add("norm", layerNorm({ channels })),
  rmsNorm: ({ names, channels }) => names.add("norm", rmsNorm({ channels, bias: true })),
  softmax: () => softmax,
  repeatAndMean:
    ({ channels }) =>
    (x) => {
      const [one, two] = split(repeatInterleave(x, { repeats: 3 }), { sizes: [1, 2], groups: channels });
      return add(one, channelMean(two, { size: 2 }));
    },
  stochasticDepth: ({ names }) => names.add("drop", stochasticDepth({ rate: 0.1 })),
  roundSte: rounding,
  vectorQuantizer: oneEntry,
  tokens({ names, channels }) {
    const norm = names.add("norm", layerNorm({ channels }));
    const mix = names.add("mix", linear({ in: channels, out: channels }));
    return (x) => untokens(mix(add(norm(tokens(x)), globalPool(x, { reduction: "mean" }))), x);
  },
  channelAttention,
  adaptivePool,
  linearAttention({ names, channels }) {
    const project = names.add("qkv", linear({ in: channels, out: 6 * channels }));
    return (x) => {
      const [q, k, v] = groupedChunk(project(x), { chunks: 3, groups: 2 * channels });
      const mixed = linearAttention(tokens(q), exp(clamp(k, { min: -1, max: 1 })), v, { heads: 2 });
      return channelMean(untokens(mixed, x), { size: 2 });
    };
  },
  windows,
  // A single position has no deviation.
  instanceNorm({ names, channels }) {
    const norm = names.add("norm", instanceNorm({ channels, eps: 1e-2, affine: true }));
    return (x) => avgPool2d(norm(upsample(x, { factor: 2 })), { size: 2 });
  },
};

/** Wider maps are brought down, so that programs stay small. */
const [maxChannels, maxStride] = [16, 16];

/** The largest divisor of `count` that is at most `wish`. */
function divisor(count: number, wish: number): number {
  for (let candidate = Math.min(count, wish); candidate > 1; candidate--) if (count % candidate === 0) return candidate;
  return 1;
}

/** One step after the other. */
export function sequence(steps: readonly Step[], place: Place): Built {
  let channels = place.channels;
  const applied: Layer[] = [];
  for (const step of steps) {
    const built = buildStep(step, { ...place, channels });
    applied.push(built.apply);
    channels = built.channels;
    if (channels > maxChannels) {
      applied.push(matched({ ...place, channels }, maxChannels).apply);
      channels = maxChannels;
    }
  }
  return { channels, apply: (x) => applied.reduce((y, apply) => apply(y), x) };
}

/** `steps`, then the channels that arrived. */
function preserving(steps: readonly Step[], place: Place): Layer {
  const body = sequence(steps, place);
  const match = matched({ ...place, channels: body.channels }, place.channels);
  return (x) => match.apply(body.apply(x));
}

const builders: { readonly [K in Step["kind"]]: (step: Extract<Step, { kind: K }>, place: Place) => Built } = {
  conv({ of, out: wish, kernel, bias, groups: groupWish, padding, ...plain }, { names, channels }) {
    const groups = of === "conv2d" ? divisor(channels, groupWish) : 1;
    const out = Math.ceil(wish / groups) * groups;
    const { paddingMode } = plain;
    // Maps may be of one position, which goes round once.
    const dilation = of !== "conv2d" || paddingMode === "circular" ? 1 : plain.dilation;
    const around = (dilation * (kernel - 1)) / 2;
    const config = { in: channels, out, kernel, bias, padding: padding === "layer" ? around : 0 };
    const conv = names.add("conv", of === "conv2d" ? conv2d({ ...config, groups, dilation, paddingMode }) : convs[of](config));
    const border = { top: around, left: around, bottom: around, right: around };
    const apply: Layer =
      padding === "layer" ? conv : padding === "before" ? (x) => conv(pad(x, border)) : (x) => pad(conv(x), border);
    return { channels: out, apply };
  },
  rectangular: buildRectangular,
  linear: ({ equalized, out, bias }, { names, channels }) => ({
    channels: out,
    apply: names.add("linear", (equalized ? equalizedLinear : linear)({ in: channels, out, bias })),
  }),
  groupNorm({ groups, eps }, { names, channels }) {
    const config = groups === 0 ? { channels, eps } : { channels, eps, groups: divisor(channels, groups) };
    return { channels, apply: names.add("norm", groupNorm(config)) };
  },
  batchNorm2d: (_, { names, channels }) => ({ channels, apply: names.add("norm", batchNorm2d({ channels })) }),
  dropout: ({ rate }, { names, channels }) => ({ channels, apply: names.add("drop", dropout({ rate })) }),
  activation: ({ of }, place) => ({ channels: place.channels, apply: activations[of](place) }),
  scale: ({ factor }, { channels }) => ({ channels, apply: (x) => scale(x, { factor }) }),
  clamp: ({ min, max }, { channels }) => ({ channels, apply: (x) => clamp(x, { min, max }) }),
  slice(step, { channels }) {
    const start = Math.min(step.start, channels - 1);
    const stop = Math.min(start + step.length, channels);
    return { channels: stop - start, apply: (x) => slice(x, { start, stop }) };
  },
  attention({ heads: wish, project }, { names, channels, stride }) {
    const heads = divisor(channels, wish);
    const point = (name: string): Layer => names.add(name, conv2d({ in: channels, out: channels, kernel: 1 }));
    const [query, key, value] = project ? [point("query"), point("key"), point("value")] : [identity, identity, identity];
    const attend: Layer = (x) => attention(query(x), key(x), value(x), { heads });
    // The cost is quadratic in the positions.
    const factor = Math.ceil(4 / stride);
    const coarse: Layer = (x) => add(x, upsample(attend(avgPool2d(x, { size: factor })), { factor }));
    return { channels, apply: factor === 1 ? attend : coarse };
  },
  chunk({ chunks: wish, first }, place) {
    const chunks = divisor(place.channels, wish);
    const body = sequence(first, { ...place, channels: place.channels / chunks });
    const apply: Layer = (x) => {
      const [head, ...rest] = chunk(x, { chunks }) as readonly [FeatureMap, ...FeatureMap[]];
      const [last, ...others] = [body.apply(head), ...rest].toReversed() as [FeatureMap, ...FeatureMap[]];
      return concat(last, ...others);
    };
    return { channels: place.channels - place.channels / chunks + body.channels, apply };
  },
  coarse({ factor: wish, down, inner, up }, place) {
    const powerOfTwo = Number.isInteger(Math.log2(place.stride));
    const factor = wish === 3 && !powerOfTwo ? 2 : wish;
    // Sizes have to be multiples of all strides; beyond a bound the bracket is left out.
    if (place.stride * factor > maxStride) return sequence(inner, place);
    const before = buildDown(down, factor, place);
    const body = sequence(inner, { ...place, channels: before.channels, stride: place.stride * factor });
    const after = buildUp(up, factor, { ...place, channels: body.channels });
    return { channels: after.channels, apply: (x) => after.apply(body.apply(before.apply(x))) };
  },
  branch({ left, right, join }, place) {
    const [a, b] = [sequence(left, place), sequence(right, place)];
    return joined(join, a, b, place);
  },
  skip({ body: steps, join }, place) {
    return joined(join, { channels: place.channels, apply: identity }, sequence(steps, place), place);
  },
  shared({ body, second }, place) {
    const { names, channels, stride } = place;
    const conv = names.add("conv", conv2d({ in: channels, out: channels }));
    const rest = preserving(body, { ...place, stride: second === "coarse" ? 2 * stride : stride });
    const layer: Layer = (x) => rest(conv(x));
    if (second === "after" || 2 * stride > maxStride) return { channels, apply: (x) => layer(silu(layer(x))) };
    return { channels, apply: (x) => add(layer(x), upsample(layer(avgPool2d(x, { size: 2 })), { factor: 2 })) };
  },
  block(step, place) {
    const { names, channels } = place;
    const create = userBlock(step, place.stride);
    const instances = (step.array ? step.widths : step.widths.slice(0, 1)).map((width) => create({ channels, width }));
    if (step.array) names.add("blocks", instances);
    else instances.forEach((instance) => names.add("block", instance));
    return { channels, apply: (x) => instances.reduce((y, instance) => summed(instance(y)), x) };
  },
};

function buildStep<K extends Step["kind"]>(step: Extract<Step, { kind: K }>, place: Place): Built {
  return (builders[step.kind] as (step: Extract<Step, { kind: K }>, place: Place) => Built)(step, place);
}

/** Two paths from one map, brought to the left one's channels where the join needs it. */
function joined(join: Join, left: Built, right: Built, place: Place): Built {
  if (join === "concat") {
    return { channels: left.channels + right.channels, apply: (x) => concat(left.apply(x), right.apply(x)) };
  }
  const { channels } = left;
  const match = matched({ ...place, channels: right.channels }, channels);
  const merge = join === "add" ? add : join === "mul" ? mul : place.names.add("merge", Merge({ channels }));
  return { channels, apply: (x) => merge(left.apply(x), match.apply(right.apply(x))) };
}

/** A block of two inputs. */
const Merge = block("Merge", ({ channels }: { readonly channels: number }) => {
  const { gate } = layers({ gate: conv2d({ in: channels, out: channels, kernel: 1 }) });
  return (x: FeatureMap, y: FeatureMap): FeatureMap => add(mul(sigmoid(gate(x)), y), x);
});

type Returned = FeatureMap | readonly FeatureMap[] | Readonly<Record<string, FeatureMap>>;

/** A kind of block whose channels go to `width` and back. */
function userBlock({ name, body, returns }: BlockStep, stride: number): (config: BlockConfig) => (x: FeatureMap) => Returned {
  return block(name, ({ channels, width }: BlockConfig) => {
    const names = new Names();
    const conv_in = names.add("conv_in", conv2d({ in: channels, out: width, kernel: 1 }));
    const inner = sequence(body, { names, channels: width, stride });
    const conv_out = names.add("conv_out", conv2d({ in: inner.channels, out: channels }));
    names.close();
    return (x: FeatureMap): Returned => {
      const y = conv_out(inner.apply(conv_in(x)));
      return returns === "one" ? y : returns === "array" ? [y, x] : { residual: y, input: x };
    };
  });
}

/** The sum of what a block returned. */
function summed(returned: Returned): FeatureMap {
  const maps = "residual" in returned ? Object.values(returned) : returned;
  return Array.isArray(maps) ? (maps as readonly FeatureMap[]).reduce((x, y) => add(x, y)) : (maps as FeatureMap);
}

type BlockConfig = Readonly<Record<"channels" | "width", number>>;
