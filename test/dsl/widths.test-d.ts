/** Type tests of widths that blocks compute of their own generic parameters: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import {
  add,
  block,
  chunk,
  concat,
  conv2d,
  groupNorm,
  haarDwt,
  haarIdwt,
  layers,
  minibatchStddev,
  mul,
  over,
  pixelShuffle,
  pixelUnshuffle,
  plus,
  silu,
  slice,
  split,
  times,
  type Feature,
} from "litevae/dsl";

declare const f16: Feature<16, 4>;
declare const f32: Feature<32, 4>;
declare const someCount: number;

const Mlp = block("Mlp", <C extends number, R extends number>({ channels, ratio }: { channels: C; ratio: R }) => {
  const hidden = times(channels, ratio);
  const { up, norm, down, other } = layers({
    up: conv2d({ in: channels, out: hidden }),
    norm: groupNorm({ channels: hidden }),
    down: conv2d({ in: hidden, out: channels }),
    other: conv2d({ in: channels, out: channels }),
  });
  return <S extends number>(x: Feature<C, S>) => {
    // @ts-expect-error channels · ratio arrive where channels are wanted
    other(up(x));
    // @ts-expect-error channels arrive where channels · ratio are wanted
    norm(x);
    return add(x, down(silu(norm(up(x)))));
  };
});

const Mixed = block("Mixed", <C extends number>({ channels }: { channels: C }) => {
  const { qkv, out } = layers({
    qkv: conv2d({ in: plus(channels, 0), out: times(channels, 3) }),
    out: conv2d({ in: over(times(channels, 1), 1), out: channels }),
  });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => {
    const [q, k, v] = split(qkv(x), { sizes: [channels, channels, channels] });
    const [whole] = chunk(slice(out(v), { start: 0, stop: channels }), { chunks: 1 });
    // @ts-expect-error a third of three times the channels is written in another way than the channels
    out(chunk(qkv(x), { chunks: 3 })[0]);
    return out(add(add(q, k), whole));
  };
});

describe("arithmetic on widths", () => {
  test("gives literals of literals, and numbers of numbers", () => {
    expectTypeOf(times(16, 2)).toEqualTypeOf<32>();
    expectTypeOf(plus(16, 24)).toEqualTypeOf<40>();
    expectTypeOf(over(16, 2)).toEqualTypeOf<8>();
    expectTypeOf(times(someCount, 2)).toEqualTypeOf<number>();
    expectTypeOf(plus(16, someCount)).toEqualTypeOf<number>();
    expectTypeOf(over(16, someCount)).toEqualTypeOf<number>();
    expectTypeOf(times(16, 1)).toEqualTypeOf<16>();
    expectTypeOf(plus(16, 0)).toEqualTypeOf<16>();
    expectTypeOf(over(16, 1)).toEqualTypeOf<16>();
    expectTypeOf(conv2d({ in: 16, out: times(16, 4) })(f16)).toEqualTypeOf<Feature<64, 4>>();
  });
  test("is checked in the generic block that computes them, and where that is used", () => {
    expectTypeOf(Mixed({ channels: 16 })(f16)).toEqualTypeOf<Feature<16, 4>>();
    expectTypeOf(Mlp({ channels: 16, ratio: 4 })(f16)).toEqualTypeOf<Feature<16, 4>>();
    expectTypeOf(Mlp({ channels: someCount, ratio: 4 })(f16)).toEqualTypeOf<Feature<number, 4>>();
    // @ts-expect-error the block has 16 channels
    Mlp({ channels: 16, ratio: 4 })(f32);
  });
  test("counts as the functions that change channels do", () => {
    block("Counting", <C extends number>({ channels }: { channels: C }) => {
      const { half, joined, cells, bands, wrong } = layers({
        half: conv2d({ in: over(channels, 2), out: channels }),
        joined: conv2d({ in: plus(channels, 16), out: channels }),
        cells: conv2d({ in: times(channels, 4), out: channels }),
        bands: conv2d({ in: times(channels, 4), out: channels }),
        wrong: conv2d({ in: plus(channels, 15), out: channels }),
      });
      const shuffled = conv2d({ in: over(over(channels, 2), 2), out: 3 });
      const inverse = conv2d({ in: over(channels, 4), out: 3 });
      const deviation = conv2d({ in: plus(channels, 1), out: 3 });
      return (x: Feature<C, 4>): Feature<C, number> => {
        const [gate, value] = chunk(x, { chunks: 2 });
        expectTypeOf(half(mul(gate, silu(value)))).toEqualTypeOf<Feature<C, 4>>();
        expectTypeOf(joined(concat(x, f16))).toEqualTypeOf<Feature<C, 4>>();
        expectTypeOf(cells(pixelUnshuffle(x, { factor: 2 }))).toEqualTypeOf<Feature<C, 8>>();
        expectTypeOf(bands(haarDwt(x).bands)).toEqualTypeOf<Feature<C, 8>>();
        expectTypeOf(shuffled(pixelShuffle(x, { factor: 2 }))).toEqualTypeOf<Feature<3, 2>>();
        expectTypeOf(inverse(haarIdwt(x))).toEqualTypeOf<Feature<3, 2>>();
        expectTypeOf(deviation(minibatchStddev(x))).toEqualTypeOf<Feature<3, 4>>();
        // @ts-expect-error 16 more channels arrive, not 15
        wrong(concat(x, f16));
        // @ts-expect-error a quarter of the channels is not half of them
        half(haarIdwt(x));
        return x;
      };
    });
  });
});
