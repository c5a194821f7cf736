/** Programs whose types are right and whose channels are not: what their authors are told when they compile them. */
// @module-tag slow
import { describe, expect, test } from "vitest";
import { encoder, wrongPrograms } from "./wrong-programs.ts";

const { messageFor, expectWellTyped } = wrongPrograms();

describe("channels", () => {
  test("do not fit after a loop over multipliers", async () => {
    const message = await messageFor(
      "loop",
      encoder(
        `
const multipliers = [1, 2, 3];
const { conv_in, down, conv_out } = layers({
  conv_in: conv2d({ in: 3, out: width, stride: 4 }),
  down: multipliers.map((multiplier, i) => conv2d({ in: width * (multipliers[i - 1] ?? 1), out: width * multiplier })),
  conv_out: conv2d({ in: width * 4, out: channels }),
});`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  let h: FeatureMap = conv_in(x);
  for (const conv of down) h = silu(conv(h));
  return conv_out(h);
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 48 channels are expected, 36 arrive
        at <dir>/loop.ts:14
          12 |     let h: FeatureMap = conv_in(x);
          13 |     for (const conv of down) h = silu(conv(h));
        > 14 |     return conv_out(h);
          15 |   };
        in:       encoder.conv_out
        op:       conv2d of [N, 36, H/4, W/4]
        expected: [N, 48, H/4, W/4]
        found:    [N, 36, H/4, W/4]
        help:     set in: 36 on this layer, or make the layer before it give 48 channels
      "
    `);
  });

  test("do not fit in a block inside of a block, in another file", async () => {
    const message = await messageFor(
      "nested",
      encoder(
        `
const { conv_in, blocks } = layers({
  conv_in: conv2d({ in: 3, out: width, stride: 4 }),
  blocks: [width, width, channels].map((channels) => Res({ channels, hidden: 2 * channels })),
});`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  let h: FeatureMap = conv_in(x);
  for (const res of blocks) h = res(h);
  return h;
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 8 channels are expected, 12 arrive
        at <dir>/parts.ts:16
          14 |     conv2: conv2d({ in: hidden, out: channels }),
          15 |   });
        > 16 |   return (x: FeatureMap): FeatureMap => add(x, conv2(conv1(silu(norm(x)))));
          17 | });
        in:       encoder.blocks.2.norm
        op:       groupNorm of [N, 12, H/4, W/4]
        expected: [N, 8, H/4, W/4]
        found:    [N, 12, H/4, W/4]
        help:     set channels: 12 on this layer, or make the layer before it give 8 channels
      "
    `);
  });

  test("of a residual sum differ", async () => {
    const message = await messageFor(
      "residual",
      encoder(
        `const { down, conv } = layers({ down: conv2d({ in: 3, out: width, stride: 4 }), conv: conv2d({ in: width, out: channels }) });`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  const h: FeatureMap = down(x);
  return add(conv(h), h);
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the operands have different shapes
        at <dir>/residual.ts:8
          6 |   return (x: Feature<3, 1>): FeatureMap => {
          7 |     const h: FeatureMap = down(x);
        > 8 |     return add(conv(h), h);
          9 |   };
        in:       encoder
        op:       add of [N, 8, H/4, W/4], [N, 12, H/4, W/4]
        expected: [N, 8, H/4, W/4]
        found:    [N, 12, H/4, W/4]
        help:     bring both to the same channel count, for example with a 1×1 conv2d on the shortcut
      "
    `);
  });

  test("are counted with a division that leaves a rest", async () => {
    const message = await messageFor(
      "division",
      encoder(
        `const { conv, out } = layers({ conv: conv2d({ in: 3, out: width / 8, stride: 4 }), out: conv2d({ in: width / 8, out: channels }) });`,
        `return (x: Feature<3, 1>): FeatureMap => out(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: out of conv2d is not a whole number of at least 1
        at <dir>/division.ts:5
          3 |
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
        > 5 |   const { conv, out } = layers({ conv: conv2d({ in: 3, out: width / 8, stride: 4 }), out: conv2d({ in: width / 8, out: channels }) });
          6 |   return (x: Feature<3, 1>): FeatureMap => out(conv(x));
        op:       conv2d
        expected: out: a whole number ≥ 1
        found:    out: 1.5
        help:     check the arithmetic that gives this count, and round where it divides
      "
    `);
  });

  test("are not divisible by the groups of a norm", async () => {
    const message = await messageFor(
      "norm-groups",
      encoder(
        `const { conv, norm } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }), norm: groupNorm({ channels, groups: width / 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => norm(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 3 groups do not divide 8 channels
        at <dir>/norm-groups.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv, norm } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }), norm: groupNorm({ channels, groups: width / 4 }) });
        > 6 |   return (x: Feature<3, 1>): FeatureMap => norm(conv(x));
          7 | });
        in:       encoder.norm
        op:       groupNorm of [N, 8, H/4, W/4]
        expected: groups that divide 8
        found:    groups: 3
        help:     choose a divisor, or leave groups out for the largest that is at most min(32, channels/4)
      "
    `);
  });

  test("are not divisible by the groups of a convolution", async () => {
    const message = await messageFor(
      "conv-groups",
      encoder(
        `const { conv, out } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }), out: conv2d({ in: width, out: channels, groups: 3 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => out(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the groups do not divide the channels
        at <dir>/conv-groups.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv, out } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }), out: conv2d({ in: width, out: channels, groups: 3 }) });
        > 6 |   return (x: Feature<3, 1>): FeatureMap => out(conv(x));
          7 | });
        in:       encoder.out
        op:       conv2d of [N, 12, H/4, W/4]
        expected: groups that divide in (12) and out (8)
        found:    groups: 3
        help:     choose groups that divide both channel counts
      "
    `);
  });

  test("are not divisible by the heads", async () => {
    const message = await messageFor(
      "heads",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  const h: FeatureMap = conv(x);
  return attention(h, h, h, { heads: width / 4 });
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 3 heads do not divide 8 channels
        at <dir>/heads.ts:8
          6 |   return (x: Feature<3, 1>): FeatureMap => {
          7 |     const h: FeatureMap = conv(x);
        > 8 |     return attention(h, h, h, { heads: width / 4 });
          9 |   };
        in:       encoder
        op:       attention of [N, 8, H/4, W/4], [N, 8, H/4, W/4], [N, 8, H/4, W/4]
        expected: heads that divide 8
        found:    heads: 3
        help:     choose a divisor of the channel count
      "
    `);
  });

  test("are not the four bands that the inverse Haar transform joins", async () => {
    const message = await messageFor(
      "bands",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels - 2, stride: 8 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => haarIdwt(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 6 channels cannot be four bands
        at <dir>/bands.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: channels - 2, stride: 8 }) });
        > 6 |   return (x: Feature<3, 1>): FeatureMap => haarIdwt(conv(x));
          7 | });
        in:       encoder
        op:       haarIdwt of [N, 6, H/8, W/8]
        expected: channels divisible by 4: cA, cH, cV, cD of every channel
        found:    [N, 6, H/8, W/8]
        help:     make the layer before it give 4 times the channels of the image
      "
    `);
  });

  test("do not split into equal chunks", async () => {
    const message = await messageFor(
      "chunks",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `
