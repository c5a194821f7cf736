import { counted } from "../src/errors/counted.ts";
import { UserError, type Report } from "../src/errors/index.ts";
import { dividedDim, formatDim, sameDim, symbolDim, type Dim } from "../src/ir/dim.ts";
import { usualAutoencoder } from "../src/ir/autoencoder.ts";
import type { Interchange, Model, Value } from "../src/ir/model.ts";
import { channelsOf, formatShape, sameShape, shapeOf, type Shape } from "../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { checkOnlySettings } from "./arguments.ts";
import {
  checkRead,
  checkValueNames,
  conditionsOf,
  reservedNames,
  type BesideLatent,
  type Conditions,
  type FurtherOutputs,
  type GivenConditions,
  type Offer,
} from "./beside.ts";
import { checkChoice, checkCounts, checkKeys, checkText } from "./config.ts";
import type { Feature, Vector } from "./feature.ts";
import { endings, type Ending, type Moments, type PosteriorKind } from "./posterior.ts";
import { PartTracer } from "./parts.ts";
import { borderChange, differAtBorders } from "./tracing/borders.ts";
import { checkOwnOps } from "./tracing/own-ops.ts";
import { describeForeign, Traced } from "./tracing/trace.ts";

/** What `model` compiles: a function over features that is an instance of a block. */
export interface ModelConfig<
  I extends number,
  Z extends number,
  S extends number,
  P extends PosteriorKind = "gaussian",
  // eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- a model without conditions
  C extends Conditions = Record<never, never>,
  O extends FurtherOutputs = FurtherOutputs,
> {
  /** The model's name; by default that of its file. */
  readonly name?: string;
  /** 3 by default. */
  readonly imageChannels?: I;
  readonly latentChannels: Z;
  /** How other tools store the same architecture. */
  readonly interchange?: Interchange;
  /**
   * What the encoder gives: "gaussian", the default, is a mean and a log-variance for each of the latent's channels; "none" is the latent itself,
   * as deterministic autoencoders have it.
   */
  readonly posterior?: P;
  /** What comes from outside with every image, for the functions that read it: `{ mask: { channels: 1 }, text: { features: 16 } }`. */
  readonly conditions?: C;
  /**
   * Image and conditions → moments, the mean's channels before the log-variance's; image → latent where `posterior` is "none". With more outputs a record
   * of them, `{ moments, skip }` or `{ latent, skip }`.
   */
  readonly encoder: (
    image: Feature<NoInfer<I>, 1>,
    given: GivenConditions<C>,
  ) => Encoded<Feature<NoInfer<Moments<Z, P>>, S>, P, O>;
  /** Latent → image; beside the latent it is given the encoder's other outputs, the conditions, and `original`, the image that was encoded. */
  readonly decoder: (latent: Feature<NoInfer<Z>, NoInfer<S>>, given: BesideLatent<NoInfer<I>, C, O>) => Feature<NoInfer<I>, 1>;
  /** Image → logits per position, or these beside one logit per image. */
  readonly discriminator?: ((image: Feature<NoInfer<I>, 1>) => Discriminated) | undefined;
}

/** What an encoder's function returns: moments or a latent, M, alone or under their name beside others. */
export type Encoded<M, P extends PosteriorKind, O> =
  M | (P extends "none" ? { readonly latent: M } & O : { readonly moments: M } & O);

/** What a discriminator returns: `pixel_logits`, alone or beside `global_logit`. */
export type Discriminated = Feature<1, number> | { readonly pixel_logits: Feature<1, number>; readonly global_logit: Vector<1> };

/**
 * Compiles an autoencoder to IR: traces every part on symbolic sizes and checks that they fit together. Throws UserError with
 * the module path, the op, the expected and the actual shape and the line in the author's file.
 */
export function model<
  const I extends number = 3,
  const Z extends number = number,
  S extends number = number,
  const P extends PosteriorKind = "gaussian",
  // eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- a model without conditions
  const C extends Conditions = Record<never, never>,
  O extends FurtherOutputs = FurtherOutputs,
