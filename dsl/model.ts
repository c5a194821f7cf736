import { UserError } from "../src/errors/index.ts";
import { dividedDim, formatDim, sameDim, symbolDim, type Dim } from "../src/ir/dim.ts";
import { usualAutoencoder } from "../src/ir/autoencoder.ts";
import type { Interchange, Model, Part, Value } from "../src/ir/model.ts";
import { formatShape, sameShape, shapeOf, type Shape } from "../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { checkedArguments, checkOnlySettings } from "./arguments.ts";
import { checkChoice, checkCounts, checkKeys, checkText } from "./config.ts";
import type { Feature, Vector } from "./feature.ts";
import { checkStageKey } from "./names.ts";
import { endings, type Moments, type PosteriorKind } from "./posterior.ts";
import { checkOwnOps } from "./tracing/own-ops.ts";
import { tracePart, type TracedPart } from "./tracing/part.ts";
import { describeForeign, Traced } from "./tracing/trace.ts";

/** What `model` compiles: a function over features that is an instance of a block. */
export interface ModelConfig<I extends number, Z extends number, S extends number, P extends PosteriorKind = "gaussian"> {
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
  /** Image → moments, the mean's channels before the log-variance's; image → latent where `posterior` is "none". */
  readonly encoder: (image: Feature<NoInfer<I>, 1>) => Feature<NoInfer<Moments<Z, P>>, S>;
  /** Latent → image. */
  readonly decoder: (latent: Feature<NoInfer<Z>, NoInfer<S>>) => Feature<NoInfer<I>, 1>;
  /** Image → logits per position, or these beside one logit per image. */
  readonly discriminator?: ((image: Feature<NoInfer<I>, 1>) => Discriminated) | undefined;
}

/** What a discriminator returns: `pixel_logits`, alone or beside `global_logit`. */
export type Discriminated = Feature<1, number> | { readonly pixel_logits: Feature<1, number>; readonly global_logit: Vector<1> };

const stagesKey = Symbol("litevae.stages");
type Stage = (x: never) => unknown;
type Staged = Stage & { [stagesKey]?: Readonly<Record<string, Stage>> };

/**
 * Several modules applied one after the other as one part, each under its own name at the top of the model: for
 * `stages({ encoder, quant_conv })` the keys begin with `encoder.` and `quant_conv.`. That the stages fit is checked when the model is compiled.
 */
export function stages(named: Readonly<Record<string, Stage>>): (x: Feature<number, number>) => Feature<number, number> {
  const source = captureSource(stages);
  checkedArguments(arguments, {
    called: "stages",
    most: 1,
    takes: "the stages, in one object",
    at: () => ({ where: placeOf(source) }),
  });
  for (const key of Object.keys(named)) checkStageKey(key, source);
  const run = (x: Feature<number, number>): Feature<number, number> =>
    Object.values(named).reduce<unknown>((value, stage) => stage(value as never), x) as Feature<number, number>;
  return Object.defineProperty(run, stagesKey, { value: named });
}

function stagesOf(part: string, stage: Stage): Readonly<Record<string, Stage>> {
  return (stage as Staged)[stagesKey] ?? { [part]: stage };
}

/**
 * Compiles an autoencoder to IR: traces every part on symbolic sizes and checks that they fit together. Throws UserError with
 * the module path, the op, the expected and the actual shape and the line in the author's file.
 */
export function model<
  const I extends number = 3,
  const Z extends number = number,
  S extends number = number,
  const P extends PosteriorKind = "gaussian",
