/** Programs whose types are right and whose resolutions are not: what their authors are told when they compile them. */
// @module-tag slow
import { describe, expect, test } from "vitest";
import { encoder, wrongPrograms } from "./wrong-programs.ts";

const { messageFor, expectWellTyped } = wrongPrograms();

describe("resolutions", () => {
  test("of what is joined differ", async () => {
    const message = await messageFor(
      "concat",
      encoder(
        `const { down, conv } = layers({ down: conv2d({ in: 3, out: width, stride: 2 }), conv: conv2d({ in: 2 * width, out: channels, stride: 2 }) });`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  const skips: FeatureMap[] = [down(x)];
  skips.push(maxPool2d(skips[0] as FeatureMap, { size: 2 }));
  return conv(concat(...(skips as [FeatureMap, FeatureMap])));
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the operands differ in more than their channels
        at <dir>/concat.ts:9
           7 |     const skips: FeatureMap[] = [down(x)];
           8 |     skips.push(maxPool2d(skips[0] as FeatureMap, { size: 2 }));
        >  9 |     return conv(concat(...(skips as [FeatureMap, FeatureMap])));
          10 |   };
        in:       encoder
        op:       concat of [N, 12, H/2, W/2], [N, 12, H/4, W/4]
        expected: [N, 12, H/2, W/2]
        found:    [N, 12, H/4, W/4]
        help:     bring all operands to the same resolution first, for example with avgPool2d or upsample
      "
    `);
  });

  test("of what is added differ", async () => {
    const message = await messageFor(
      "sum",
      encoder(
        `const { down, conv } = layers({ down: conv2d({ in: 3, out: width, stride: 2 }), conv: conv2d({ in: width, out: channels, stride: 2 }) });`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  const h: FeatureMap = down(x);
  return conv(add(avgPool2d(h, { size: 2 }), h));
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the operands have different shapes
        at <dir>/sum.ts:8
          6 |   return (x: Feature<3, 1>): FeatureMap => {
          7 |     const h: FeatureMap = down(x);
        > 8 |     return conv(add(avgPool2d(h, { size: 2 }), h));
          9 |   };
        in:       encoder
        op:       add of [N, 12, H/4, W/4], [N, 12, H/2, W/2]
        expected: [N, 12, H/4, W/4]
        found:    [N, 12, H/2, W/2]
        help:     bring both to the same resolution with avgPool2d or upsample
      "
    `);
  });

  test("are divided by three, and the decoder multiplies by four", async () => {
    const message = await messageFor(
      "thirds",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 3 as number }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the decoder does not give back the image
        at <dir>/thirds.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 }) });
          10 |
        in:       decoder
        expected: [N, 3, H, W]
        found:    [N, 3, 4*H/3, 4*W/3]
        help:     the encoder makes sides 3 times smaller and the decoder 4 times larger, whatever the types of their functions say: make the two equal
      "
    `);
  });

  test("do not stay whole with an even kernel", async () => {
    const message = await messageFor(
      "even-kernel",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, kernel: 4, stride: 4, padding: 2 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the encoder does not shrink both sides by one whole factor
        at <dir>/even-kernel.ts:5
          3 |
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
        > 5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: channels, kernel: 4, stride: 4, padding: 2 }) });
          6 |   return (x: Feature<3, 1>): FeatureMap => conv(x);
        in:       encoder.conv
        expected: [H/8, W/8], or another divisor
        found:    [H/4 + 1, W/4 + 1]
        help:     encoder.conv (line 5, kernel 4, padding 2) makes sides 1 position longer: padding: 0 keeps them
      "
    `);
  });

  test("lose their borders in a layer before they are joined", async () => {
    const message = await messageFor(
      "borders",
      encoder(
        `const { near, far } = layers({
    near: conv2d({ in: 3, out: 4, stride: 4 }),
    far: conv2d({ in: 3, out: 4, stride: 4, kernel: 12, padding: 0 }),
  });`,
        `return (x: Feature<3, 1>): FeatureMap => concat(near(x), far(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the operands differ in more than their channels
        at <dir>/borders.ts:9
           7 |       far: conv2d({ in: 3, out: 4, stride: 4, kernel: 12, padding: 0 }),
           8 |     });
        >  9 |   return (x: Feature<3, 1>): FeatureMap => concat(near(x), far(x));
          10 | });
        in:       encoder
        op:       concat of [N, 4, H/4, W/4], [N, 4, H/4 - 2, W/4 - 2]
        expected: [N, 4, H/4, W/4]
        found:    [N, 4, H/4 - 2, W/4 - 2]
        help:     encoder.far (line 7, kernel 12, padding 0) makes sides 2 positions shorter: padding: 4 keeps them
      "
    `);
  });

  test("are padded on one side only", async () => {
    const message = await messageFor(
      "uneven",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(pad(x, { right: 4 }));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the encoder does not shrink both sides by one whole factor
        at <dir>/uneven.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 }) });
          10 |
        in:       encoder
        expected: [H/8, W/8], or another divisor
        found:    [H/4, W/4 + 1]
        help:     pad both sides alike, by (kernel − stride)/2 rounded up where a kernel is larger than its stride
      "
    `);
  });

  test("contradict each other, so that no image fits", async () => {
    const message = await messageFor(
      "contradiction",
      encoder(
        `
const { shift, down, conv } = layers({
  shift: conv2d({ in: 3, out: 3, kernel: 2, padding: 0 }),
  down: conv2d({ in: 3, out: 3, kernel: 2, padding: 0 }),
  conv: conv2d({ in: 3, out: channels, stride: 4 }),
});`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  const odd: FeatureMap = upsample(avgPool2d(shift(x), { size: 2 }), { factor: 2 });
  return conv(down(pad(odd, { top: 1, bottom: 1, left: 1, right: 1 })));
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: no image up to 4096 pixels fits contradiction
        at <dir>/contradiction.ts:12
          10 |   return (x: Feature<3, 1>): FeatureMap => {
          11 |     const odd: FeatureMap = upsample(avgPool2d(shift(x), { size: 2 }), { factor: 2 });
        > 12 |     return conv(down(pad(odd, { top: 1, bottom: 1, left: 1, right: 1 })));
          13 |   };
        expected: (H - 1)/2 and H/4 whole for one H
        found:    (H - 1)/2 out of avgPool2d in encoder
                  H/4 out of conv2d in encoder.conv
        help:     use the same strides on all branches, and padding that keeps sizes whole
      "
    `);
  });
});

test("none of these programs is one that the editor would mark", expectWellTyped);
