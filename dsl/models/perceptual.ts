/** The networks that perceptual losses look through. Their keys are those of the published files, their names those of the papers. */
import { must } from "../../src/errors/must.ts";
import type { Network } from "../../src/ir/model.ts";
import type { FeatureMap } from "../feature.ts";
import { maxPool2d, relu } from "../functions/index.ts";
import { conv2d } from "../layers/index.ts";
import { networkBeside } from "../network.ts";
import { block, layers } from "../tracing/block.ts";
import { zip } from "../zip.ts";

type Convolution = (x: FeatureMap) => FeatureMap;

/** Output channels of VGG's stages (Simonyan and Zisserman 2015). */
const widths = [64, 128, 256, 512, 512];

/** Where the convolutions of each stage stand in torchvision's `features`, which counts activations and poolings too. */
const stages = {
  vgg16: [
    [0, 2],
    [5, 7],
    [10, 12, 14],
    [17, 19, 21],
    [24, 26, 28],
  ],
  vgg19: [
    [0, 2],
    [5, 7],
    [10, 12, 14, 16],
    [19, 21, 23, 25],
    [28, 30, 32, 34],
  ],
} as const;

/** Output channels of AlexNet's convolutions. */
const alexNetWidths = [64, 192, 384, 256, 256] as const;
const alexNetStrides = [4, 8, 16, 16, 16] as const;

type Stages = readonly (readonly number[])[];

function convolutions(indices: Stages): Readonly<Record<number, Convolution>> {
  const inputs = (s: number, i: number): number => (i > 0 ? widths[s] : widths[s - 1]) ?? 3;
  return Object.fromEntries(
    indices.flatMap((stage, s) =>
      stage.map((index, i) => [index, conv2d({ in: inputs(s, i), out: must(widths[s], `the width of stage ${s}`) })] as const),
    ),
  );
}

/** The last convolution's output of every stage, before and after its activation; a stage begins with a pooling by 2. */
function mapsOf(
  features: Readonly<Record<number, Convolution>>,
  indices: Stages,
  image: FeatureMap,
): readonly { before: FeatureMap; after: FeatureMap }[] {
  let x = image;
  return indices.map((stage, s) => {
    if (s > 0) x = maxPool2d(x, { size: 2 });
    let before = x;
    for (const index of stage) {
      before = must(features[index], `convolution ${index}`)(x);
      x = relu(before);
    }
    return { before, after: x };
  });
}

/** VGG16 up to relu5_3: the five maps that LPIPS compares (Zhang et al. 2018). */
export const Vgg16 = block("Vgg16", () => {
  const { features } = layers({ features: convolutions(stages.vgg16) });
  return (image: FeatureMap): Readonly<Record<string, FeatureMap>> => {
    const maps = mapsOf(features, stages.vgg16, image);
    return Object.fromEntries(maps.map(({ after }, s) => [`relu${s + 1}_${stages.vgg16[s]?.length}`, after]));
  };
});

/** VGG19 up to conv5_4: the last map of every stage before its activation, as ESRGAN has it (Wang et al. 2018, §3.2). */
export const Vgg19BeforeActivation = block("Vgg19BeforeActivation", () => {
  const { features } = layers({ features: convolutions(stages.vgg19) });
  return (image: FeatureMap): Readonly<Record<string, FeatureMap>> => {
    const maps = mapsOf(features, stages.vgg19, image);
    return Object.fromEntries(maps.map(({ before }, s) => [`conv${s + 1}_${stages.vgg19[s]?.length}`, before]));
  };
});

/** AlexNet up to relu5 in torchvision's layout: the five maps that LPIPS compares, of Krizhevsky's one-column net (2014). */
export const AlexNet = block("AlexNet", () => {
  const [c1, c2, c3, c4, c5] = alexNetWidths;
  const { features } = layers({
    features: {
      0: conv2d({ in: 3, out: c1, kernel: 11, stride: 4, padding: 2 }),
      3: conv2d({ in: c1, out: c2, kernel: 5 }),
      6: conv2d({ in: c2, out: c3 }),
      8: conv2d({ in: c3, out: c4 }),
      10: conv2d({ in: c4, out: c5 }),
    },
  });
  return (image: FeatureMap): Readonly<Record<string, FeatureMap>> => {
    const relu1: FeatureMap = relu(features[0](image));
    const relu2: FeatureMap = relu(features[3](maxPool2d(relu1, { size: 3, stride: 2 })));
    const relu3: FeatureMap = relu(features[6](maxPool2d(relu2, { size: 3, stride: 2 })));
    const relu4: FeatureMap = relu(features[8](relu3));
    return { relu1, relu2, relu3, relu4, relu5: relu(features[10](relu4)) };
  };
});

const LpipsHead = block("LpipsHead", ({ channels }: { readonly channels: number }) => {
  // lpips has a dropout at 0 in front, which does nothing at inference.
  const { model } = layers({ model: { 1: conv2d({ in: channels, out: 1, kernel: 1, bias: false }) } });
  return (x: FeatureMap): FeatureMap => model[1](x);
});

/** LPIPS' linear heads: from the squared differences of a network's maps, of so many channels, to one channel each. */
const lpipsHeads = (name: string, channels: readonly number[]) =>
  block(name, () => {
    const heads = layers(Object.fromEntries(channels.map((count, i) => [`lin${i}`, LpipsHead({ channels: count })])));
    return (...maps: readonly FeatureMap[]): Readonly<Record<string, FeatureMap>> =>
      Object.fromEntries(zip(Object.entries(heads), maps).map(([[head, apply], map]) => [head, apply(map)]));
  });

export const LpipsHeads = lpipsHeads("LpipsHeads", widths);
export const LpipsAlexNetHeads = lpipsHeads("LpipsAlexNetHeads", alexNetWidths);

/** One network per published file. */
export function perceptualNetworks(): readonly Network[] {
  const maps = widths.map((channels, s) => ({ channels, stride: 2 ** s }));
  // Where sizes divide evenly; AlexNet rounds its own down.
  const alexNetMaps = zip(alexNetWidths, alexNetStrides).map(([channels, stride]) => ({ channels, stride }));
  return [
    networkBeside({ name: "vgg16", inputs: [{ channels: 3 }], block: Vgg16() }),
    networkBeside({ name: "lpips_heads", inputs: maps, block: LpipsHeads() }),
    networkBeside({ name: "alexnet", inputs: [{ channels: 3 }], block: AlexNet() }),
    networkBeside({ name: "lpips_alexnet_heads", inputs: alexNetMaps, block: LpipsAlexNetHeads() }),
    networkBeside({ name: "vgg19", inputs: [{ channels: 3 }], block: Vgg19BeforeActivation() }),
  ];
}
