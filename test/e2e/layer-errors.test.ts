/** Programs whose layers are not what a model can be made of: what their authors are told when they compile them. */
// @module-tag slow
import { describe, expect, test } from "vitest";
import { encoder, wrongPrograms } from "./wrong-programs.ts";

const { messageFor, expectWellTyped } = wrongPrograms();

describe("layers", () => {
  test("one that is never used", async () => {
    const message = await messageFor(
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

  test("one without a name", async () => {
    const message = await messageFor(
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

  test("one made where it is applied", async () => {
    const message = await messageFor(
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

  test("one with a name that Python keeps for itself", async () => {
    const message = await messageFor(
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

  test("one that belongs to another block", async () => {
    const message = await messageFor(
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

  test("named in two calls of layers()", async () => {
    const message = await messageFor(
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

  test("applied to a feature of another block", async () => {
    const message = await messageFor(
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

test("none of these programs is one that the editor would mark", expectWellTyped);
