/** From the description of a random program to calls of the DSL, as a user would write them. */
import {
  block,
  conv2d,
  globalPool,
  linear,
  model,
  spectralLinear,
  stages,
  type Feature,
  type Model,
  type Vector,
} from "../../dsl/authoring.ts";
import type { DiscriminatorProgram, Program } from "./generate.ts";
import { Names, type Layer, type FeatureMap, type Place } from "./place.ts";
import { buildDown, buildUp } from "./resolution.ts";
import { sequence } from "./steps.ts";

const Encoder = (program: Program): Layer =>
  block("Encoder", (config: { readonly in: number; readonly out: number }) => {
    const names = new Names();
    let place: Place = { names, channels: config.in, stride: 1 };
    const applied: Layer[] = [];
    for (const { down, encode } of program.levels) {
      const before = buildDown(down, 2, place);
      const body = sequence(encode, { names, channels: before.channels, stride: 2 * place.stride });
      applied.push(before.apply, body.apply);
      place = { names, channels: body.channels, stride: 2 * place.stride };
    }
    const conv_out = names.add("conv_out", conv2d({ in: place.channels, out: config.out }));
    names.close();
    return (x: FeatureMap): FeatureMap => conv_out(applied.reduce((y, apply) => apply(y), x));
  })({ in: program.imageChannels, out: 2 * program.latentChannels });

const Decoder = (program: Program): Layer =>
  block("Decoder", (config: { readonly in: number; readonly out: number }) => {
    const names = new Names();
    let place: Place = { names, channels: config.in, stride: 2 ** program.levels.length };
    const applied: Layer[] = [];
    for (const { decode, up } of program.levels.toReversed()) {
      const body = sequence(decode, place);
      const after = buildUp(up, 2, { ...place, channels: body.channels });
      applied.push(body.apply, after.apply);
      place = { names, channels: after.channels, stride: place.stride / 2 };
    }
    const conv_out = names.add("conv_out", conv2d({ in: place.channels, out: config.out }));
    names.close();
    return (x: FeatureMap): FeatureMap => conv_out(applied.reduce((y, apply) => apply(y), x));
  })({ in: program.latentChannels, out: program.imageChannels });

type Logits = Feature<1, number> | { readonly pixel_logits: Feature<1, number>; readonly global_logit: Vector<1> };

const Discriminator = ({ body, down, global }: DiscriminatorProgram, imageChannels: number): ((x: FeatureMap) => Logits) =>
  block("Discriminator", (config: { readonly in: number }) => {
    const names = new Names();
    const before = buildDown(down, 2, { names, channels: config.in, stride: 1 });
    const inner = sequence(body, { names, channels: before.channels, stride: 2 });
    const logits = { in: inner.channels, out: 1 } as const;
    if (global === null) {
      const to_pixel = names.add("to_pixel", conv2d(logits));
      names.close();
      return (x: FeatureMap): Logits => to_pixel(inner.apply(before.apply(x)));
    }
    const to_pixel = names.add("to_pixel", linear(logits));
    const to_global =
      global.layer === "shared"
        ? to_pixel
        : names.add("to_global", global.layer === "linear" ? linear(logits) : spectralLinear(logits));
    names.close();
    return (x: FeatureMap): Logits => {
      const h = inner.apply(before.apply(x));
      return { pixel_logits: to_pixel(h), global_logit: to_global(globalPool(h, { reduction: global.reduction })) };
    };
  })({ in: imageChannels });

/** The model of a program; every call describes it anew. */
export function buildProgram(program: Program): Model {
  const { imageChannels, latentChannels, staged, discriminator } = program;
  const moments = 2 * latentChannels;
  const encoder = Encoder(program);
  const decoder = Decoder(program);
  return model<number>({
    name: "program",
    imageChannels,
    latentChannels,
    encoder: staged ? stages({ encoder, quant_conv: conv2d({ in: moments, out: moments, kernel: 1 }) }) : encoder,
    decoder: staged
      ? stages({ post_quant_conv: conv2d({ in: latentChannels, out: latentChannels, kernel: 1 }), decoder })
      : decoder,
    ...(discriminator === null ? {} : { discriminator: Discriminator(discriminator, imageChannels) }),
  });
}