>(config: ModelConfig<I, Z, S, P, C, O>): Model {
  const source = captureSource(model);
  checkOnlySettings("model", arguments, model);
  checkKeys("model", config, [...settings], model);
  checkText("model", { name: config.name ?? "" }, model);
  const imageChannels: number = config.imageChannels ?? 3;
  const { latentChannels } = config;
  const posterior: PosteriorKind = config.posterior ?? "gaussian";
  checkChoice("the posterior of model", posterior, Object.keys(endings), model);
  checkCounts("model", { imageChannels, latentChannels }, model);
  const { discriminator, posterior: _, ...roles } = usualAutoencoder;
  const ending = endings[posterior];
  const image = shapeOf("N", imageChannels, "H", "W");
  const conditions = conditionsOf(config.conditions ?? {}, reservedNames, source, model);
  const { encoder: encode, decoder: decode, discriminator: discriminate } = config;
  const tracer = new PartTracer(
    {
      [roles.encoder]: encode,
      [roles.decoder]: decode,
      ...(discriminate === undefined ? {} : { [discriminator]: discriminate }),
    },
    source,
  );

  let encoded: unknown;
  const finishEncoder = (result: unknown): unknown => {
    const { moments, further } = encodedBy(result, ending, source);
    const found = oneFeature("encoder", moments, source, ending.meaning);
    requireShape(ending.wanted, found, [ending.channels * latentChannels, ...found.slice(2)], source, {
      module: "encoder",
      help: `make the encoder's last layer give ${ending.gives(latentChannels)}`,
    });
    encoded = moments;
    const taken = [...reservedNames, ...conditions.map(({ name }) => name)];
    checkValueNames("an output of the encoder", Object.keys(further), taken, source);
    return { ...ending.outputs(moments as Feature<number, number>), ...further };
  };
  const encoder = tracer.trace(roles.encoder, {
    offers: [{ name: "image", shape: image }, ...conditions],
    finish: finishEncoder,
  });
  const given = (output: string, name = output): Offer => {
    return { name, shape: (encoder.outputs[output] as Value).shape, source: { part: roles.encoder, output } };
  };
  const latent = given(ending.latent, "latent");
  const stride = strideOf(latent.shape, encoded, source);
  const skips = Object.keys(encoder.outputs).filter((name) => !ending.names.includes(name));

  const beside = [
    ...skips.map((name) => given(name)),
    { name: "original", shape: image, source: { part: roles.encoder, input: "image" } },
    // What the encoder takes too is the same; the others come from outside to the decoder alone.
    ...conditions.map((each) =>
      encoder.takes(each.name) ? { ...each, source: { part: roles.encoder, input: each.name } } : each,
    ),
  ];
  const finishDecoder = (x: unknown): unknown => {
    const found = oneFeature("decoder", x, source);
    requireShape("the decoder does not give back the image", found, image.slice(1), source, {
      module: "decoder",
      help: helpOfDecoder(found, stride, imageChannels),
      ...bordersOf(x, image),
    });
    return { image: x };
  };
  const decoder = tracer.trace(roles.decoder, { offers: [latent, ...beside], finish: finishDecoder });
  const parts = [encoder.part, decoder.part];
  checkRead(conditions, parts, source);
  if (discriminate !== undefined) {
    const finish = (logits: unknown): unknown => {
      const named = typeof logits === "object" && logits !== null && "pixel_logits" in logits ? logits : { pixel_logits: logits };
      for (const [name, logit] of Object.entries(named)) {
        const found = oneFeature("discriminator", logit, source);
        requireShape(`the discriminator's ${name} has more than one channel`, found, [1, ...found.slice(2)], source, {
          module: "discriminator",
          help: "make its last layer give 1 channel: the logit that a patch, or the image, is real",
        });
      }
      return named;
    };
    const facts = { trainingOnly: true };
    parts.push(tracer.trace(discriminator, { offers: [{ name: "image", shape: image }], finish, facts }).part);
  }
  checkOwnOps(parts);
  return Object.freeze({
    kind: "model",
    name: config.name ?? "",
    imageChannels,
    latentChannels,
    stride,
    parts,
    autoencoder: { ...roles, ...ending.posterior, ...(discriminate === undefined ? {} : { discriminator }) },
    interchange: config.interchange,
  });
}

const settings = [
  "name",
  "imageChannels",
  "latentChannels",
  "posterior",
  "conditions",
  "interchange",
  "encoder",
  "decoder",
  "discriminator",
];

