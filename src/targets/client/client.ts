/** client.js, its types, its worker and the package.json around them: the template, a module that checks itself, with the facts of one model in the place of its own. */
import { InternalError, must } from "../../errors/must.ts";
import { autoencoderParts, besidesFirst, divisorsOf, furtherOutputsOf } from "../../ir/autoencoder.ts";
import { unmeasured, type LatentStatistics } from "../../ir/latents.ts";
import type { Model, Part } from "../../ir/model.ts";
import { reachesOf } from "../../ir/receptive-field.ts";
import { channelsOf } from "../../ir/shape.ts";
import type { Sizes } from "../../ir/size.ts";
import { pixelSchema, type PixelRule } from "../../recipe/pixels.ts";
import type { EmittedFile } from "../target.ts";

/** template.mts and worker.mts as the TypeScript compiler emits them. */
export interface ClientTemplate {
  /** JavaScript, which Node and browsers run as it is. */
  readonly script: string;
  /** The types beside it, for editors. */
  readonly declarations: string;
  /** JavaScript of the worker that `createWorkerClient` is given. */
  readonly worker: string;
}

/** What a client has to know of how its graphs were made. */
export interface ClientOptions {
  /** The one batch, height and width of images that the graphs take. */
  readonly fixed?: readonly [batch: number, height: number, width: number] | undefined;
}

interface WeightsFacts {
  readonly latents?: LatentStatistics | undefined;
  readonly pixels?: PixelRule | undefined;
}

/** `parts` are those whose graphs a client runs. Empty where there are none. */
export function clientFiles(
  model: Model,
  parts: readonly Part[],
  sizes: (parts: readonly Part[]) => Sizes,
  { script, declarations, worker }: ClientTemplate,
  { latents = unmeasured, pixels = pixelSchema.parse({}), fixed }: WeightsFacts & ClientOptions = {},
): readonly EmittedFile[] {
  if (parts.length === 0) return [];
  const { height, width } = sizes(parts);
  const wrapped = must(autoencoderParts(model), `the autoencoder of ${model.name}`);
  const { imageChannels, latentChannels, stride, encoder, decoder } = wrapped;
  const further = furtherOutputsOf(wrapped);
  const facts = {
    name: model.name,
    imageChannels,
    latentChannels,
    stride,
    sizes: { height, width },
    fixed: fixed === undefined ? null : { batch: fixed[0], height: fixed[1], width: fixed[2] },
    parts: parts.map(({ name }) => name),
    encoded: encoder.outputNames.filter((name) => !further.includes(name)),
    // By its role, whatever the model calls it.
    reach: Object.fromEntries(
      Object.entries({ encoder, decoder }).flatMap(([role, part]) => {
        const found = reachesOf(parts.filter((each) => each === part))[part.name];
        return found === undefined ? [] : [[role, found] as const];
      }),
    ),
    takes: { encoder: takenBy(encoder), decoder: takenBy(decoder) },
    skips: decoder.inputNames.slice(1).flatMap((name) => {
      const source = decoder.sources?.[name];
      return source === undefined ? [] : [{ name, is: source.output ?? source.input }];
    }),
  };
  const constants = { model: facts, latents, pixels };
  const own = Object.entries(constants).reduce(
    (text, [name, value]) => replaced(text, new RegExp(`^export const ${name} = `, "m"), written(value)),
    script,
  );
  const types = replaced(declarations, /^export declare const model: /m, typeOf(facts));
  return [
    { name: "client.js", pieces: () => [own] },
    { name: "client.d.ts", pieces: () => [types] },
    { name: "worker.js", pieces: () => [worker] },
    { name: "package.json", pieces: () => [packageText()] },
  ];
}

/** Says that client.js is a module, to Node, TypeScript and bundlers; the folder can be installed by its path. */
function packageText(): string {
  const exports = { ".": { types: "./client.d.ts", default: "./client.js" }, "./*": "./*" };
  return `${JSON.stringify({ private: true, type: "module", types: "./client.d.ts", exports }, null, 2)}\n`;
}

/** What a part takes besides its first input. */
function takenBy(part: Part): readonly object[] {
  return besidesFirst(part).map(({ name, shape }) => ({ name, channels: channelsOf(shape), divisors: divisorsOf(shape) }));
}

/** `text` with this in the place of the object, or the type of one, that stands after `begin`. */
function replaced(text: string, begin: RegExp, value: string): string {
  const found = begin.exec(text);
  if (found === null) throw new InternalError(`the client's template has no ${begin.source}`);
  const start = found.index + found[0].length;
  const end = text.indexOf("\n};\n", start);
  return `${text.slice(0, start)}${value}${text.slice(end + "\n}".length)}`;
}

/** An entry a line, as in the template. */
function written(object: object): string {
  return `{\n${Object.entries(object)
    .map(([key, value]) => `    ${key}: ${literal(value, "")},\n`)
    .join("")}}`;
}

function typeOf(object: object): string {
  return `{\n${Object.entries(object)
    .map(([key, value]) => `    readonly ${key}: ${literal(value, "readonly ")};\n`)
    .join("")}}`;
}

/** A value, or with `readonly ` its type, which is the same text but for that word. */
function literal(value: unknown, readonly: "" | "readonly "): string {
  if (Array.isArray(value)) return `${readonly}[${value.map((item) => literal(item, readonly)).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).map(([key, item]) => `${readonly}${key}: ${literal(item, readonly)}`);
  return `{ ${entries.join(", ")} }`;
}
