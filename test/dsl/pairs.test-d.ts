/** Type tests of numbers for both sides and pairs: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import { avgPool2d, conv2d, convTranspose2d, equalizedConv2d, maxPool2d, smcConv2d, type Feature } from "litevae/dsl";

declare const f16: Feature<16, 4>;
declare const either: boolean;

describe("a pair", () => {
  test("keeps literal channels", () => {
    const conv = conv2d({ in: 16, out: 24, kernel: [1, 7], padding: [0, 3], dilation: [1, 2] });
    expectTypeOf(conv(f16)).toEqualTypeOf<Feature<24, 4>>();
    expectTypeOf(smcConv2d({ in: 16, out: 24, kernel: [3, 1] })(f16)).toEqualTypeOf<Feature<24, 4>>();
  });
  test("of equal strides is that stride, of others any", () => {
    expectTypeOf(conv2d({ in: 16, out: 24, stride: [2, 2] })(f16)).toEqualTypeOf<Feature<24, 8>>();
    expectTypeOf(conv2d({ in: 16, out: 24, stride: [2, 1] })(f16)).toEqualTypeOf<Feature<24, number>>();
    const kernel = [1, 4] as const;
    expectTypeOf(convTranspose2d({ in: 16, out: 24, kernel, stride: [1, 2] })(f16)).toEqualTypeOf<Feature<24, number>>();
    expectTypeOf(convTranspose2d({ in: 16, out: 24, kernel, stride: [4, 4] })(f16)).toEqualTypeOf<Feature<24, 1>>();
  });
  test("is what windows of pools may have", () => {
    expectTypeOf(avgPool2d(f16, { size: [2, 2] })).toEqualTypeOf<Feature<16, 8>>();
    expectTypeOf(maxPool2d(f16, { size: [1, 3], stride: [1, 2] })).toEqualTypeOf<Feature<16, number>>();
    expectTypeOf(maxPool2d(f16, { size: 3, stride: 2, padding: [1, 0], ceilMode: true })).toEqualTypeOf<Feature<16, 8>>();
    // @ts-expect-error a pair has two sides
    avgPool2d(f16, { size: [2, 2, 2] });
  });
  test("leaves kinds of convolution exchangeable", () => {
    expectTypeOf((either ? conv2d : equalizedConv2d)({ in: 16, out: 24 })(f16)).toEqualTypeOf<Feature<24, 4>>();
  });
  test("has two whole numbers", () => {
    // @ts-expect-error there are two sides
    conv2d({ in: 16, out: 24, kernel: [1, 3, 5] });
    // @ts-expect-error a pair has two sides
    conv2d({ in: 16, out: 24, stride: [2] });
    // @ts-expect-error a text is no number
    convTranspose2d({ in: 16, out: 24, kernel: ["1", 3] });
    // @ts-expect-error the input has 16 channels
    conv2d({ in: 12, out: 24, kernel: [1, 7] })(f16);
  });
});
