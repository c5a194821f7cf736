/** Programs whose types are right and whose shapes are not: what their authors are told when they compile them. */
// @module-tag slow
import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { litevae, root, tempFolder, write } from "./litevae.ts";

const folder = tempFolder();

/** What the programs below leave to others: a decoder for any latent at H/4, and a block to use in loops. */
const parts = `import { add, block, conv2d, groupNorm, layers, silu, upsample, type Feature } from "litevae/dsl";

export type FeatureMap = Feature<number, number>;

export const Decoder = block("Decoder", ({ latent }: { latent: number }) => {
  const { conv } = layers({ conv: conv2d({ in: latent, out: 3 }) });
  return (z: Feature<number, 4>): Feature<3, 1> => conv(upsample(z, { factor: 4 }));
});

export const Res = block("Res", ({ channels, hidden }: { channels: number; hidden: number }) => {
  const { norm, conv1, conv2 } = layers({
    norm: groupNorm({ channels }),
    conv1: conv2d({ in: channels, out: hidden }),
    conv2: conv2d({ in: hidden, out: channels }),
  });
  return (x: FeatureMap): FeatureMap => add(x, conv2(conv1(silu(norm(x)))));
});
`;

write(folder, { "parts.ts": parts });
const programs: string[] = [];

/** Compiles a program that is wrong, and returns all that the author reads. */
function messageFor(name: string, body: string): string {
  const used = [
    "add",
    "attention",
    "avgPool2d",
    "block",
    "chunk",
    "concat",
    "conv2d",
    "groupNorm",
    "haarIdwt",
    "layers",
    "maxPool2d",
  ];
  const more = ["model", "pad", "pixelUnshuffle", "silu", "slice", "stages", "upsample", "type Feature"];
  const names = [...used, ...more].filter((word) => new RegExp(`\\b${word.replace("type ", "")}\\b`).test(body));
  const imports = [`import { ${names.join(", ")} } from "litevae/dsl";`];
  const others = ["Decoder", "Res", "type FeatureMap"].filter((word) =>
    new RegExp(`\\b${word.replace("type ", "")}\\b`).test(body),
  );
  if (others.length > 0) imports.push(`import { ${others.join(", ")} } from "./parts.ts";`);
  programs.push(`${name}.ts`);
  write(folder, { [`${name}.ts`]: `${imports.join("\n")}\n\n${body.trim()}\n` });
  const { code, stdout, stderr } = compileThere(`${name}.ts`);
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(existsSync(join(folder, "out"))).toBe(false);
  return `\n${stderr}`;
}

/** From another folder, so that paths are told whole. */
function compileThere(name: string): ReturnType<typeof litevae> {
  const result = litevae(root, "compile", join(folder, name), "-o", join(folder, "out"));
  const hide = (text: string): string => text.replaceAll(folder, "<dir>");
  return { ...result, stdout: hide(result.stdout), stderr: hide(result.stderr) };
}

/** An encoder of one block. `channels` and `width` are numbers of which the types know no more. */
const encoder = (
  layers: string,
  forward: string,
  model = "encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 })",
): string => `
const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
${layers.trim().replace(/^/gm, "  ")}
${forward.trim().replace(/^/gm, "  ")}
});

export default model({ latentChannels: 4, ${model} });
`;

