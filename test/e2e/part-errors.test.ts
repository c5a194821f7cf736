/** Programs whose parts are not what a model can be made of: what their authors are told when they compile them. */
// @module-tag slow
import { describe, expect, test } from "vitest";
import { encoder, wrongPrograms } from "./wrong-programs.ts";

const { messageFor, expectWellTyped } = wrongPrograms();

describe("parts", () => {
  test("an encoder that gives the mean alone", async () => {
    const message = await messageFor(
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

  test("an encoder that gives an odd number of moments", async () => {
    const message = await messageFor(
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

  test("a decoder of another latent", async () => {
    const message = await messageFor(
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

  test("a decoder that does not give back the image", async () => {
    const message = await messageFor(
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
        help:     the encoder makes sides 8 times smaller and the decoder 4 times larger, whatever the types of their functions say: make the two equal
      "
    `);
  });

  test("a discriminator of several logits", async () => {
    const message = await messageFor(
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

  test("two parts with a module of the same name", async () => {
    const message = await messageFor(
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
        help:     give the stages of different parts different names, or both the same instance, which shares its weights
      "
    `);
  });
});

test("none of these programs is one that the editor would mark", expectWellTyped);
