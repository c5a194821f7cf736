/**
 * YOLOv10-N (Wang et al. 2024, arXiv:2405.14458), a detector of 80 classes, with both of its heads: the one-to-many head, of which most of the training signal
 * comes, and the one-to-one head, which needs no non-maximum suppression. The keys of the weights are those of the published file. Images are RGB in [0, 1].
 *
 * For each level, P3, P4 and P5 at strides 8, 16 and 32, there are
 * - `distances_p3` [N, 4, H/8, W/8], by the one-to-one head: left, top, right and bottom of a box from the centre of its cell, in cells, so that cell (i, j) has its
 *   left side at 8·(j + ½ − left) pixels;
 * - `scores_p3` [N, classes, H/8, W/8], its probabilities;
 * - `one2one_p3` and `one2many_p3` [N, 64 + classes, H/8, W/8], what losses are made of: logits of 16 bins for each side, then of the classes.
 *
 * What is published, and where `summary` prints it:
 * - 2,775,520 parameters with both heads (THU-MIG/yolov10#226), as here: `npx litevae summary examples/yolov10n.ts --size 640`. Among them are the 16 bins of
 *   `dfl`, 0 to 15, which stay as they are while the others are trained;
 * - 2.3 M parameters and 6.7 GFLOPs (Table 1) with the one-to-one head alone: `npx litevae summary examples/yolov10n-inference.ts --size 640` prints 2,310,624 and
 *   6.758, which are 2·MACs. The paper's are 2,299,264 and 6.756, after batch normalisation is folded into the convolutions (8,800 parameters) and the 3×3
 *   kernel of RepVGGDW into the 7×7 one (2,560).
 */
import {
  add,
  attention,
  batchNorm2d,
  block,
  channelMean,
  chunk,
  concat,
  conv2d,
  layers,
  maxPool2d,
  mul,
  network,
  parameter,
  scale,
  sigmoid,
  silu,
  softmax,
  split,
  upsample,
  type Feature,
} from "litevae/dsl";

/** A layer or block that keeps the sides. */
type Stage = <S extends number>(x: Feature<number, S>) => Feature<number, S>;

const through = <S extends number>(x: Feature<number, S>, stages: readonly Stage[]) => {
  let y = x;
  for (const stage of stages) y = stage(y);
  return y;
};

interface ConvConfig<C extends number, D extends number, K extends number> {
  readonly channels: C;
  readonly out: D;
  readonly kernel: number;
  readonly stride: K;
  readonly groups?: number;
  /** Whether SiLU follows. */
  readonly act?: boolean;
}

/** Convolution, batch normalisation and SiLU. */
const Conv = block("Conv", <C extends number, D extends number, K extends number>(config: ConvConfig<C, D, K>) => {
  const { channels, out, kernel, stride, groups = 1, act = true } = config;
  const { conv, bn } = layers({
    conv: conv2d({ in: channels, out, kernel, stride, padding: Math.floor(kernel / 2), groups, bias: false }),
    bn: batchNorm2d({ channels: out, eps: 1e-3 }),
  });
  return <S extends number>(x: Feature<C, S>) => (act ? silu(bn(conv(x))) : bn(conv(x)));
});

const Bottleneck = block("Bottleneck", ({ channels, shortcut }: { channels: number; shortcut: boolean }) => {
  const { cv1, cv2 } = layers({
    cv1: Conv({ channels, out: channels, kernel: 3, stride: 1 }),
    cv2: Conv({ channels, out: channels, kernel: 3, stride: 1 }),
  });
  return <S extends number>(x: Feature<number, S>) => (shortcut ? add(x, cv2(cv1(x))) : cv2(cv1(x)));
});

/** A depthwise 7×7 and a depthwise 3×3 convolution side by side, which at inference could be one (§3.3). */
const LargeKernel = block("RepVGGDW", ({ channels }: { channels: number }) => {
  const { conv, conv1 } = layers({
    conv: Conv({ channels, out: channels, kernel: 7, stride: 1, groups: channels, act: false }),
    conv1: Conv({ channels, out: channels, kernel: 3, stride: 1, groups: channels, act: false }),
  });
  return <S extends number>(x: Feature<number, S>) => silu(add(conv(x), conv1(x)));
});

/** Compact inverted block: depthwise convolutions between pointwise ones (Fig. 3b). */
const CompactInvertedBlock = block("CIB", ({ channels }: { channels: number }) => {
  const { cv1 } = layers({
    cv1: [
      Conv({ channels, out: channels, kernel: 3, stride: 1, groups: channels }),
      Conv({ channels, out: 2 * channels, kernel: 1, stride: 1 }),
      LargeKernel({ channels: 2 * channels }),
      Conv({ channels: 2 * channels, out: channels, kernel: 1, stride: 1 }),
      Conv({ channels, out: channels, kernel: 3, stride: 1, groups: channels }),
    ],
  });
  return <S extends number>(x: Feature<number, S>) => add(x, through(x, cv1));
});