describe("channels", () => {
  test("do not fit after a loop over multipliers", () => {
    const message = messageFor(
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

  test("do not fit in a block inside of a block, in another file", () => {
    const message = messageFor(
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

  test("of a residual sum differ", () => {
    const message = messageFor(
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

  test("are counted with a division that leaves a rest", () => {
    const message = messageFor(
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

  test("are not divisible by the groups of a norm", () => {
    const message = messageFor(
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

  test("are not divisible by the groups of a convolution", () => {
    const message = messageFor(
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

  test("are not divisible by the heads", () => {
    const message = messageFor(
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

  test("are not the four bands that the inverse Haar transform joins", () => {
    const message = messageFor(
      "bands",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels - 2, stride: 8 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => haarIdwt(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 6 channels are not four bands
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

  test("do not split into equal chunks", () => {
    const message = messageFor(
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
      error: 8 channels do not split into 3 equal parts
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

  test("end before the slice does", () => {
    const message = messageFor(
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

describe("resolutions", () => {
  test("of what is joined differ", () => {
    const message = messageFor(
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

  test("of what is added differ", () => {
    const message = messageFor(
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

  test("are divided by three, and the decoder multiplies by four", () => {
    const message = messageFor(
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
        help:     make the decoder upsample by 3 in all and end in 3 channels
      "
    `);
  });

  test("do not stay whole with an even kernel", () => {
    const message = messageFor(
      "even-kernel",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, kernel: 4, stride: 4, padding: 2 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the encoder does not shrink both sides by one whole factor
        at <dir>/even-kernel.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 }) });
          10 |
        in:       encoder
        expected: [H/8, W/8], or another divisor
        found:    [H/4 + 1, W/4 + 1]
        help:     pad both sides alike, by (kernel − stride)/2 rounded up where a kernel is larger than its stride
      "
    `);
  });

  test("are padded on one side only", () => {
    const message = messageFor(
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

  test("contradict each other, so that no image fits", () => {
    const message = messageFor(
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

describe("parts", () => {
  test("an encoder that gives the mean alone", () => {
    const message = messageFor(
      "moments",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels / 2, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the encoder gives other moments than the model's latent needs
        at <dir>/moments.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 }) });
          10 |
        in:       encoder
        expected: [N, 8, H/4, W/4]
        found:    [N, 4, H/4, W/4]
        help:     make the encoder's last layer give 2 × latentChannels = 8 channels: means, then log-variances
      "
    `);
  });

  test("an encoder that gives an odd number of moments", () => {
    const message = messageFor(
      "odd-moments",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels + 1, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the encoder gives other moments than the model's latent needs
        at <dir>/odd-moments.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 }) });
          10 |
        in:       encoder
        expected: [N, 8, H/4, W/4]
        found:    [N, 9, H/4, W/4]
        help:     make the encoder's last layer give 2 × latentChannels = 8 channels: means, then log-variances
      "
    `);
  });

  test("a decoder of another latent", () => {
    const message = messageFor(
      "latent",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
        "encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 12 })",
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: 12 channels are expected, 4 arrive
        at <dir>/parts.ts:7
          5 | export const Decoder = block("Decoder", ({ latent }: { latent: number }) => {
          6 |   const { conv } = layers({ conv: conv2d({ in: latent, out: 3 }) });
        > 7 |   return (z: Feature<number, 4>): Feature<3, 1> => conv(upsample(z, { factor: 4 }));
          8 | });
        in:       decoder.conv
        op:       conv2d of [N, 4, H, W]
        expected: [N, 12, H, W]
        found:    [N, 4, H, W]
        help:     set in: 4 on this layer, or make the layer before it give 12 channels
      "
    `);
  });

  test("a decoder that does not give back the image", () => {
    const message = messageFor(
      "decoder",
      `
const Encoder = block("Encoder", ({ factor }: { factor: number }) => {
  const { conv } = layers({ conv: conv2d({ in: 3 * factor ** 2, out: 8 }) });
  return (x: Feature<3, 1>): Feature<8, number> => conv(pixelUnshuffle(x, { factor }));
});

export default model({ latentChannels: 4, encoder: Encoder({ factor: 8 }), decoder: Decoder({ latent: 4 }) });
`,
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the decoder does not give back the image
        at <dir>/decoder.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: Encoder({ factor: 8 }), decoder: Decoder({ latent: 4 }) });
          10 |
        in:       decoder
        expected: [N, 3, H, W]
        found:    [N, 3, H/2, W/2]
        help:     make the decoder upsample by 8 in all and end in 3 channels
      "
    `);
  });

  test("a discriminator of several logits", () => {
    const message = messageFor(
      "discriminator",
      `
const Encoder = block("Encoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 8, stride: 4 }) });
  return (x: Feature<3, 1>): Feature<8, 4> => conv(x);
});

const Discriminator = block("Discriminator", ({ classes }: { classes: number }) => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: classes, stride: 4 }) });
  return (x: Feature<3, 1>): Feature<1, number> => conv(x) as FeatureMap as Feature<1, number>;
});

export default model({
  latentChannels: 4,
  encoder: Encoder(),
  decoder: Decoder({ latent: 4 }),
  discriminator: Discriminator({ classes: 10 }),
});
`,
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: the discriminator's pixel_logits has more than one channel
        at <dir>/discriminator.ts:14
          12 | });
          13 |
        > 14 | export default model({
          15 |   latentChannels: 4,
        in:       discriminator
        expected: [N, 1, H/4, W/4]
        found:    [N, 10, H/4, W/4]
        help:     make its last layer give 1 channel: the logit that a patch, or the image, is real
      "
    `);
  });

  test("two parts with a module of the same name", () => {
    const message = messageFor(
      "names",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv(x);`,
        `encoder: stages({ encoder: Encoder({ channels: 8, width: 12 }), conv: conv2d({ in: 8, out: 8, kernel: 1 }) }),
  decoder: stages({ conv: conv2d({ in: 4, out: 4, kernel: 1 }), decoder: Decoder({ latent: 4 }) })`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: decoder and encoder both have a module "conv"
        at <dir>/names.ts:9
           7 | });
           8 |
        >  9 | export default model({ latentChannels: 4, encoder: stages({ encoder: Encoder({ channels: 8, width: 12 }), conv: conv2d({ in: 8, out: 8, kernel: 1 }) }),
          10 |   decoder: stages({ conv: conv2d({ in: 4, out: 4, kernel: 1 }), decoder: Decoder({ latent: 4 }) }) });
        help:     give the stages of different parts different names
      "
    `);
  });
});

describe("layers", () => {
  test("one that is never used", () => {
    const message = messageFor(
      "unused",
      encoder(
        `
const { conv, res } = layers({
  conv: conv2d({ in: 3, out: channels, stride: 4 }),
  res: [Res({ channels, hidden: width }), Res({ channels, hidden: width })],
});`,
        `return (x: Feature<3, 1>): FeatureMap => (res[0] as (typeof res)[number])(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: encoder.res.1 is never used
        at <dir>/unused.ts:7
          5 |   const { conv, res } = layers({
          6 |     conv: conv2d({ in: 3, out: channels, stride: 4 }),
        > 7 |     res: [Res({ channels, hidden: width }), Res({ channels, hidden: width })],
          8 |   });
        in:       encoder.res.1
        op:       Res
        help:     apply it in its block's function, or leave it out of layers()
      "
    `);
  });

  test("one without a name", () => {
    const message = messageFor(
      "nameless",
      encoder(
        `
const { conv } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }) });
const out = conv2d({ in: width, out: channels });`,
        `return (x: Feature<3, 1>): FeatureMap => out(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: a conv2d in block Encoder has no name
        at <dir>/nameless.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }) });
        > 6 |   const out = conv2d({ in: width, out: channels });
          7 |   return (x: Feature<3, 1>): FeatureMap => out(conv(x));
        op:       conv2d
        help:     put it into layers({ name: … }); names become the keys of its weights
      "
    `);
  });

  test("one made where it is applied", () => {
    const message = messageFor(
      "inline",
      encoder(
        `const { conv } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => conv2d({ in: width, out: channels })(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: this conv2d has no name
        at <dir>/inline.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }) });
        > 6 |   return (x: Feature<3, 1>): FeatureMap => conv2d({ in: width, out: channels })(conv(x));
          7 | });
        in:       encoder
        op:       conv2d
        help:     give it to layers({ name: … }) of the block that applies it; names become the keys of its weights
      "
    `);
  });

  test("one with a name that Python keeps for itself", () => {
    const message = messageFor(
      "lambda",
      encoder(
        `const { lambda } = layers({ lambda: conv2d({ in: 3, out: channels, stride: 4 }) });`,
        `return (x: Feature<3, 1>): FeatureMap => lambda(x);`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: "lambda" is a keyword of Python
        at <dir>/lambda.ts:5
          3 |
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
        > 5 |   const { lambda } = layers({ lambda: conv2d({ in: 3, out: channels, stride: 4 }) });
          6 |   return (x: Feature<3, 1>): FeatureMap => lambda(x);
        expected: a snake_case name that Python and torch leave free
        found:    lambda
        help:     write conv_lambda, or lambda_layer
      "
    `);
  });

  test("one that belongs to another block", () => {
    const message = messageFor(
      "borrowed",
      `
const Encoder = block("Encoder", () => {
  const shared = conv2d({ in: 8, out: 8 });
  const Inner = block("Inner", () => (x: Feature<8, 4>): Feature<8, 4> => silu(shared(x)));
  const { conv, inner } = layers({ conv: conv2d({ in: 3, out: 8, stride: 4 }), inner: Inner(), shared });
  return (x: Feature<3, 1>): Feature<8, 4> => inner(conv(x));
});

export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder({ latent: 4 }) });
`,
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: encoder.shared is applied in a block that does not own it
        at <dir>/borrowed.ts:6
          4 | const Encoder = block("Encoder", () => {
          5 |   const shared = conv2d({ in: 8, out: 8 });
        > 6 |   const Inner = block("Inner", () => (x: Feature<8, 4>): Feature<8, 4> => silu(shared(x)));
          7 |   const { conv, inner } = layers({ conv: conv2d({ in: 3, out: 8, stride: 4 }), inner: Inner(), shared });
        in:       encoder.inner
        op:       conv2d
        expected: a layer named in layers() of Inner
        found:    a layer of Encoder
        help:     apply it in the block whose layers() names it and pass the result on
      "
    `);
  });

  test("named in two calls of layers()", () => {
    const message = messageFor(
      "twice",
      encoder(
        `
const { conv } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }) });
const { out } = layers({ out: conv2d({ in: width, out: channels }) });`,
        `return (x: Feature<3, 1>): FeatureMap => out(conv(x));`,
      ),
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: block Encoder calls layers() twice
        at <dir>/twice.ts:6
          4 | const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
          5 |   const { conv } = layers({ conv: conv2d({ in: 3, out: width, stride: 4 }) });
        > 6 |   const { out } = layers({ out: conv2d({ in: width, out: channels }) });
          7 |   return (x: Feature<3, 1>): FeatureMap => out(conv(x));
        help:     name all layers of a block in one call
      "
    `);
  });

  test("applied to a feature of another block", () => {
    const message = messageFor(
      "escaped",
      `
const skips: Feature<8, 4>[] = [];

const Down = block("Down", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 8, stride: 4 }) });
  return (x: Feature<3, 1>): Feature<8, 4> => {
    const h = conv(x);
    skips.push(h);
    return silu(h);
  };
});

const Encoder = block("Encoder", () => {
  const { down } = layers({ down: Down() });
  return (x: Feature<3, 1>): Feature<8, 4> => add(down(x), skips[0] as Feature<8, 4>);
});

export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder({ latent: 4 }) });
`,
    );
    expect(message).toMatchInlineSnapshot(`
      "
      error: input 2 of add belongs to another block
        at <dir>/escaped.ts:17
          15 | const Encoder = block("Encoder", () => {
          16 |   const { down } = layers({ down: Down() });
        > 17 |   return (x: Feature<3, 1>): Feature<8, 4> => add(down(x), skips[0] as Feature<8, 4>);
          18 | });
        in:       encoder
        op:       add
        help:     pass the feature to this block as an argument, or return it from the block that made it
      "
    `);
  });
});

test("none of these programs is one that the editor would mark", () => {
  const files = [...programs, "parts.ts"].map((name) => join(folder, name));
  expect(files.length).toBeGreaterThan(20);
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: [],
    paths: { litevae: [join(root, "dist/dsl/index.d.ts")], "litevae/dsl": [join(root, "dist/dsl/authoring.d.ts")] },
  });
  const errors = ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
  expect(errors).toEqual([]);
});
