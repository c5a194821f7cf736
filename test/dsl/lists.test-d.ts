/** Type tests of lists in `layers` and of loops over them: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import { block, conv2d, groupNorm, layers, linear, zip, type Feature, type FeatureMap } from "litevae/dsl";

declare const f16: Feature<16, 4>;
declare const either: boolean;

const narrow = () => conv2d({ in: 16, out: 8 });
const wide = () => conv2d({ in: 8, out: 16, stride: 2 });

describe("a list in layers", () => {
  test("is the tuple that it is written as, also in lists and records", () => {
    block("Listed", () => {
      const { list, nested, record } = layers({
        list: [narrow(), wide()],
        nested: [[narrow(), wide()], [wide()]],
        record: { 0: [narrow(), { deep: [wide()] }] },
      });
      expectTypeOf(list[1](list[0](f16))).toEqualTypeOf<Feature<16, 8>>();
      expectTypeOf(nested[0][1](nested[0][0](f16))).toEqualTypeOf<Feature<16, 8>>();
      expectTypeOf(record[0][1].deep[0](record[0][0](f16))).toEqualTypeOf<Feature<16, 8>>();
      const [first, ...others] = list;
      expectTypeOf(others[0](first(f16))).toEqualTypeOf<Feature<16, 8>>();
      // @ts-expect-error the second takes 8 channels
      list[1](f16);
      // @ts-expect-error there is no third
      list[2](f16);
      // @ts-expect-error nor a second in the second list
      nested[1][1](f16);
      return (x: Feature<16, 4>) => list[0](x);
    });
  });
  test("of a length that is computed is a list", () => {
    const { list } = layers({ list: Array.from({ length: 4 }, narrow) });
    expectTypeOf(list).toEqualTypeOf<ReturnType<typeof narrow>[]>();
  });
  test("may be empty under a condition, and is looped over in any way", () => {
    const { list } = layers({ list: either ? [narrow(), narrow()] : [] });
    const x: FeatureMap = f16;
    expectTypeOf(list.reduce<FeatureMap>((h, layer) => layer(h), x)).toEqualTypeOf<FeatureMap>();
    expectTypeOf(list.map((layer) => layer(f16))).toExtend<readonly Feature<8, 4>[]>();
    for (const layer of list) expectTypeOf(layer(f16)).toEqualTypeOf<Feature<8, 4>>();
  });
});

describe("a loop", () => {
  test("goes through layers of other channels and kinds with a feature of any", () => {
    const { list } = layers({ list: [narrow(), wide(), groupNorm({ channels: 16 }), linear({ in: 16, out: 3 })] });
    let h: FeatureMap = f16;
    for (const layer of list) h = layer(h);
    list.forEach((layer) => {
      h = layer(h);
    });
    expectTypeOf(list.reduce<FeatureMap>((y, layer) => layer(y), f16)).toEqualTypeOf<FeatureMap>();
    // A feature of any channels and stride is what a layer or a result with literal ones takes.
    const result: Feature<8, 4> = narrow()(h);
    expectTypeOf(result).toEqualTypeOf<Feature<8, 4>>();
  });
  test("goes through lists side by side", () => {
    const { first, second } = layers({ first: [narrow(), narrow()], second: [wide(), wide()] });
    for (const [one, two] of zip(first, second)) expectTypeOf(two(one(f16))).toEqualTypeOf<Feature<16, 8>>();
    for (const [one, count] of zip(first, [1, 2])) {
      expectTypeOf(one(f16)).toEqualTypeOf<Feature<8, 4>>();
      expectTypeOf(count).toEqualTypeOf<number>();
    }
    // @ts-expect-error a number is no list
    zip(first, 3);
  });
});