interface C2fConfig<C extends number, D extends number> {
  readonly channels: C;
  readonly out: D;
  readonly depth: number;
  /** What the half that is worked on goes through: bottlenecks, with or without their input added, or compact inverted blocks. */
  readonly kind: "shortcut" | "plain" | "compact";
}

/** One of two halves goes through blocks in a row, and everything that they give is joined. */
const C2f = block("C2f", <C extends number, D extends number>({ channels, out, depth, kind }: C2fConfig<C, D>) => {
  const half = out / 2;
  const { cv1, cv2, m } = layers({
    cv1: Conv({ channels, out, kernel: 1, stride: 1 }),
    cv2: Conv({ channels: (2 + depth) * half, out, kernel: 1, stride: 1 }),
    m: Array.from({ length: depth }, () =>
      kind === "compact"
        ? CompactInvertedBlock({ channels: half })
        : Bottleneck({ channels: half, shortcut: kind === "shortcut" }),
    ),
  });
  return <S extends number>(x: Feature<C, S>) => {
    let all: Feature<number, S> = cv1(x);
    let [, last] = chunk(all, { chunks: 2 });
    for (const step of m) {
      last = step(last);
      all = concat(all, last);
    }
    return cv2(all);
  };
});

/** Spatial-channel decoupled downsampling: a pointwise convolution changes the channels, a depthwise one the sides (§3.3). */
const SCDown = block("SCDown", <C extends number, D extends number>({ channels, out }: { channels: C; out: D }) => {
  const { cv1, cv2 } = layers({
    cv1: Conv({ channels, out, kernel: 1, stride: 1 }),
    cv2: Conv({ channels: out, out, kernel: 3, stride: 2, groups: out, act: false }),
  });
  return <S extends number>(x: Feature<C, S>) => cv2(cv1(x));
});

/** Spatial pyramid pooling, of windows that grow because they follow each other. */
const SPPF = block("SPPF", <C extends number>({ channels }: { channels: C }) => {
  const { cv1, cv2 } = layers({
    cv1: Conv({ channels, out: channels / 2, kernel: 1, stride: 1 }),
    cv2: Conv({ channels: 2 * channels, out: channels, kernel: 1, stride: 1 }),
  });
  return <S extends number>(x: Feature<C, S>) => {
    const near = cv1(x);
    const wide = maxPool2d(near, { size: 5, stride: 1, padding: 2 });
    const wider = maxPool2d(wide, { size: 5, stride: 1, padding: 2 });
    return cv2(concat(near, wide, wider, maxPool2d(wider, { size: 5, stride: 1, padding: 2 })));
  };
});

/** Heads of 64 channels whose queries and keys have half of them; a depthwise convolution of the values tells where they are. */
const Attention = block("Attention", ({ channels }: { channels: number }) => {
  const heads = channels / 64;
  const { qkv, proj, pe } = layers({
    qkv: Conv({ channels, out: 2 * channels, kernel: 1, stride: 1, act: false }),
    proj: Conv({ channels, out: channels, kernel: 1, stride: 1, act: false }),
    pe: Conv({ channels, out: channels, kernel: 3, stride: 1, groups: channels, act: false }),
  });
  return <S extends number>(x: Feature<number, S>) => {
    const [query, key, value] = split(qkv(x), { sizes: [32, 32, 64], groups: heads });
    return proj(add(attention(query, key, value, { heads }), pe(value)));
  };
});

/** Partial self-attention: half of the channels attend, each to all positions, before they meet the others again (Fig. 3c). */
const PSA = block("PSA", <C extends number>({ channels }: { channels: C }) => {
  const half = channels / 2;
  const { cv1, cv2, attn, ffn } = layers({
    cv1: Conv({ channels, out: 2 * half, kernel: 1, stride: 1 }),
    cv2: Conv({ channels: 2 * half, out: channels, kernel: 1, stride: 1 }),
    attn: Attention({ channels: half }),
    ffn: [
      Conv({ channels: half, out: 2 * half, kernel: 1, stride: 1 }),
      Conv({ channels: 2 * half, out: half, kernel: 1, stride: 1, act: false }),
    ],
  });
  return <S extends number>(x: Feature<C, S>) => {
    const [kept, given] = chunk(cv1(x), { chunks: 2 });
    const attended = add(given, attn(given));
    return cv2(concat(kept, add(attended, through(attended, ffn))));
  };
});

const boxBranch = (channels: number): Stage[] => [
  Conv({ channels, out: 64, kernel: 3, stride: 1 }),
  Conv({ channels: 64, out: 64, kernel: 3, stride: 1 }),
  conv2d({ in: 64, out: 64, kernel: 1 }),
];

/** A depthwise convolution and a pointwise one. */
const separable = (channels: number, out: number): Stage[] => [
  Conv({ channels, out: channels, kernel: 3, stride: 1, groups: channels }),
  Conv({ channels, out, kernel: 1, stride: 1 }),
];