return (x: Feature<3, 1>): FeatureMap => {
  const [first, second, third] = chunk(conv(x), { chunks: 3 }) as [FeatureMap, FeatureMap, FeatureMap];
  return concat(first, second, third);
};`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 8 channels cannot be split into 3 equal parts
        at <dir>/chunks.ts:7
          5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });
          6 |   return (x: Feature<3, 1>): FeatureMap => {
        > 7 |     const [first, second, third] = chunk(conv(x), { chunks: 3 }) as [FeatureMap, FeatureMap, FeatureMap];
          8 |     return concat(first, second, third);
        in:       encoder
        op:       chunk of [N, 8, H/4, W/4]
        expected: channels divisible by 3
        found:    8 channels
        help:     make the layer before it give a multiple of 3 channels
      "
    `);
  });

  test("end before the slice does", async () => {
    const message = await messageFor(
      "slice",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => slice(conv(x), { start: 4, stop: width });`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the slice leaves the channels
        at <dir>/slice.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });
        > 6 |   return (x: Feature<3, 1>): FeatureMap => slice(conv(x), { start: 4, stop: width });
          7 | });
        in:       encoder
        op:       slice of [N, 8, H/4, W/4]
        expected: 0 ≤ start < stop ≤ 8
        found:    start: 4, stop: 12
        help:     choose channels that the input has
      "
    `);
  });
});

test("none of these programs is one that the editor would mark", expectWellTyped);
