/** Type tests: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import {
  add,
  avgPool2d,
  block,
  channelMean,
  chunk,
  concat,
  conv2d,
  convTranspose2d,
  dropout,
  globalPool,
  groupNorm,
  haarDwt,
  haarIdwt,
  layers,
  linear,
  maxPool2d,
  pad,
  pixelShuffle,
  pixelUnshuffle,
  repeatInterleave,
  resize,
  parameter,
  resizeTo,
  silu,
  slice,
  split,
  smcConv2d,
  spectralConv2d,
  spectralLinear,
  upsample,
  type Feature,
  type Vector,
} from "litevae/dsl";

declare const image: Feature<3, 1>;
declare const f16: Feature<16, 4>;
declare const f36: Feature<36, 8>;
declare const looseChannels: Feature<number, 8>;
declare const looseStride: Feature<16, number>;
declare const vector: Vector<64>;
declare const someCount: number;

const Res = block("Res", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels }), conv: conv2d({ in: channels, out: channels, kernel: 3 }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

describe("features", () => {
  test("differ by channels and by stride", () => {
    expectTypeOf<Feature<16, 4>>().not.toExtend<Feature<36, 4>>();
    expectTypeOf<Feature<16, 4>>().not.toExtend<Feature<16, 8>>();
    expectTypeOf<Feature<16, 4>>().not.toExtend<Vector<16>>();
    expectTypeOf<Vector<16>>().not.toExtend<Feature<16, 4>>();
    expectTypeOf<Vector<16>>().not.toExtend<Vector<8>>();
  });
  test("fit in both directions where a count is only number", () => {
    expectTypeOf<Feature<number, 8>>().toExtend<Feature<16, 8>>();
    expectTypeOf<Feature<16, 8>>().toExtend<Feature<number, 8>>();
    expectTypeOf<Feature<16, number>>().toExtend<Feature<16, 8>>();
    expectTypeOf<Feature<number, 8>>().not.toExtend<Feature<16, 4>>();
  });
});

describe("layers", () => {
  test("conv2d maps channels and keeps the stride", () => {
    expectTypeOf(conv2d({ in: 16, out: 24 })(f16)).toEqualTypeOf<Feature<24, 4>>();
    expectTypeOf(conv2d({ in: 16, out: 24, stride: 1 })(f16)).toEqualTypeOf<Feature<24, 4>>();
  });
  test("conv2d with stride 2 doubles the stride", () => {
    expectTypeOf(conv2d({ in: 16, out: 24, stride: 2 })(f16)).toEqualTypeOf<Feature<24, 8>>();
    expectTypeOf(smcConv2d({ in: 16, out: 24, stride: 2 })(f16)).toEqualTypeOf<Feature<24, 8>>();
    expectTypeOf(spectralConv2d({ in: 16, out: 24, stride: 2 })(f16)).toEqualTypeOf<Feature<24, 8>>();
  });
  test("convTranspose2d divides the stride", () => {
    expectTypeOf(convTranspose2d({ in: 16, out: 24, kernel: 4, stride: 2, padding: 1 })(f16)).toEqualTypeOf<Feature<24, 2>>();
    expectTypeOf(convTranspose2d({ in: 16, out: 24, kernel: 3, padding: 1 })(f16)).toEqualTypeOf<Feature<24, 4>>();
    // @ts-expect-error 36 channels are not 16
    convTranspose2d({ in: 16, out: 24, kernel: 2, stride: 2 })(f36);
  });
  test("conv2d refuses other channels", () => {
    // @ts-expect-error Argument of type 'Feature<36, 8>' is not assignable to parameter of type 'Feature<16, 8>'
    conv2d({ in: 16, out: 24 })(f36);
    // @ts-expect-error the same for this layer
    smcConv2d({ in: 16, out: 24 })(f36);
    // @ts-expect-error the same for this layer
    spectralConv2d({ in: 16, out: 24 })(f36);
    // @ts-expect-error the same for this layer
    groupNorm({ channels: 16 })(f36);
  });
  test("loose counts pass and become literal again behind a literal layer", () => {
    expectTypeOf(conv2d({ in: 16, out: 24 })(looseChannels)).toEqualTypeOf<Feature<24, 8>>();
    expectTypeOf(conv2d({ in: 16, out: 24, stride: 2 })(looseStride)).toEqualTypeOf<Feature<24, number>>();
    expectTypeOf(conv2d({ in: 16, out: someCount })(f16)).toEqualTypeOf<Feature<number, 4>>();
    expectTypeOf(conv2d({ in: 16, out: 24, stride: someCount })(f16)).toEqualTypeOf<Feature<24, number>>();
  });
  test("a loose count does not loosen the stride", () => {
    // @ts-expect-error stride 8 is not stride 4
    add(f16, conv2d({ in: 16, out: 16 })(looseChannels));
  });
  test("linear is a map of vectors and of features", () => {
    expectTypeOf(linear({ in: 64, out: 10 })(vector)).toEqualTypeOf<Vector<10>>();
    expectTypeOf(linear({ in: 16, out: 10 })(f16)).toEqualTypeOf<Feature<10, 4>>();
    // @ts-expect-error 32 is not 64
    linear({ in: 32, out: 10 })(vector);
    // @ts-expect-error 32 is not 16
    linear({ in: 32, out: 10 })(f16);
  });
  test("spectralLinear takes vectors only", () => {
    expectTypeOf(spectralLinear({ in: 64, out: 1 })(vector)).toEqualTypeOf<Vector<1>>();
    // @ts-expect-error a feature map is no vector
    spectralLinear({ in: 16, out: 1 })(f16);
  });
  test("dropout keeps everything", () => {
    expectTypeOf(dropout({ rate: 0.1 })(f16)).toEqualTypeOf<Feature<16, 4>>();
  });
});

describe("functions", () => {
  test("haarDwt doubles the stride and quadruples the channels", () => {
    const level1 = haarDwt(image);
    const level2 = haarDwt(level1.low);
    const level3 = haarDwt(level2.low);
    expectTypeOf(level1.bands).toEqualTypeOf<Feature<12, 2>>();
    expectTypeOf(level1.low).toEqualTypeOf<Feature<3, 2>>();
    expectTypeOf(level2.bands).toEqualTypeOf<Feature<12, 4>>();
    expectTypeOf(level3.bands).toEqualTypeOf<Feature<12, 8>>();
    expectTypeOf(haarDwt(looseChannels).bands).toEqualTypeOf<Feature<number, 16>>();
  });
  test("haarIdwt halves the stride and divides the channels by four", () => {
    expectTypeOf(haarIdwt(f36)).toEqualTypeOf<Feature<9, 4>>();
    expectTypeOf(haarIdwt(looseChannels)).toEqualTypeOf<Feature<number, 4>>();
  });
  test("concat adds literal channels", () => {
    const { bands } = haarDwt(haarDwt(image).low);
    expectTypeOf(concat(f16, bands, bands)).toEqualTypeOf<Feature<40, 4>>();
    expectTypeOf(concat(f16)).toEqualTypeOf<Feature<16, 4>>();
    expectTypeOf(concat(f36, looseChannels)).toEqualTypeOf<Feature<number, 8>>();
  });
  test("concat refuses different strides", () => {
    // @ts-expect-error strides 4 and 8 do not concatenate
    concat(f16, f36);
    // @ts-expect-error nor in third place
    concat(f16, f16, f36);
    // @ts-expect-error nor where channels are loose
    concat(f16, looseChannels);
  });
  test("add wants equal channels and strides", () => {
    expectTypeOf(add(f36, looseChannels)).toEqualTypeOf<Feature<36, 8>>();
    // @ts-expect-error 36 channels are not 16
    add(conv2d({ in: 36, out: 16 })(f36), f36);
    // @ts-expect-error stride 8 is not 4
    add(f16, conv2d({ in: 36, out: 16 })(f36));
  });
  test("pooling and upsampling change the stride by their factor", () => {
    expectTypeOf(avgPool2d(f16, { size: 4 })).toEqualTypeOf<Feature<16, 16>>();
    expectTypeOf(avgPool2d(f16, { size: 2 })).toEqualTypeOf<Feature<16, 8>>();
    expectTypeOf(maxPool2d(f16, { size: 2 })).toEqualTypeOf<Feature<16, 8>>();
    expectTypeOf(maxPool2d(f16, { size: 3, stride: 2 })).toEqualTypeOf<Feature<16, 8>>();
    expectTypeOf(upsample(f16, { factor: 2 })).toEqualTypeOf<Feature<16, 2>>();
    expectTypeOf(upsample(f16, { factor: someCount })).toEqualTypeOf<Feature<16, number>>();
    expectTypeOf(resize(f16, { factor: 2, mode: "bicubic" })).toEqualTypeOf<Feature<16, 2>>();
    expectTypeOf(resizeTo(f36, f16)).toEqualTypeOf<Feature<36, 4>>();
    expectTypeOf(add(f16, resizeTo(parameter({ shape: [16, 14, 14] })(), f16, { mode: "bicubic" }))).toEqualTypeOf<
      Feature<16, 4>
    >();
    // @ts-expect-error positions of other channels
    add(f16, resizeTo(parameter({ shape: [1, 8, 14, 14] })(), f16));
    expectTypeOf(resize(f16, { factor: 0.5 })).toEqualTypeOf<Feature<16, number>>();
    expectTypeOf(pixelUnshuffle(f16, { factor: 2 })).toEqualTypeOf<Feature<64, 8>>();
    expectTypeOf(pixelUnshuffle(f16, { factor: someCount })).toEqualTypeOf<Feature<number, number>>();
    expectTypeOf(pixelShuffle(f36, { factor: 2 })).toEqualTypeOf<Feature<9, 4>>();
    expectTypeOf(pixelShuffle(f36, { factor: 4 })).toEqualTypeOf<Feature<number, 2>>();
    expectTypeOf(pixelShuffle(looseChannels, { factor: 2 })).toEqualTypeOf<Feature<number, 4>>();
  });
  test("LiteVAE's three levels meet at stride 8", () => {
    const level1 = haarDwt(image);
    const level2 = haarDwt(level1.low);
    const level3 = haarDwt(level2.low);
    const joined = concat(avgPool2d(level1.bands, { size: 4 }), avgPool2d(level2.bands, { size: 2 }), level3.bands);
    expectTypeOf(joined).toEqualTypeOf<Feature<36, 8>>();
  });
  test("globalPool gives a vector", () => {
    expectTypeOf(globalPool(f36, { reduction: "mean" })).toEqualTypeOf<Vector<36>>();
  });
  test("pad keeps the type", () => {
    expectTypeOf(pad(f16, { right: 1 })).toEqualTypeOf<Feature<16, 4>>();
  });
  test("slice counts what it keeps", () => {
    expectTypeOf(slice(f36, { start: 4, stop: 20 })).toEqualTypeOf<Feature<16, 8>>();
    expectTypeOf(slice(f36, { start: 4, stop: someCount })).toEqualTypeOf<Feature<number, 8>>();
  });
  test("repeatInterleave multiplies channels, channelMean divides them", () => {
    expectTypeOf(repeatInterleave(f36, { repeats: 8 })).toEqualTypeOf<Feature<288, 8>>();
    expectTypeOf(repeatInterleave(looseChannels, { repeats: 2 })).toEqualTypeOf<Feature<number, 8>>();
    expectTypeOf(channelMean(f36, { size: 4 })).toEqualTypeOf<Feature<9, 8>>();
    expectTypeOf(channelMean(f36, { size: someCount })).toEqualTypeOf<Feature<number, 8>>();
  });
  test("chunk gives a tuple of equal runs, or a list where their number is not known", () => {
    expectTypeOf(chunk(vector, { chunks: 2 })).toEqualTypeOf<[Vector<32>, Vector<32>]>();
    expectTypeOf(split(vector, { sizes: [16, 48] })[1]).toEqualTypeOf<Vector<48>>();
    expectTypeOf(chunk(f36, { chunks: 2 })).toEqualTypeOf<[Feature<18, 8>, Feature<18, 8>]>();
    expectTypeOf(chunk(looseChannels, { chunks: 2 })).toEqualTypeOf<[Feature<number, 8>, Feature<number, 8>]>();
    expectTypeOf(chunk(f36, { chunks: someCount })).toEqualTypeOf<readonly Feature<number, 8>[]>();
    const [gate, value] = chunk(f16, { chunks: 2 });
    expectTypeOf(add(gate, value)).toEqualTypeOf<Feature<8, 4>>();
  });
});

describe("block", () => {
  test("a generic block keeps its generics", () => {
    const res = Res({ channels: 16 });
    expectTypeOf(res).toEqualTypeOf<<S extends number>(x: Feature<16, S>) => Feature<16, S>>();
    expectTypeOf(res(f16)).toEqualTypeOf<Feature<16, 4>>();
    expectTypeOf(res(conv2d({ in: 36, out: 16 })(f36))).toEqualTypeOf<Feature<16, 8>>();
  });
  test("a generic block refuses other channels", () => {
    // @ts-expect-error the block wants 16 channels
    Res({ channels: 16 })(f36);
  });
  test("a block of loose channels takes what is literal", () => {
    expectTypeOf(Res({ channels: someCount })(f36)).toEqualTypeOf<Feature<number, 8>>();
  });
  test("a block with literal strides is refused inside where they do not hold", () => {
    block("Down", ({ channels }: { channels: 24 }) => {
      const { conv } = layers({ conv: conv2d({ in: channels, out: 24, stride: 2 }) });
      // @ts-expect-error the result has stride 8
      return (x: Feature<24, 4>): Feature<24, 4> => conv(x);
    });
  });
  test("layers keeps the types of arrays and of layers that may be missing", () => {
    block("Stack", ({ deep }: { deep: boolean }) => {
      const named = layers({ convs: [conv2d({ in: 16, out: 16 })], ...(deep ? { head: conv2d({ in: 16, out: 3 }) } : {}) });
      expectTypeOf(named.convs[0](f16)).toEqualTypeOf<Feature<16, 4>>();
      expectTypeOf(named.head?.(f16)).toEqualTypeOf<Feature<3, 4> | undefined>();
      return (x: Feature<16, 4>) => named.convs.reduce((h, conv) => conv(h), x);
    });
  });
  test("layers keeps the types of records, and their keys", () => {
    block("Recorded", () => {
      const { features } = layers({ features: { 0: conv2d({ in: 16, out: 8 }), 5: conv2d({ in: 8, out: 3 }) } });
      expectTypeOf(features[5](features[0](f16))).toEqualTypeOf<Feature<3, 4>>();
      expectTypeOf<keyof typeof features>().toEqualTypeOf<0 | 5>();
      return (x: Feature<16, 4>) => features[0](x);
    });
  });
  test("layers keeps the types of records in records", () => {
    block("Nested", () => {
      const { head } = layers({ head: { 0: { box: conv2d({ in: 16, out: 4 }), score: [conv2d({ in: 16, out: 80 })] } } });
      expectTypeOf(head[0].box(f16)).toEqualTypeOf<Feature<4, 4>>();
      return (x: Feature<16, 4>) => head[0].score.map((score) => score(x));
    });
  });
  test("layers refuses what can have no weights", () => {
    // @ts-expect-error a number is no layer
    layers({ conv: 3 });
    // @ts-expect-error nor in a record of records
    layers({ features: { deep: { 0: 3 } } });
  });
});
