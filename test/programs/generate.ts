/**
 * Random well-typed autoencoders as plain data, so that a failing one shrinks to something a person can read; build.ts makes models of them.
 * Numbers are wishes: what has to divide or match is fitted when the model is built, so that every smaller description is well-typed too.
 */
import fc from "fast-check";
import { rectangular, type RectangularStep } from "./rectangular.ts";

export type ConvKind = "conv2d" | "smcConv2d" | "spectralConv2d" | "equalizedConv2d";
export const activationKinds = [
  "silu",
  "relu",
  "leakyRelu",
  "tanh",
  "sigmoid",
  "gelu",
  "quickGelu",
  "elu",
  "softplus",
  "mish",
  "hardSwish",
  "hardSigmoid",
  "abs",
  "neg",
  "sin",
  "exp",
  "log",
  "sqrt",
  "rsqrt",
  "pow",
  "prelu",
  "snake",
  "layerNorm",
  "rmsNorm",
  "instanceNorm",
  "softmax",
  "tokens",
  "linearAttention",
  "channelAttention",
  "adaptivePool",
  "windows",
  "repeatAndMean",
  "stochasticDepth",
  "roundSte",
  "vectorQuantizer",
  "softsign",
  "oneMinus",
  "squeezeExcite",
  "layerScale",
  "positions",
  "resizedCells",
] as const;
export type ActivationKind = (typeof activationKinds)[number];
export type Join = "add" | "mul" | "concat" | "block";

const downs = ["avgPool2d", "maxPool2d", "overlapping means", "overlapping maxima", "pixelUnshuffle", "blur"] as const;

/** A change of the resolution by a whole factor: down, and below up. */
export type Down =
  | {
      readonly kind: "conv";
      readonly of: ConvKind;
      readonly out: number;
      readonly window: "k2" | "k3" | "k3 padded apart" | "k4";
    }
  | { readonly kind: (typeof downs)[number] }
  | { readonly kind: "haarDwt"; readonly keep: "low" | "bands"; readonly scale: number }
  | { readonly kind: "both"; readonly left: Down; readonly right: Down };

const ups = ["upsample", "haarIdwt", "pixelShuffle", "convTranspose2d", "nearest", "bilinear", "bicubic"] as const;
export type Up = (typeof ups)[number];

/** What keeps the resolution. */
export type Step =
  | {
      readonly kind: "conv";
      readonly of: ConvKind;
      readonly out: number;
      readonly kernel: 1 | 3;
      readonly bias: boolean;
      readonly groups: number;
      /** By the layer itself, or by `pad` before or after it. */
      readonly padding: "layer" | "before" | "after";
      /** What a conv2d adds by itself, and how far apart its kernel looks. */
      readonly paddingMode: "zeros" | "replicate" | "circular";
      readonly dilation: 1 | 2;
    }
  | RectangularStep
  | { readonly kind: "linear"; readonly equalized: boolean; readonly out: number; readonly bias: boolean }
  /** `groups` 0 leaves the number to the layer. */
  | { readonly kind: "groupNorm"; readonly groups: number; readonly eps: number }
  | { readonly kind: "batchNorm2d" }
  | { readonly kind: "dropout"; readonly rate: number }
  | { readonly kind: "activation"; readonly of: ActivationKind }
  | { readonly kind: "scale"; readonly factor: number }
  | ({ readonly kind: "clamp" } & Readonly<Record<"min" | "max", number>>)
  | { readonly kind: "slice"; readonly start: number; readonly length: number }
  | { readonly kind: "attention"; readonly heads: number; readonly project: boolean }
  /** Splits the channels, applies `first` to the first run and joins the runs in reverse. */
  | { readonly kind: "chunk"; readonly chunks: number; readonly first: readonly Step[] }
  /** `inner` at a coarser resolution. */
  | { readonly kind: "coarse"; readonly factor: number; readonly down: Down; readonly inner: readonly Step[]; readonly up: Up }
  | BranchStep
  | SkipStep
  | SharedStep
  | BlockStep;