>(config: ModelConfig<I, Z, S, P>): Model {
  const source = captureSource(model);
  const settings = ["name", "imageChannels", "latentChannels", "posterior", "interchange", "encoder", "decoder", "discriminator"];
  checkOnlySettings("model", arguments, model);
  checkKeys("model", config, settings, model);
  checkText("model", { name: config.name ?? "" }, model);
  const imageChannels: number = config.imageChannels ?? 3;
  const { latentChannels } = config;
  const posterior: PosteriorKind = config.posterior ?? "gaussian";
  checkChoice("the posterior of model", posterior, Object.keys(endings), model);
  checkCounts("model", { imageChannels, latentChannels }, model);
  const image = shapeOf("N", imageChannels, "H", "W");

  const ending = endings[posterior];
  const encoder = trace("encoder", config.encoder, image, source, (moments) => {
    const found = oneFeature("encoder", moments, source, ending.meaning);
    requireShape(ending.wanted, found, [ending.channels * latentChannels, ...found.slice(2)], source, {
      module: "encoder",
      help: `make the encoder's last layer give ${ending.gives(latentChannels)}`,
    });
    return ending.outputs(moments as Feature<number, number>);
  });
  const latent = (encoder.outputs[ending.latent] as Value).shape;
  const stride = strideOf(latent, source);

  const decoder = trace("decoder", config.decoder, latent, source, (x) => {
    requireShape("the decoder does not give back the image", oneFeature("decoder", x, source), image.slice(1), source, {
      module: "decoder",
      help: `make the decoder upsample by ${stride} in all and end in ${imageChannels} channels`,
    });
    return { image: x };
  });

  const { discriminator, posterior: _, ...roles } = usualAutoencoder;
  const parts = [
    partOf(roles.encoder, encoder, "image"),
    partOf(roles.decoder, decoder, "latent", { sources: { latent: { part: roles.encoder, output: ending.latent } } }),
  ];
  if (config.discriminator !== undefined) {
    const traced = trace("discriminator", config.discriminator, image, source, (logits) => {
      const named = typeof logits === "object" && logits !== null && "pixel_logits" in logits ? logits : { pixel_logits: logits };
      for (const [name, logit] of Object.entries(named)) {
        const found = oneFeature("discriminator", logit, source);
        requireShape(`the discriminator's ${name} has more than one channel`, found, [1, ...found.slice(2)], source, {
          module: "discriminator",
          help: "make its last layer give 1 channel: the logit that a patch, or the image, is real",
        });
      }
      return named;
    });
    parts.push(partOf(discriminator, traced, "image", { trainingOnly: true }));
  }
  checkTopLevelNames(parts, source);
  checkOwnOps(parts);
  return Object.freeze({
    kind: "model",
    name: config.name ?? "",
    imageChannels,
    latentChannels,
    stride,
    parts,
    autoencoder: { ...roles, ...ending.posterior, ...(config.discriminator === undefined ? {} : { discriminator }) },
    interchange: config.interchange,
  });
}

function trace(name: string, stage: Stage, input: Shape, source: Source, finish: (x: unknown) => unknown): TracedPart {
  if (typeof stage !== "function") {
    throw new UserError({
      what: `the model has no ${name}`,
      where: placeOf(source),
      found: typeof stage,
      help: `give model() a ${name}: an instance of a block, such as ${name}: MyBlock({ … })`,
    });
  }
  return tracePart(stagesOf(name, stage), [input], (x) => finish(stage(x)), source, name);
}

function partOf(name: string, traced: TracedPart, inputName: string, facts: Pick<Part, "trainingOnly" | "sources"> = {}): Part {
  const outputs = Object.entries(traced.outputs);
  // The graph lists its outputs once each; names follow the values.
  return Object.freeze({
    name,
    ...facts,
    modules: traced.modules,
    graph: { ...traced.graph, outputs: outputs.map(([, value]) => value) },
    inputNames: [inputName],
    outputNames: outputs.map(([key]) => key),
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
  { module, help }: { readonly module: string; readonly help: string },
): void {
  const expected = shapeOf("N", ...dims);
  if (sameShape(expected, found)) return;
  throw new UserError({ what, where: placeOf(source), module, expected: formatShape(expected), found: formatShape(found), help });
}

/** The whole number by which the encoder shrinks both sides. */
function strideOf(latent: Shape, source: Source): number {
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
  });
}

function helpOfSides(h: Dim | undefined, w: Dim | undefined): string {
  if (h === undefined || w === undefined)
    return "return a feature of four axes, without pooling over its sides or flattening them";
  return h.offset === 0 && w.offset === 0
    ? "use the same strides along both sides, which shrink them or leave them as they are"
    : "pad both sides alike, by (kernel − stride)/2 rounded up where a kernel is larger than its stride";
}

function checkTopLevelNames(parts: readonly Part[], source: Source): void {
  const owner = new Map<string, string>();
  for (const part of parts) {
    for (const { path } of part.modules) {
      const other = owner.get(path);
      if (other !== undefined) {
        throw new UserError({
          what: `${part.name} and ${other} both have a module "${path}"`,
          where: placeOf(source),
          help: "give the stages of different parts different names",
        });
      }
      owner.set(path, part.name);
    }
  }
}