/** The expected distance to each side of a box, in cells of its level, by the distribution over 16 bins (Li et al. 2020). */
const DFL = block("DFL", () => {
  const { conv } = layers({ conv: { weight: parameter({ shape: [1, 16, 1, 1], init: 1, distribution: "arange" }) } });
  return <S extends number>(boxes: Feature<number, S>) => {
    const expected = (side: Feature<number, S>) =>
      scale(channelMean(mul(softmax(side), conv.weight()), { size: 16 }), { factor: 16 });
    const [left, top, right, bottom] = chunk(boxes, { chunks: 4 });
    return concat(expected(left), expected(top), expected(right), expected(bottom));
  };
});

interface Config {
  readonly classes: number;
  /** Whether the maps are there of which losses are made, and the head with one of them that only training needs. */
  readonly training: boolean;
}

const Detect = block("Detect", ({ classes, training }: Config) => {
  const hidden = Math.max(64, Math.min(classes, 100));
  const classBranch = (channels: number): (Stage | Stage[])[] => [
    separable(channels, hidden),
    separable(hidden, hidden),
    conv2d({ in: hidden, out: classes, kernel: 1 }),
  ];
  const levels = <T>(branch: (channels: number) => T): readonly [T, T, T] => [branch(64), branch(128), branch(256)];
  const { cv2, cv3, one2one_cv2, one2one_cv3, dfl } = layers({
    ...(training ? { cv2: levels(boxBranch), cv3: levels(classBranch) } : {}),
    one2one_cv2: levels(boxBranch),
    one2one_cv3: levels(classBranch),
    dfl: DFL(),
  });
  return (p3: Feature<64, 8>, p4: Feature<128, 16>, p5: Feature<256, 32>) => {
    const head = (box: NonNullable<typeof cv2>, score: NonNullable<typeof cv3>) => {
      const level = <S extends number>(x: Feature<number, S>, at: 0 | 1 | 2) => ({
        boxes: through(x, box[at]),
        logits: through(x, score[at].flat()),
      });
      return { p3: level(p3, 0), p4: level(p4, 1), p5: level(p5, 2) };
    };
    const one = head(one2one_cv2, one2one_cv3);
    const detections = {
      distances_p3: dfl(one.p3.boxes),
      distances_p4: dfl(one.p4.boxes),
      distances_p5: dfl(one.p5.boxes),
      scores_p3: sigmoid(one.p3.logits),
      scores_p4: sigmoid(one.p4.logits),
      scores_p5: sigmoid(one.p5.logits),
    };
    if (cv2 === undefined || cv3 === undefined) return detections;
    const many = head(cv2, cv3);
    return {
      ...detections,
      one2one_p3: concat(one.p3.boxes, one.p3.logits),
      one2one_p4: concat(one.p4.boxes, one.p4.logits),
      one2one_p5: concat(one.p5.boxes, one.p5.logits),
      one2many_p3: concat(many.p3.boxes, many.p3.logits),
      one2many_p4: concat(many.p4.boxes, many.p4.logits),
      one2many_p5: concat(many.p5.boxes, many.p5.logits),
    };
  };
});

export const YOLOv10N = block("YOLOv10N", ({ classes, training }: Config) => {
  const { model: m } = layers({
    model: {
      0: Conv({ channels: 3, out: 16, kernel: 3, stride: 2 }),
      1: Conv({ channels: 16, out: 32, kernel: 3, stride: 2 }),
      2: C2f({ channels: 32, out: 32, depth: 1, kind: "shortcut" }),
      3: Conv({ channels: 32, out: 64, kernel: 3, stride: 2 }),
      4: C2f({ channels: 64, out: 64, depth: 2, kind: "shortcut" }),
      5: SCDown({ channels: 64, out: 128 }),
      6: C2f({ channels: 128, out: 128, depth: 2, kind: "shortcut" }),
      7: SCDown({ channels: 128, out: 256 }),
      8: C2f({ channels: 256, out: 256, depth: 1, kind: "shortcut" }),
      9: SPPF({ channels: 256 }),
      10: PSA({ channels: 256 }),
      // The neck, from the deepest level up and down again; places without weights are missing.
      13: C2f({ channels: 384, out: 128, depth: 1, kind: "plain" }),
      16: C2f({ channels: 192, out: 64, depth: 1, kind: "plain" }),
      17: Conv({ channels: 64, out: 64, kernel: 3, stride: 2 }),
      19: C2f({ channels: 192, out: 128, depth: 1, kind: "plain" }),
      20: SCDown({ channels: 128, out: 128 }),
      22: C2f({ channels: 384, out: 256, depth: 1, kind: "compact" }),
      23: Detect({ classes, training }),
    },
  });
  return (image: Feature<3, 1>) => {
    const p3 = m[4](m[3](m[2](m[1](m[0](image)))));
    const p4 = m[6](m[5](p3));
    const p5 = m[10](m[9](m[8](m[7](p4))));
    const up4 = m[13](concat(upsample(p5, { factor: 2 }), p4));
    const out3 = m[16](concat(upsample(up4, { factor: 2 }), p3));
    const out4 = m[19](concat(m[17](out3), up4));
    const out5 = m[22](concat(m[20](out4), p5));
    return m[23](out3, out4, out5);
  };
});

export default network({ inputs: [{ name: "image", channels: 3 }], block: YOLOv10N({ classes: 80, training: true }) });