export interface BranchStep {
  readonly kind: "branch";
  readonly left: readonly Step[];
  readonly right: readonly Step[];
  readonly join: Join;
}

export interface SkipStep {
  readonly kind: "skip";
  readonly body: readonly Step[];
  readonly join: "add" | "concat";
}

/** The same layers applied twice: one after the other, or to the map and to the map at half the resolution. */
export interface SharedStep {
  readonly kind: "shared";
  readonly body: readonly Step[];
  readonly second: "after" | "coarse";
}

/** A user's block with layers of its own; `widths` are the hidden channels of each in an array of them, one for a single block. */
export interface BlockStep {
  readonly kind: "block";
  readonly name: "ResBlock" | "Stage";
  readonly widths: readonly number[];
  readonly array: boolean;
  readonly body: readonly Step[];
  readonly returns: "one" | "array" | "record";
}

/** Everything between one halving of the resolution and the next. */
export interface Level {
  readonly down: Down;
  readonly encode: readonly Step[];
  readonly up: Up;
  readonly decode: readonly Step[];
}

export interface DiscriminatorProgram {
  readonly body: readonly Step[];
  readonly down: Down;
  /** How the logit per image is made, beside those per position: by a layer of its own or by the one that makes those. */
  readonly global: { readonly reduction: "sum" | "mean" | "max"; readonly layer: "linear" | "spectralLinear" | "shared" } | null;
}

export interface Program {
  readonly imageChannels: number;
  readonly latentChannels: number;
  /** Two convolutions around the latent stand beside encoder and decoder. */
  readonly staged: boolean;
  readonly levels: readonly Level[];
  readonly discriminator: DiscriminatorProgram | null;
}

const convKind = fc.constantFrom<ConvKind[]>("conv2d", "smcConv2d", "spectralConv2d", "equalizedConv2d");
const channels = fc.integer({ min: 1, max: 8 });
const up = fc.constantFrom(...ups);

const { down } = fc.letrec<{ down: Down }>((tie) => ({
  down: fc.oneof(
    { maxDepth: 1 },
    fc.record({ kind: fc.constantFrom(...downs) }),
    fc.record({
      kind: fc.constant("conv"),
      of: convKind,
      out: channels,
      window: fc.constantFrom("k2", "k3", "k3 padded apart", "k4"),
    }),
    fc.record({ kind: fc.constant("haarDwt"), keep: fc.constantFrom("low", "bands"), scale: fc.constantFrom(1, 0.5) }),
    fc.record({ kind: fc.constant("both"), left: tie("down"), right: tie("down") }),
  ),
}));

const plain: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("activation"), of: fc.constantFrom(...activationKinds) }),
  rectangular,
  fc.record({
    kind: fc.constant("conv"),
    of: convKind,
    out: channels,
    kernel: fc.constantFrom<(1 | 3)[]>(1, 3),
    bias: fc.boolean(),
    groups: fc.integer({ min: 1, max: 3 }),
    padding: fc.constantFrom<("layer" | "before" | "after")[]>("layer", "before", "after"),
    paddingMode: fc.constantFrom<("zeros" | "replicate" | "circular")[]>("zeros", "replicate", "circular"),
    dilation: fc.constantFrom<(1 | 2)[]>(1, 2),
  }),
  fc.record({ kind: fc.constant("linear"), equalized: fc.boolean(), out: channels, bias: fc.boolean() }),
  fc.record({ kind: fc.constant("groupNorm"), groups: fc.integer({ min: 0, max: 4 }), eps: fc.constantFrom(1e-5, 1e-6) }),
  fc.record({ kind: fc.constant("batchNorm2d") }),
  fc.record({ kind: fc.constant("dropout"), rate: fc.constantFrom(0, 0.1) }),
  fc.record({ kind: fc.constant("scale"), factor: fc.constantFrom(0.5, -1.25) }),
  fc.record({ kind: fc.constant("clamp"), min: fc.constantFrom(-1, 0), max: fc.constantFrom(1, 6) }),
  fc.record({ kind: fc.constant("slice"), start: fc.integer({ min: 0, max: 4 }), length: channels }),
  fc.record({ kind: fc.constant("attention"), heads: fc.integer({ min: 1, max: 3 }), project: fc.boolean() }),
);

