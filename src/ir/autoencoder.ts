/** What this toolkit's own autoencoders call their parts and what goes between them: the one place that says these names. */
import { must } from "../errors/must.ts";
import type { Autoencoder, Model, Part, Sources, Value } from "./model.ts";
import type { Shape } from "./shape.ts";
import { partOf } from "./walk.ts";

/** The roles as `model()` declares them; a model without a discriminator leaves it out. */
export const usualAutoencoder = {
  encoder: "encoder",
  decoder: "decoder",
  posterior: { mean: "mean", logvar: "logvar" },
  discriminator: "discriminator",
} as const satisfies Autoencoder;

/** How a compiled folder's graphs go together. */
export interface Wiring {
  /** What `encode` and `decode` run; null where the model is no autoencoder. */
  readonly autoencoder: Autoencoder | null;
  /** What parts take of others, by the part's name. */
  readonly sources: Readonly<Record<string, Sources>>;
}

export function wiringOf({ autoencoder, parts }: Pick<Model, "autoencoder" | "parts">): Wiring {
  const sources = parts.flatMap((part) => (part.sources === undefined ? [] : [[part.name, part.sources] as const]));
  return {
    autoencoder: autoencoder ?? null,
    sources: Object.fromEntries(sources),
  };
}

/** That of folders which say nothing else. */
export const usualWiring: Wiring = {
  autoencoder: usualAutoencoder,
  sources: { decoder: { latent: { part: "encoder", output: "mean" } } },
};

/** Whether it says no more than `usualWiring`; a discriminator may be missing. */
export function isUsual({ autoencoder, sources }: Wiring): boolean {
  const { discriminator } = usualAutoencoder;
  const filled: Wiring = {
    autoencoder: autoencoder && { ...autoencoder, discriminator: autoencoder.discriminator ?? discriminator },
    sources,
  };
  return JSON.stringify(filled) === JSON.stringify(usualWiring);
}

/** The parts of an autoencoder: what the trainer's class and the client run. */
export interface AutoencoderParts {
  readonly imageChannels: number;
  readonly latentChannels: number;
  readonly stride: number;
  readonly encoder: Part;
  readonly decoder: Part;
  readonly discriminator: Part | undefined;
  /** Absent where the encoder gives the latent itself. */
  readonly posterior: Autoencoder["posterior"];
}

/** The output that a decoder's first input is. */
export function decodedOutput({ inputNames: [latent], sources }: Pick<Part, "inputNames" | "sources">): string | undefined {
  return latent === undefined ? undefined : sources?.[latent]?.output;
}

/** What encoding and decoding take from outside besides the image, by name: the conditions of the model. */
export function conditionsOf({ encoder, decoder }: Pick<AutoencoderParts, "encoder" | "decoder">): readonly string[] {
  const alone = decoder.inputNames.filter((name) => decoder.sources?.[name] === undefined);
  return [...encoder.inputNames.slice(1), ...alone];
}

/** What a part takes besides its first input. */
export function besidesFirst({ graph, inputNames }: Part): readonly { readonly name: string; readonly shape: Shape }[] {
  return graph.inputs.slice(1).map(({ shape }, i) => ({ name: must(inputNames[i + 1], "the name of an input"), shape }));
}

/** By what the image's height and width are divided in a shape; null for a size that is no such part, nothing for a vector. */
export function divisorsOf(shape: Shape): readonly (number | null)[] {
  return shape.slice(2).map(({ symbol, num, offset, den }, axis) => {
    return symbol === (["H", "W"] as const)[axis] && num === 1 && offset === 0 ? den : null;
  });
}

/** The value that the posterior's parameters, or the latent, are made of: what the author's encoder gives as such. */
export function momentsOf({ encoder, decoder, posterior }: AutoencoderParts): Value {
  const output = must(decodedOutput(decoder), `what ${decoder.name} decodes`);
  const latent = must(encoder.graph.outputs[encoder.outputNames.indexOf(output)], output);
  if (posterior === undefined) return latent;
  // The mean is the first half of them.
  const split = must(
    encoder.graph.nodes.find(({ outputs }) => outputs.includes(latent)),
    `what gives ${output}`,
  );
  return must(split.inputs[0], `what ${output} is a part of`);
}

/** The outputs of an encoder besides those of its posterior, or besides the latent. */
export function furtherOutputsOf({ encoder, decoder, posterior }: AutoencoderParts): readonly string[] {
  const latent = decodedOutput(decoder);
  const own: readonly (string | undefined)[] = [latent, ...Object.values(posterior ?? {})];
  return encoder.outputNames.filter((name) => !own.includes(name));
}

export function autoencoderParts(model: Model): AutoencoderParts | undefined {
  const roles = model.autoencoder;
  if (roles === undefined) return undefined;
  const { imageChannels, latentChannels, stride } = model;
  if (imageChannels === undefined || latentChannels === undefined || stride === undefined)
    throw new Error(`${model.name} is an autoencoder of unknown images or latents`);
  const [encoding, decoding] = [partOf(model, roles.encoder), partOf(model, roles.decoder)];
  if (encoding === undefined || decoding === undefined) throw new Error(`${model.name} lacks a part of its autoencoder`);
  return {
    imageChannels,
    latentChannels,
    stride,
    encoder: encoding,
    decoder: decoding,
    discriminator: roles.discriminator === undefined ? undefined : partOf(model, roles.discriminator),
    posterior: roles.posterior,
  };
}