/** What an encoder's function returned: the moments or the latent, and what stands beside them in a record. */
function encodedBy(
  result: unknown,
  { name, meaning }: Ending,
  source: Source,
): { readonly moments: unknown; readonly further: Readonly<Record<string, unknown>> } {
  const isRecord = typeof result === "object" && result !== null && !(result instanceof Traced) && !Array.isArray(result);
  if (!isRecord) return { moments: result, further: {} };
  const { [name]: moments, ...further } = result as Readonly<Record<string, unknown>>;
  const wrong = moments === undefined ? name : Object.keys(further).find((key) => !(further[key] instanceof Traced));
  if (wrong === undefined) return { moments, further };
  throw new UserError({
    what: wrong === name ? `the encoder's record has no ${name}` : `${wrong} in the encoder's record is not a feature`,
    where: placeOf(source),
    module: "encoder",
    expected: `{ ${name}: ${meaning}, and further features by their names }`,
    found: wrong === name ? describeForeign(result) : describeForeign(further[wrong]),
    help: `return what the last layer returned as ${name}, alone or in a record with what the decoder takes besides`,
  });
}

/** The shape of what a part returns, which is a single feature. */
function oneFeature(module: string, result: unknown, source: Source, meaning?: string): Shape {
  if (result instanceof Traced) return result.value.shape;
  throw new UserError({
    what: `the ${module} does not return one feature`,
    where: placeOf(source),
    module,
    expected: "a Feature",
    found: describeForeign(result),
    help: `return from the ${module}'s block a single feature${meaning === undefined ? "" : `: ${meaning}`}`,
  });
}

function requireShape(
  what: string,
  found: Shape,
  dims: readonly (number | Dim)[],
  source: Source,
  told: Pick<Report, "where" | "module" | "help">,
): void {
  const expected = shapeOf("N", ...dims);
  if (sameShape(expected, found)) return;
  throw new UserError({ what, where: placeOf(source), expected: formatShape(expected), found: formatShape(found), ...told });
}

/** The layer that changed the sides of what a part returned, where these are `wanted` but for some positions. */
function bordersOf(returned: unknown, wanted: Shape): Partial<Report> {
  if (!(returned instanceof Traced)) return {};
  const { shape } = returned.value;
  const differs = [2, 3].some((axis) => differAtBorders(shape[axis], wanted[axis]));
  return (differs ? borderChange(returned.trace) : undefined) ?? {};
}

function helpOfDecoder(found: Shape, stride: number, channels: number): string {
  const [, , h, w] = found;
  const by = h?.symbol === "H" && w?.symbol === "W" && h.num * w.den === w.num * h.den ? (stride * h.num) / h.den : undefined;
  const sides =
    by === undefined || by === stride
      ? `make the decoder upsample by ${stride} in all`
      : `the encoder makes sides ${stride} times smaller and the decoder ${Number(by.toFixed(3))} times larger, whatever the types of their functions say: make the two equal`;
  return channelsOf(found) === channels ? sides : `${sides}, and end in ${counted(channels, "channel")}`;
}

/** The whole number by which the encoder shrinks both sides. */
function strideOf(latent: Shape, encoded: unknown, source: Source): number {
  const [, , h, w] = latent;
  const stride = h?.num === 1 && h.offset === 0 ? h.den : undefined;
  if (stride !== undefined && w !== undefined && sameDim(w, dividedDim(symbolDim("W"), stride))) return stride;
  throw new UserError({
    what: "the encoder does not shrink both sides by one whole factor",
    where: placeOf(source),
    module: "encoder",
    expected: "[H/8, W/8], or another divisor",
    found: h === undefined || w === undefined ? "a vector" : `[${formatDim(h)}, ${formatDim(w)}]`,
    help: helpOfSides(h, w),
    ...(h === undefined || w === undefined ? {} : bordersOf(encoded, shapeOf("N", 1, { ...h, offset: 0 }, { ...w, offset: 0 }))),
  });
}

function helpOfSides(h: Dim | undefined, w: Dim | undefined): string {
  if (h === undefined || w === undefined)
    return "return a feature of four axes, without pooling over its sides or flattening them";
  return h.offset === 0 && w.offset === 0
    ? "use the same strides along both sides, which shrink them or leave them as they are"
    : "pad both sides alike, by (kernel − stride)/2 rounded up where a kernel is larger than its stride";
}