const { steps, branch, skip, shared, block } = fc.letrec<{
  readonly step: Step;
  readonly steps: readonly Step[];
  readonly branch: BranchStep;
  readonly skip: SkipStep;
  readonly shared: SharedStep;
  readonly block: BlockStep;
}>((tie) => ({
  steps: fc.array(tie("step"), { maxLength: 3, depthIdentifier: "steps", size: "medium" }),
  step: fc.oneof(
    { maxDepth: 3, depthIdentifier: "steps", withCrossShrink: true },
    { weight: 6, arbitrary: plain },
    { weight: 1, arbitrary: tie("branch") },
    { weight: 1, arbitrary: tie("skip") },
    { weight: 1, arbitrary: tie("shared") },
    { weight: 1, arbitrary: tie("block") },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("chunk"),
        chunks: fc.integer({ min: 1, max: 4 }),
        first: tie("steps"),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("coarse"),
        factor: fc.integer({ min: 2, max: 4 }),
        down,
        inner: tie("steps"),
        up,
      }),
    },
  ),
  branch: fc.record({
    kind: fc.constant("branch"),
    left: tie("steps"),
    right: tie("steps"),
    join: fc.constantFrom<Join[]>("add", "mul", "concat", "block"),
  }),
  skip: fc.record({
    kind: fc.constant("skip"),
    body: tie("steps"),
    join: fc.constantFrom<SkipStep["join"][]>("add", "concat"),
  }),
  shared: fc.record({
    kind: fc.constant("shared"),
    body: tie("steps"),
    second: fc.constantFrom<SharedStep["second"][]>("after", "coarse"),
  }),
  block: fc.record({
    kind: fc.constant("block"),
    name: fc.constantFrom<BlockStep["name"][]>("ResBlock", "Stage"),
    widths: fc.array(channels, { minLength: 1, maxLength: 3 }),
    array: fc.boolean(),
    body: tie("steps"),
    returns: fc.constantFrom<BlockStep["returns"][]>("one", "array", "record"),
  }),
}));

/** What every program has in its encoder beside its changes of resolution, in any order. */
const required: fc.Arbitrary<readonly Step[]> = fc
  .tuple(branch, skip, shared, block)
  .chain((four) => fc.shuffledSubarray(four, { minLength: four.length }));

/** Random programs: each with a branch, a skip, a change of resolution, layers used twice and a user's block. */
export const programs: fc.Arbitrary<Program> = fc
  .record({
    imageChannels: fc.integer({ min: 1, max: 4 }),
    latentChannels: fc.integer({ min: 1, max: 4 }),
    staged: fc.boolean(),
    levels: fc.array(fc.record({ down, encode: steps, up, decode: steps }), { minLength: 1, maxLength: 2 }),
    discriminator: fc.option(
      fc.record({
        body: steps,
        down,
        global: fc.option(
          fc.record({
            reduction: fc.constantFrom<("sum" | "mean" | "max")[]>("sum", "mean", "max"),
            layer: fc.constantFrom<("linear" | "spectralLinear" | "shared")[]>("linear", "spectralLinear", "shared"),
          }),
        ),
      }),
    ),
    required,
  })
  .map(({ required: all, ...program }) => ({
    ...program,
    // Dealt to the levels in turn, around the steps that are there.
    levels: program.levels.map((level, i) => {
      const own = all.filter((_, turn) => turn % program.levels.length === i);
      return { ...level, encode: [...own.slice(0, 1), ...level.encode, ...own.slice(1)] };
    }),
  }));
