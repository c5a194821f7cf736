/** Type tests of models and recipes: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import type { Model } from "../../src/ir/model.ts";
import { model, network, stages, type Feature, type Vector } from "litevae/dsl";
import { recipe, recipes, type Recipe } from "litevae";

declare const someCount: number;

describe("model", () => {
  type Encoder<M extends number, S extends number> = (x: Feature<3, 1>) => Feature<M, S>;
  type Decoder<Z extends number, S extends number> = (z: Feature<Z, S>) => Feature<3, 1>;
  const encoder = {} as Encoder<24, 8>;
  const decoder = {} as Decoder<12, 8>;

  test("takes an encoder and a decoder that fit", () => {
    expectTypeOf(model<3, 12, 8>).returns.toEqualTypeOf<Model>();
    expectTypeOf(model({ latentChannels: 12, encoder, decoder })).toEqualTypeOf<Model>();
  });
  test("wants twice the latent channels as moments", () => {
    // @ts-expect-error 24 moments make 12 latent channels, not 16
    model({ latentChannels: 16, encoder, decoder: {} as Decoder<16, 8> });
    // @ts-expect-error 12 channels hold no means and log-variances of 12
    model({ latentChannels: 12, encoder: {} as Encoder<12, 8>, decoder });
  });
  test("wants the latent itself of an encoder without a distribution", () => {
    const latent = {} as Encoder<12, 8>;
    expectTypeOf(model({ latentChannels: 12, posterior: "none", encoder: latent, decoder })).toEqualTypeOf<Model>();
    // @ts-expect-error 24 channels are moments, and not a latent of 12
    model({ latentChannels: 12, posterior: "none", encoder, decoder });
    // @ts-expect-error a latent of 8 channels, where the decoder takes 12
    model({ latentChannels: 8, posterior: "none", encoder: {} as Encoder<8, 8>, decoder });
    // @ts-expect-error no such posterior
    model({ latentChannels: 12, posterior: "vq", encoder: latent, decoder });
    model({ latentChannels: 12, posterior: "gaussian", encoder, decoder });
    // @ts-expect-error a Gaussian has moments
    model({ latentChannels: 12, posterior: "gaussian", encoder: latent, decoder });
  });
  test("wants the decoder to begin at the encoder's stride", () => {
    // @ts-expect-error the encoder ends at stride 8
    model({ latentChannels: 12, encoder, decoder: {} as Decoder<12, 4> });
  });
  test("wants the decoder to take the latent's channels", () => {
    // @ts-expect-error the latent has 12 channels
    model({ latentChannels: 12, encoder, decoder: {} as Decoder<4, 8> });
  });
  test("wants the decoder to give the image back", () => {
    // @ts-expect-error half of the image
    model({ latentChannels: 12, encoder, decoder: {} as (z: Feature<12, 8>) => Feature<3, 2> });
    // @ts-expect-error one channel of three
    model({ latentChannels: 12, encoder, decoder: {} as (z: Feature<12, 8>) => Feature<1, 1> });
  });
  test("wants imageChannels where the image has not three", () => {
    const grey = { encoder: {} as (x: Feature<1, 1>) => Feature<24, 8>, decoder: {} as (z: Feature<12, 8>) => Feature<1, 1> };
    model({ imageChannels: 1, latentChannels: 12, ...grey });
    // @ts-expect-error images have three channels unless said otherwise
    model({ latentChannels: 12, ...grey });
  });
  test("wants one logit per position of a discriminator", () => {
    const parts = { latentChannels: 12, encoder, decoder } as const;
    model({ ...parts, discriminator: {} as (x: Feature<3, 1>) => Feature<1, 8> });
    const unet = {} as (x: Feature<3, 1>) => { readonly pixel_logits: Feature<1, 1>; readonly global_logit: Vector<1> };
    model({ ...parts, discriminator: unet });
    // @ts-expect-error three logits
    model({ ...parts, discriminator: {} as (x: Feature<3, 1>) => Feature<3, 8> });
    // @ts-expect-error another name
    model({ ...parts, discriminator: {} as (x: Feature<3, 1>) => { pixel_logits: Feature<1, 1>; logit: Vector<1> } });
  });
  test("leaves loose counts to the compiler", () => {
    model({ latentChannels: someCount, encoder, decoder });
    model({ latentChannels: 12, encoder: {} as Encoder<number, number>, decoder });
  });
});

describe("what stands beside image and latent", () => {
  type Skipping = (x: Feature<3, 1>) => { moments: Feature<24, 8>; skip: Feature<16, 2>; style: Vector<32> };
  interface Given {
    readonly skip: Feature<16, 2>;
    readonly style: Vector<32>;
    readonly original: Feature<3, 1>;
  }
  type To<G> = (z: Feature<12, 8>, given: G) => Feature<3, 1>;
  type From<G> = (x: Feature<3, 1>, given: G) => Feature<24, 8>;
  const encoder = {} as Skipping;
  const decoder = {} as (z: Feature<12, 8>, given: Given) => Feature<3, 1>;
  const plain = {} as (z: Feature<12, 8>) => Feature<3, 1>;

  test("is what the encoder gives by name, and the image", () => {
    expectTypeOf(model({ latentChannels: 12, encoder, decoder })).toEqualTypeOf<Model>();
    model({ latentChannels: 12, encoder, decoder: plain });
    model({
      latentChannels: 12,
      encoder,
      decoder: (z, { skip, style, original }) => {
        expectTypeOf(z).toEqualTypeOf<Feature<12, 8>>();
        expectTypeOf(skip).toEqualTypeOf<Feature<16, 2>>();
        expectTypeOf(style).toEqualTypeOf<Vector<32>>();
        expectTypeOf(original).toEqualTypeOf<Feature<3, 1>>();
        return plain(z);
      },
    });
    // @ts-expect-error the skip has 16 channels
    model({ latentChannels: 12, encoder, decoder: {} as To<{ skip: Feature<8, 2> }> });
    // @ts-expect-error at stride 2
    model({ latentChannels: 12, encoder, decoder: {} as To<{ skip: Feature<16, 4> }> });
    // @ts-expect-error no such output
    model({ latentChannels: 12, encoder, decoder: {} as To<{ skp: Feature<16, 2> }> });
    // @ts-expect-error the encoder has none
    model({ latentChannels: 12, encoder: {} as (x: Feature<3, 1>) => Feature<24, 8>, decoder });
    // @ts-expect-error grey images
    model({ latentChannels: 12, encoder, decoder: {} as To<{ original: Feature<1, 1> }> });
  });
  test("leaves the checks of moments and strides as they are", () => {
    // @ts-expect-error 24 moments make 12 latent channels
    model({ latentChannels: 16, encoder, decoder: {} as (z: Feature<16, 8>) => Feature<3, 1> });
    // @ts-expect-error the encoder ends at stride 8
    model({ latentChannels: 12, encoder, decoder: {} as (z: Feature<12, 4>) => Feature<3, 1> });
    // @ts-expect-error no moments
    model({ latentChannels: 12, encoder: {} as (x: Feature<3, 1>) => { skip: Feature<24, 8> }, decoder: plain });
    const latent = {} as (x: Feature<3, 1>) => { latent: Feature<12, 8>; skip: Feature<16, 2> };
    model({ latentChannels: 12, posterior: "none", encoder: latent, decoder: {} as To<{ skip: Feature<16, 2> }> });
    // @ts-expect-error a Gaussian has moments
    model({ latentChannels: 12, encoder: latent, decoder: plain });
    // @ts-expect-error a number is no feature
    model({ latentChannels: 12, encoder: {} as (x: Feature<3, 1>) => { moments: Feature<24, 8>; skip: number }, decoder: plain });
  });
  test("are conditions as they are declared", () => {
    const conditions = { mask: { channels: 1 }, hint: { channels: 4, stride: 8 }, text: { features: 16 } } as const;
    model({
      latentChannels: 12,
      conditions: { mask: { channels: 1 }, hint: { channels: 4, stride: 8 }, text: { features: 16 } },
      encoder: (_, { mask, hint, text }) => {
        expectTypeOf(mask).toEqualTypeOf<Feature<1, 1>>();
        expectTypeOf(hint).toEqualTypeOf<Feature<4, 8>>();
        expectTypeOf(text).toEqualTypeOf<Vector<16>>();
        return {} as Feature<24, 8>;
      },
      decoder: plain,
    });
    const masked = {} as From<{ mask: Feature<1, 1> }>;
    model({ latentChannels: 12, conditions, encoder: masked, decoder: {} as To<{ hint: Feature<4, 8> }> });
    // @ts-expect-error no condition is declared
    model({ latentChannels: 12, encoder: masked, decoder: plain });
    // @ts-expect-error the mask has one channel
    model({ latentChannels: 12, conditions, encoder: {} as From<{ mask: Feature<2, 1> }>, decoder: plain });
    // @ts-expect-error text is a vector
    model({ latentChannels: 12, conditions, encoder: masked, decoder: {} as To<{ text: Feature<16, 1> }> });
  });
  test("passes through stages that are applied by a function", () => {
    const [first, last] = [{} as (x: Feature<3, 1>) => Feature<8, 8>, {} as (x: Feature<8, 8>) => Feature<24, 8>];
    const staged = stages({ first, last }, (image: Feature<3, 1>) => {
      const skip = first(image);
      return { moments: last(skip), skip };
    });
    expectTypeOf(staged).returns.toEqualTypeOf<{ moments: Feature<24, 8>; skip: Feature<8, 8> }>();
    model({ latentChannels: 12, encoder: staged, decoder: {} as To<{ skip: Feature<8, 8> }> });
    // @ts-expect-error the skip has 8 channels
    model({ latentChannels: 12, encoder: staged, decoder: {} as To<{ skip: Feature<9, 8> }> });
  });
});

describe("network", () => {
  const pair = {} as (x: Feature<3, 1>, y: Feature<4, 2>, t: Vector<6>) => { a: Feature<8, 2>; b: Vector<5> };
  test("gives the block what its inputs are, in their order", () => {
    const inputs = [{ channels: 3 }, { name: "y", channels: 4, stride: 2 }, { features: 6 }] as const;
    expectTypeOf(network({ inputs, block: pair })).toEqualTypeOf<Model>();
    network({ inputs: [{ channels: 3 }, { channels: someCount, stride: 2 }, { features: 6 }], block: pair });
    // @ts-expect-error five channels where the block takes four
    network({ inputs: [{ channels: 3 }, { channels: 5, stride: 2 }, { features: 6 }], block: pair });
    // @ts-expect-error at stride 1 where the block takes stride 2
    network({ inputs: [{ channels: 3 }, { channels: 4 }, { features: 6 }], block: pair });
    // @ts-expect-error a map where the block takes a vector
    network({ inputs: [{ channels: 3 }, { channels: 4, stride: 2 }, { channels: 6 }], block: pair });
    // @ts-expect-error the block takes a third
    network({ inputs: [{ channels: 3 }, { channels: 4, stride: 2 }], block: pair });
    // @ts-expect-error nothing goes in
    network({ inputs: [], block: {} as () => Feature<3, 1> });
  });
});

describe("recipe", () => {
  const phase = { name: "one", resolution: 64, steps: 10, batch: 2 } as const;
  test("gives every field", () => {
    expectTypeOf(recipe({ name: "mine", phases: [phase] })).toEqualTypeOf<Recipe>();
    expectTypeOf<Recipe["losses"]["kl"]>().toEqualTypeOf<number>();
    recipe({ ...recipes.smoke.recipe, name: "mine" });
  });
  test("wants what has no default", () => {
    // @ts-expect-error there are no phases
    recipe({ name: "mine" });
    // @ts-expect-error there is no batch
    recipe({ name: "mine", phases: [{ name: "one", resolution: 64, steps: 10 }] });
  });
  test("refuses other fields, words and kinds", () => {
    // @ts-expect-error a field that is not there
    recipe({ name: "mine", phases: [phase], optimiser: {} });
    // @ts-expect-error a field of a group that is not there
    recipe({ name: "mine", phases: [phase], losses: { l2: 1 } });
    // @ts-expect-error another word
    recipe({ name: "mine", phases: [phase], precision: "fp8" });
    // @ts-expect-error a text for a number
    recipe({ name: "mine", phases: [phase], seed: "1" });
  });
});
