/** Encodes and decodes images with the graphs in this folder, over onnxruntime-node or onnxruntime-web; written by litevae. */
import { latentView, middle, raisedSide, signalToNoise, topLeft, type PlaneStack } from "../../ir/planes.mts";
import { inTiles, leastTile, type TiledValue, type Tiling } from "../../ir/tiles.mts";

/** The model's facts: another in every compiled folder. */
export const model = {
  name: "nano",
  imageChannels: 3,
  latentChannels: 12,
  stride: 8,
  sizes: { height: { minimum: 8, step: 8 }, width: { minimum: 8, step: 8 } },
  fixed: null,
  parts: ["encoder", "decoder"],
  encoded: ["mean", "logvar"],
  reach: {
    encoder: { height: { before: 480, after: 480 }, width: { before: 480, after: 480 }, sees_all: ["112 groupNorm"] },
    decoder: { height: { before: 144, after: 144 }, width: { before: 144, after: 144 }, sees_all: [] },
  },
  takes: { encoder: [], decoder: [] },
  skips: [],
} as const;

export const latents: LatentStatistics = {
  scaling_factor: 1,
  shift_factor: 0,
};

/** What the samples meant that the weights were trained on: fromSamples reads others alike. */
export const pixels: Required<Declared> & { readonly profile: "srgb" | "raw" } = {
  profile: "srgb",
  range: null,
  nodata: null,
  fill: null,
};

/** How the latents of the weights are spread, under diffusers' names; factors of 1 and 0 alone where nobody measured them. */
export interface LatentStatistics {
  readonly scaling_factor: number;
  readonly shift_factor: number;
  /** Of each channel. */
  readonly latents_mean?: readonly number[];
  readonly latents_std?: readonly number[];
  /** How many images they were measured on. */
  readonly latent_images?: number;
  /** "channel" where the channels' numbers normalise; without it the two factors alone do. */
  readonly normalization?: "channel";
}

/** Planar float32 values [batch, channels, height, width]. */
export interface Planes<C extends number> {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
  /** How many; 1 unless given. */
  readonly batch?: number;
  /** As many as the type says, by which TypeScript tells images from latents. */
  readonly channels?: C;
}

/** Values in [-1, 1]. */
export type Image = Planes<typeof model.imageChannels>;
/** Sides are those of the image divided by `model.stride`. */
export type Latent = Planes<typeof model.latentChannels>;

/** What a graph takes besides image and latent: [batch, channels, height, width] of a map, [batch, channels] of a vector. */
export interface Values {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}

/** The names in `L`. */
type NamesOf<L extends readonly unknown[]> = [L[number]] extends [never]
  ? never
  : L[number] extends { readonly name: infer N extends string }
    ? N
    : never;
type Named<N extends string> = Readonly<Record<N, Values>>;
/** An argument, where it has anything to hold. */
type Argument<N extends string> = [N] extends [never] ? [] : [given: Named<N>];

type Moments = Readonly<Record<(typeof model.encoded)[number], Required<Latent>>>;
type EncodedWith<N extends string> = [N] extends [never] ? Moments : Moments & { readonly skips: Named<N> };

/**
 * What the encoder gives, by name: `mean`, the latent to store, with `logvar`, whose exponential is the variance; or `latent` alone. Where decoding takes
 * more than the latent, `skips` is what encoding has of it: `decode(mean, skips)`.
 */
export type Encoded = EncodedWith<NamesOf<typeof model.skips>>;

/** What `reconstruct` gives: what encoding gave of the image as it was padded, and the image that came back, of the sides of the one given. */
export type Reconstructed = Encoded & { readonly image: Required<Image> };

/** A part this folder holds a graph of. */
export type Part = (typeof model.parts)[number];
/** A path, a URL or bytes. */
export type Content = string | Uint8Array;
/** A graph; where its weights lie in a file beside it (`--external-data`), both. onnxruntime-node finds that file itself beside a path. */
export type Source = Content | { readonly graph: Content; readonly data: Content };
/** Each graph that is used: `{ encoder: "encoder.onnx" }`, or `{ encoder: { graph: "encoder.onnx", data: "encoder.onnx.data" } }`. */
export type Sources = Readonly<Partial<Record<Part, Source>>>;

/** How a client runs its graphs. */
export interface ClientOptions {
  /**
   * The side in pixels of the image of what a graph is given at a time; the whole image where nothing is said. What tiles give is what the whole image
   * gives, in less memory: graphs in which anything sees the whole image are refused.
   */
  readonly tile?: number;
}

export interface Client {
  /** The latents of images, under the model's conditions where it has some. Values must be finite and in [-1, 1], up to ±1.5 as resampling leaves them. */
  encode(image: Image, ...conditions: Argument<NamesOf<typeof model.takes.encoder>>): Promise<Encoded>;
  /** The images of latents, and of what the model's decoder takes besides: `skips`, with conditions that the encoder does not take. */
  decode(latent: Latent, ...skips: Argument<NamesOf<typeof model.takes.decoder>>): Promise<Required<Image>>;
  /**
   * An image of any sides through both graphs, as `litevae run` does it: padded to sides that fit (`pad`), encoded, decoded from the latent's mean, and cropped
   * to its own sides. Not of models that take conditions.
   */
  reconstruct(image: Image): Promise<Reconstructed>;
  /** Frees what the runtime holds: calls after it reject. */
  release(): Promise<void>;
}

/** What is used of a Worker. */
export interface ClientWorker {
  postMessage(message: unknown): void;
  addEventListener(type: "message" | "error", listener: (event: object) => void): void;
  terminate(): void;
}

/** What is used of the modules onnxruntime-node and onnxruntime-web; either fits. */
export interface Runtime {
  readonly Tensor: new (type: "float32", data: Float32Array, dims: readonly number[]) => RuntimeTensor;
  readonly InferenceSession: {
    create(source: string | Uint8Array, options?: object): Promise<RuntimeSession>;
  };
}

export interface RuntimeTensor {
  readonly data: unknown;
  readonly dims: readonly number[];
}

/** Of an input or an output; strings are sides that are open. */
export interface RuntimeMetadata {
  readonly name: string;
  readonly shape?: readonly (number | string)[];
}

export interface RuntimeSession {
  /** Runtimes before 1.21 say nothing. */
  readonly inputMetadata?: readonly RuntimeMetadata[];
  readonly outputMetadata?: readonly RuntimeMetadata[];
  run(feeds: Readonly<Record<string, RuntimeTensor>>): Promise<Readonly<Record<string, RuntimeTensor>>>;
  release(): Promise<void>;
}

/** The same facts without their literal types, so that the code below holds for every model. */
interface Facts {
  readonly name: string;
  readonly imageChannels: number;
  readonly latentChannels: number;
  readonly stride: number;
  readonly sizes: Readonly<Record<"height" | "width", { readonly minimum: number; readonly step: number }>>;
  /** The one batch and image size that the graphs were compiled for; null where they take what fits. */
  readonly fixed: { readonly batch: number; readonly height: number; readonly width: number } | null;
  readonly parts: readonly string[];
  /** How far each graph looks beyond what it gives, in pixels, and what in it sees the whole image. */
  readonly reach: Readonly<Partial<Record<"encoder" | "decoder", Tiling["reach"] & { readonly sees_all: readonly string[] }>>>;
  readonly encoded: readonly string[];
  /** What each graph takes besides its first input. */
  readonly takes: Readonly<Record<"encoder" | "decoder", readonly Taken[]>>;
  /** What of the decoder's is an output of the encoder, or an input. */
  readonly skips: readonly { readonly name: string; readonly is: string }[];
}

interface Taken {
  readonly name: string;
  readonly channels: number;
  /** By what the image's height and width are divided in it; null for a size that is any, nothing for a vector. */
  readonly divisors: readonly (number | null)[];
}
const facts: Facts = model;

/**
 * Loads the graphs that `sources` names: `createClient(ort, { encoder: "out/encoder.onnx" })`. `options` are the runtime's own session options,
 * such as `{ executionProviders: ["webgpu"] }`; `{ tile: 512 }` after them runs both graphs in tiles.
 */
export async function createClient(
  ort: Runtime,
  sources: Sources,
  options: object = {},
  running: ClientOptions = {},
): Promise<Client> {
  requireSources(sources);
  const given: Readonly<Record<string, Source | undefined>> = sources;
  if ("tile" in options)
    throw new TypeError("createClient: tile belongs in the fourth argument: createClient(ort, graphs, {}, { tile: 512 })");
  refuseUnknown("createClient", running, ["tile"]);
  const { tile } = running;
  const load = async (part: "encoder" | "decoder"): Promise<RuntimeSession | undefined> => {
    const session = await opened(part);
    if (session !== undefined) requireChannels(session, part);
    if (session !== undefined) requireSides(session, part);
    if (session !== undefined && tile !== undefined) requireTile(part, tile);
    return session;
  };
  const opened = async (part: string): Promise<RuntimeSession | undefined> => {
    const source = given[part];
    if (source === undefined) return undefined;
    const beside = `${part}.onnx.data`;
    const named = isNamed(source);
    const [graph, more] = named ? [source.graph, { externalData: [{ path: beside, data: source.data }] }] : [source, {}];
    try {
      return await ort.InferenceSession.create(graph, { ...options, ...more });
    } catch (error) {
      throw new Error(`createClient: ${notLoaded(part, source, String(error))}`, { cause: error });
    }
  };
  const [encoder, decoder] = [await load("encoder"), await load("decoder")];
  let released = false;
  const run = async (
    part: "encoder" | "decoder",
    given: Named<string>,
    [height, width]: readonly [number, number],
  ): Promise<Named<string>> => {
    const session = present(part === "encoder" ? encoder : decoder, part);
    const whole = async (values: Readonly<Record<string, TiledValue>>): Promise<Readonly<Record<string, TiledValue>>> => {
      const feeds = Object.entries(values).map(
        ([name, { data, shape }]) => [name, new ort.Tensor("float32", data, shape)] as const,
      );
      const outputs = Object.entries(await session.run(Object.fromEntries(feeds)));
      return Object.fromEntries(outputs.map(([name, tensor]) => [name, { data: floatsOf(tensor), shape: tensor.dims }]));
    };
    const inputs = Object.fromEntries(Object.entries(given).map(([name, { data, dims }]) => [name, { data, shape: dims }]));
    const reach = facts.reach[part];
    const outputs = await (tile === undefined || reach === undefined
      ? whole(inputs)
      : inTiles(whole, inputs, { side: tile, image: { height, width }, reach, sizes: facts.sizes }));
    return Object.fromEntries(Object.entries(outputs).map(([name, { data, shape }]) => [name, { data, dims: shape }]));
  };
  const client: Client = {
    async encode(image, ...[conditions]: [Named<string>?]) {
      if (released) throw wasReleased();
      present(encoder, "encoder");
      check("encode", image, model.imageChannels, 1);
      requireValues(image);
      const given = { image: valuesOf(image, model.imageChannels), ...taken("encoder", conditions, image, 1) };
      const outputs = await run("encoder", given, [image.height, image.width]);
      const known: Readonly<Record<string, Values>> = { ...given, ...outputs };
      const named = facts.encoded.map((name): [string, unknown] => {
        return [name, planesOf(outputs[name], model.latentChannels, image, 1 / facts.stride)];
      });
      const skips = facts.skips.map(({ name, is }): [string, Values] => [name, skipOf(known[is])]);
      return { ...Object.fromEntries(named), ...(skips.length === 0 ? {} : { skips: Object.fromEntries(skips) }) } as Encoded;
    },
    async decode(latent, ...[skips]: [Named<string>?]) {
      if (released) throw wasReleased();
      present(decoder, "decoder");
      check("decode", latent, model.latentChannels, model.stride);
      const given = { latent: valuesOf(latent, model.latentChannels), ...taken("decoder", skips, latent, facts.stride) };
      const outputs = await run("decoder", given, [latent.height * facts.stride, latent.width * facts.stride]);
      return planesOf(outputs["image"], model.imageChannels, latent, facts.stride);
    },
    async reconstruct(image) {
      if (released) throw wasReleased();
      // Typed for every model; of one that takes more, `encode` and `decode` say what is missing.
      const encode: (image: Image) => Promise<Encoded> = client.encode;
      const decode: (latent: Latent, skips?: Named<string>) => Promise<Required<Image>> = client.decode;
      const encoded = await encode(pad(image));
      const { skips, ...moments } = encoded as Readonly<Record<string, unknown>> & { readonly skips?: Named<string> };
      const latent = moments[facts.encoded[0] ?? ""] as Latent;
      return { ...encoded, image: crop(await decode(latent, skips), image.height, image.width) };
    },
    async release() {
      if (released) return;
      released = true;
      await encoder?.release();
      await decoder?.release();
    },
  };
  return client;
}

/**
 * A client whose graphs run in a worker, so that a page stays at hand: `createWorkerClient(new Worker("worker.js", { type: "module" }), "ort.webgpu.bundle.min.mjs",
 * { encoder: "encoder.onnx" })`. `runtime` is the address of an ES module of onnxruntime-web, and addresses count from the worker's. `release` ends the worker.
 */
export async function createWorkerClient(
  worker: ClientWorker,
  runtime: string,
  sources: Sources,
  options: object = {},
  running: ClientOptions = {},
): Promise<Client> {
  if (typeof runtime !== "string")
    throw new TypeError(
      `createWorkerClient: the runtime is the address of an ES module of onnxruntime-web, such as "ort.webgpu.bundle.min.mjs", not ${kindOf(runtime)}: the worker imports it itself`,
    );
  let released = false;
  const waiting = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();
  let asked = 0;
  const ask = (method: string, ...args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      if (released) throw wasReleased();
      asked += 1;
      waiting.set(asked, { resolve, reject });
      worker.postMessage({ id: asked, method, args });
    });
  worker.addEventListener("message", (event) => {
    const { data } = event as { readonly data: WorkerAnswer };
    const asker = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.error === undefined) asker?.resolve(data.result);
    else asker?.reject(data.error);
  });
  worker.addEventListener("error", (event) => {
    const { message } = event as { readonly message?: string };
    // Chromium and Firefox name the import; others speak of syntax alone.
    const help = /import|SyntaxError/.test(message ?? "") ? `: start it with new Worker("worker.js", { type: "module" })` : "";
    const reason = new Error(`the worker ended: ${message ?? "it could not be loaded"}${help}`);
    waiting.forEach(({ reject }) => {
      reject(reason);
    });
    waiting.clear();
  });
  await ask("open", runtime, sources, options, running);
  return {
    encode: (...args) => ask("encode", ...args) as Promise<Encoded>,
    decode: (...args) => ask("decode", ...args) as Promise<Required<Image>>,
    reconstruct: (image) => ask("reconstruct", image) as Promise<Reconstructed>,
    async release() {
      if (released) return;
      const done = ask("release");
      released = true;
      await done.finally(() => {
        worker.terminate();
        waiting.forEach(({ reject }) => {
          reject(wasReleased());
        });
        waiting.clear();
      });
    },
  };
}

/** What worker.js answers to a message. */
export interface WorkerAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: unknown;
}

/** An image brought to the next sides that fit, none of them smaller: its last row and column are repeated, as `litevae run` does. */
export function pad(image: Image): Required<Image> {
  checkCount("pad", image, facts.imageChannels);
  const { height, width } = image;
  const { fixed, sizes } = facts;
  const fitted = {
    height: raisedSide(height, fixed === null ? sizes.height : { minimum: fixed.height, step: Infinity }),
    width: raisedSide(width, fixed === null ? sizes.width : { minimum: fixed.width, step: Infinity }),
  };
  if (fitted.height === undefined || fitted.width === undefined)
    throw new RangeError(
      `pad: ${height}×${width} (height × width) is more than the ${fixed?.height}×${fixed?.width} that these graphs of ${facts.name} take (--fixed)`,
    );
  return asImage(image, middle(stackOf(image), image, { height: fitted.height, width: fitted.width }));
}

/** The top left part of an image: what `pad` added is gone. */
export function crop(image: Image, height: number, width: number): Required<Image> {
  checkCount("crop", image, facts.imageChannels);
  areaOf(width, height);
  if (height > image.height || width > image.width)
    throw new RangeError(`crop: ${height}×${width} (height × width) is more than the image's ${image.height}×${image.width}`);
  return asImage(image, topLeft(stackOf(image), { height, width }));
}

/** Peak signal-to-noise ratio in dB of two images of the same sides, both clamped to [-1, 1]: per image, then averaged. Infinity for equal ones. */
export function psnr(a: Image, b: Image): number {
  checkCount("psnr", a, facts.imageChannels);
  checkCount("psnr", b, facts.imageChannels);
  const batch = a.batch ?? 1;
  if (a.height !== b.height || a.width !== b.width || batch !== (b.batch ?? 1))
    throw new RangeError(`psnr: ${a.height}×${a.width} and ${b.height}×${b.width} are not the sides of one image`);
  const size = a.data.length / batch;
  const each = Array.from({ length: batch }, (_, i) => {
    const [from, to] = [i * size, (i + 1) * size];
    return signalToNoise(a.data.subarray(from, to), b.data.subarray(from, to));
  });
  return each.reduce((sum, value) => sum + value, 0) / batch;
}

/**
 * RGBA pixels for ImageData of one latent of a batch as a picture: its first three channels (the first, if there are fewer), each scaled to its own
 * range (arXiv:2405.14477 Fig. 2). A pixel for each position: the picture has the latent's sides, where `litevae run` enlarges latent.png to the image's.
 */
export function latentPixels(latent: Latent, index = 0): Uint8ClampedArray<ArrayBuffer> {
  checkCount("latentPixels", latent, facts.latentChannels);
  const { height, width, batch = 1 } = latent;
  if (!Number.isInteger(index) || index < 0 || index >= batch)
    throw new RangeError(`latentPixels: there is no latent ${index}, counted from 0, among ${batch}`);
  const size = facts.latentChannels * height * width;
  const data = latent.data.subarray(index * size, (index + 1) * size);
  return rgbaOf(latentView({ channels: facts.latentChannels, height, width, data }));
}

function stackOf({ data, height, width, batch = 1 }: Image): PlaneStack {
  return { channels: facts.imageChannels * batch, height, width, data };
}

function asImage({ batch = 1 }: Image, { data, height, width }: PlaneStack): Required<Image> {
  return { data, height, width, batch, channels: model.imageChannels };
}

/** What a diffusion model is trained on: latents of mean 0 and deviation 1, as diffusers' pipelines compute them. */
export function normalize(latent: Latent): Required<Latent> {
  return eachValue("normalize", latent, (value, { shift, deviation }) => ((value - shift) * latents.scaling_factor) / deviation);
}

/** The latents to decode, of what a diffusion model gives: undoes `normalize`. */
export function denormalize(latent: Latent): Required<Latent> {
  return eachValue("denormalize", latent, (value, { shift, deviation }) => (value * deviation) / latents.scaling_factor + shift);
}

interface Spread {
  readonly shift: number;
  readonly deviation: number;
}

function eachValue(method: string, latent: Latent, map: (value: number, spread: Spread) => number): Required<Latent> {
  checkCount(method, latent, facts.latentChannels);
  const { data, height, width, batch = 1 } = latent;
  const channelled = latents.normalization === "channel";
  const spreads = Array.from({ length: facts.latentChannels }, (_, channel): Spread => {
    if (!channelled) return { shift: latents.shift_factor, deviation: 1 };
    return { shift: latents.latents_mean?.[channel] ?? 0, deviation: latents.latents_std?.[channel] ?? 1 };
  });
  const area = height * width;
  const mapped = data.map((value, i) => map(value, spreads[Math.floor(i / area) % spreads.length] as Spread));
  return { data: mapped, height, width, batch, channels: model.latentChannels };
}

function valuesOf({ data, batch = 1, height, width }: Planes<number>, channels: number): Values {
  return { data, dims: [batch, channels, height, width] };
}

function floatsOf({ data }: RuntimeTensor): Float32Array {
  if (!(data instanceof Float32Array)) throw otherGraph();
  return data;
}

function skipOf(found: Values | undefined): Values {
  if (found === undefined) throw otherGraph();
  return found;
}

function otherGraph(): Error {
  return new Error(`this is not a graph of ${facts.name}: compile it again`);
}

/** What a part takes besides; `planes` is its first input, of which a position is `stride` pixels. */
function taken(
  part: "encoder" | "decoder",
  given: Named<string> | undefined,
  { batch = 1, height, width }: Planes<number>,
  stride: number,
): Named<string> {
  const method = part === "encoder" ? "encode" : "decode";
  const names = facts.takes[part].map(({ name }) => name);
  const values: Readonly<Record<string, Values | undefined>> = given ?? {};
  if (given !== undefined) refuseUnknown(method, given, names);
  const image = [height * stride, width * stride];
  const checked = facts.takes[part].map(({ name, channels, divisors }): [string, Values] => {
    const value = values[name];
    if (value === undefined)
      throw new TypeError(`${method}: ${facts.name} takes ${names.join(", ")} besides, and is not given ${name}`);
    if (kindOf(value.data) !== "Float32Array" || kindOf(value.dims) !== "Array")
      throw new TypeError(`${method}: ${name} is { data, dims } with a Float32Array, not ${kindsIn(value)}`);
    const sides = divisors.map((divisor, axis) => (divisor === null ? null : (image[axis] ?? 0) / divisor));
    const wanted = [batch, channels, ...sides];
    const fits = value.dims.length === wanted.length && wanted.every((size, axis) => size === null || size === value.dims[axis]);
    const count = value.dims.reduce((product, size) => product * size, 1);
    if (!fits || value.data.length !== count)
      throw new RangeError(
        `${method}: ${name} is [${wanted.map((size) => size ?? "any").join(", ")}] here, not [${value.dims.join(", ")}] of ${value.data.length} values`,
      );
    return [name, value];
  });
  return Object.fromEntries(checked);
}

/** The channels of what each graph takes and gives. */
const channelsOf: Readonly<Record<"encoder" | "decoder", Readonly<Record<string, number>>>> = {
  encoder: {
    image: facts.imageChannels,
    ...Object.fromEntries(facts.encoded.map((name) => [name, facts.latentChannels])),
    ...channelsBeside("encoder"),
  },
  decoder: { latent: facts.latentChannels, image: facts.imageChannels, ...channelsBeside("decoder") },
};

function channelsBeside(part: "encoder" | "decoder"): Readonly<Record<string, number>> {
  return Object.fromEntries(facts.takes[part].map(({ name, channels }) => [name, channels]));
}

function requireChannels({ inputMetadata, outputMetadata }: RuntimeSession, part: "encoder" | "decoder"): void {
  if (inputMetadata === undefined || outputMetadata === undefined) return;
  for (const [name, channels] of Object.entries(channelsOf[part])) {
    const input = inputMetadata.find((each) => each.name === name);
    const { shape = [] } = input ?? outputMetadata.find((each) => each.name === name) ?? {};
    if (shape[1] === channels) continue;
    const found = shape.length === 0 ? `has no ${name}` : `${input ? "takes" : "gives"} ${name} [${shape.join(", ")}]`;
    throw new Error(`${part}: this is not a graph of ${facts.name}, whose ${name} has ${channels} channels: it ${found}`);
  }
}

function requireTile(part: "encoder" | "decoder", tile: number): void {
  const reach = facts.reach[part];
  if (facts.fixed !== null || reach === undefined)
    throw new Error(`createClient: the ${part} of ${facts.name} takes one size alone, and no tiles`);
  if (reach.sees_all.length > 0)
    throw new Error(
      `createClient: tiles would give something else than the whole image, of which ${reach.sees_all.join(" and ")} in the ${part} of ${facts.name} see all: leave tile out for it`,
    );
  const least = Math.max(leastTile(facts.sizes.height, reach.height), leastTile(facts.sizes.width, reach.width));
  if (!isCount(tile)) throw new RangeError(`createClient: tile is a whole number of pixels, not ${String(tile)}`);
  if (tile < least)
    throw new RangeError(`createClient: tiles of ${tile} pixels are too small for the ${part}: at least ${least}`);
}

/** What JavaScript may give in the place of graphs. */
function requireSources(sources: unknown): void {
  const files = facts.parts.map((part) => `${part}: "${typeof sources === "string" ? withSlash(sources) : ""}${part}.onnx"`);
  if (kindOf(sources) !== "Object")
    throw new TypeError(
      `createClient: the second argument names each graph, { ${files.join(", ")} }, and is not ${quoted(sources)}`,
    );
  const given = sources as Readonly<Record<string, unknown>>;
  refuseUnknown("createClient", given, ["encoder", "decoder"]);
  for (const [part, source] of Object.entries(given)) {
    if (source === undefined || isContent(source)) continue;
    const inside = kindOf(source) === "Object" ? (source as Readonly<Record<string, unknown>>) : {};
    refuseUnknown(`createClient: ${part}`, inside, ["graph", "data"]);
    if (!isContent(inside["graph"]) || !isContent(inside["data"]))
      throw new TypeError(
        `createClient: ${part} is a path or a URL as text, or bytes, or { graph, data } of two of these, not ${kindOf(source) === "Object" ? kindsIn(source) : kindOf(source)}`,
      );
  }
}

function isContent(value: unknown): boolean {
  return ["string", "Uint8Array", "ArrayBuffer", "SharedArrayBuffer"].includes(kindOf(value));
}

function isNamed(source: Source): source is Exclude<Source, Content> {
  return typeof source === "object" && "graph" in source;
}

/** Why a session was not created, as far as onnxruntime's message tells. */
function notLoaded(part: string, source: Source, message: string): string {
  const beside = `${part}.onnx.data`;
  // onnxruntime-web says this of every file that it cannot fetch, of graphs too.
  const unfetched = /failed to load external data file: (.*)/.exec(message)?.[1];
  const cause = unfetched === undefined ? message.replace(/^Error: /, "") : `${unfetched} could not be fetched`;
  if (isNamed(source)) {
    const given = `{ graph: ${quoted(source.graph)}, data: ${quoted(source.data)} }`;
    // Runtimes without fetch read a graph's data from beside it, and take none by name.
    const help =
      typeof source.data === "string" && unfetched === undefined && /external ?data/i.test(message)
        ? `: onnxruntime does not read ${beside} as it was given: give its bytes as data or, where it lies beside ${part}.onnx on disk, that file's path alone`
        : "";
    return `the ${part} could not be loaded from ${given}: ${cause}${help}`;
  }
  if (unfetched === undefined && message.includes(beside)) {
    const missing = /no such file|not exist|not found|cannot (find|open)/i.test(message) && typeof source === "string";
    return missing && !isAddress(source)
      ? `the weights of ${part}.onnx lie in ${beside}, which is not beside ${quoted(source)}: put it there, or give ${part}: { graph, data } (${cause})`
      : `the weights of ${part}.onnx lie in ${beside}: give createClient ${part}: { graph, data } (${cause})`;
  }
  const bare = typeof source === "string" && (isFolder(message) || !/\.[^/\\]+$|^(blob|data):/.test(source));
  const help = bare ? `: if that is a folder, give its graph, "${withSlash(source)}${part}.onnx"` : "";
  return `the ${part} could not be loaded from ${quoted(source)}: ${cause}${help}`;
}

function isFolder(message: string): boolean {
  return /is a directory|EISDIR/.test(message);
}

function isAddress(text: string): boolean {
  return /^[a-z][a-z+.-]+:/i.test(text);
}

function withSlash(folder: string): string {
  return folder.replace(/\/*$/, "/");
}

function quoted(given: unknown): string {
  if (typeof given === "string") return JSON.stringify(given);
  return ArrayBuffer.isView(given) || given instanceof ArrayBuffer ? `${given.byteLength} bytes` : kindOf(given);
}

function wasReleased(): Error {
  return new Error("this client was released");
}

/** Graphs of one size (`--fixed`) beside facts of another: each would take what the other does not. Open sides take all that fits. */
function requireSides({ inputMetadata }: RuntimeSession, part: "encoder" | "decoder"): void {
  const [name, scale] = part === "encoder" ? ["image", 1] : ["latent", facts.stride];
  const { shape } = inputMetadata?.find((each) => each.name === name) ?? {};
  if (shape?.length !== 4) return;
  const { fixed } = facts;
  const wanted = fixed === null ? [] : [fixed.batch, shape[1], fixed.height / scale, fixed.width / scale];
  if (shape.every((size, axis) => axis === 1 || typeof size === "string" || size === wanted[axis])) return;
  const other = fixed === null ? "any sides that fit" : `[${wanted.join(", ")}] alone (--fixed)`;
  throw new Error(
    `${part}: this graph takes ${name} [${shape.join(", ")}] alone (--fixed), and this client.js is of graphs that take ${other}: take both from one folder`,
  );
}

/** Resampled images pass their range a little; values of another range pass it by far. */
function requireValues({ data }: Image): void {
  const wrong = data.findIndex((value) => !(Math.abs(value) <= 1.5));
  if (wrong < 0) return;
  throw new RangeError(
    `encode: value ${wrong} is ${data[wrong]}, where images have finite values in [-1, 1]: make them with fromPixels or fromSamples`,
  );
}

function refuseUnknown(method: string, given: object, known: readonly string[]): void {
  const unknown = Object.keys(given).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new TypeError(`${method}: ${unknown} is none of ${known.join(", ")}`);
}

function present(session: RuntimeSession | undefined, part: string): RuntimeSession {
  if (session !== undefined) return session;
  throw new Error(
    facts.parts.includes(part)
      ? `createClient was given no ${part}: name ${part}.onnx in its second argument`
      : `${facts.name} was compiled without its ${part}: name it in --parts of litevae compile`,
  );
}

/** Sizes that do not fit are told here, with those that do; the runtime's own message would name a layer. */
function check(method: string, planes: Planes<number>, channels: number, stride: number): void {
  requirePlanes(method, planes);
  const { batch = 1, height, width } = planes;
  for (const [axis, side] of Object.entries({ height, width })) {
    const near = nearestSides(axis as "height" | "width", side, stride);
    if (!near.includes(side))
      throw new RangeError(
        `${method}: ${axis} ${side} does not fit ${facts.name}: ${near.join(" or ")} does${method === "encode" ? toFit() : ""}`,
      );
  }
  const { fixed } = facts;
  if (fixed !== null && (batch !== fixed.batch || height * stride !== fixed.height || width * stride !== fixed.width))
    throw new RangeError(
      `${method}: these graphs of ${facts.name} take [${fixed.batch}, ${channels}, ${fixed.height / stride}, ${fixed.width / stride}] alone (--fixed), not [${batch}, ${channels}, ${height}, ${width}]`,
    );
  checkCount(method, planes, channels);
}

/** How an image of other sides is encoded nevertheless. */
function toFit(): string {
  const named = facts.skips.map(({ name }) => name);
  const alone = facts.takes.encoder.length === 0 && facts.takes.decoder.every(({ name }) => named.includes(name));
  return alone
    ? "; pad(image) makes it fit, reconstruct(image) does that and crops what comes back"
    : "; pad(image) makes it fit";
}

/** Types say it too; JavaScript gives what it has, such as all that `encode` gave. */
function requirePlanes(method: string, planes: unknown): void {
  const given = Object(planes) as Readonly<Record<string, unknown>>;
  const wanted = { data: "Float32Array", height: "number", width: "number" };
  if (Object.entries(wanted).every(([key, kind]) => kindOf(given[key]) === kind)) return;
  const inside = facts.encoded.find((name) => name in given);
  const what = method === "encode" || method === "toPixels" ? "an image" : "a latent";
  throw new TypeError(
    `${method}: ${what} is { data, height, width } with a Float32Array, not ${kindsIn(planes)}${inside === undefined ? "" : `: give it ${inside} alone`}`,
  );
}

/** What something is made of, for a message. */
function kindsIn(given: unknown): string {
  if (typeof given !== "object" || given === null || ArrayBuffer.isView(given)) return kindOf(given);
  return `{ ${Object.entries(given)
    .map(([key, value]) => `${key}: ${kindOf(value)}`)
    .join(", ")} }`;
}

function kindOf(value: unknown): string {
  const kind = typeof value;
  // By its name: one of another window is of another class.
  return kind === "object" ? Object.prototype.toString.call(value).slice(8, -1) : kind;
}

function checkCount(method: string, planes: Planes<number>, channels: number): void {
  requirePlanes(method, planes);
  const { data, batch = 1, height, width } = planes;
  if (planes.channels !== undefined && planes.channels !== channels)
    throw new RangeError(`${method}: ${planes.channels} channels, where ${facts.name} has ${channels}`);
  const wanted = batch * channels * height * width;
  if (![batch, height, width].every(isCount) || data.length !== wanted)
    throw new RangeError(
      `${method}: [${batch}, ${channels}, ${height}, ${width}] is ${wanted} values of whole samples, data has ${data.length}`,
    );
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

/** How many pixels an image of these sides has. */
function areaOf(width: number, height: number): number {
  if (isCount(width) && isCount(height)) return width * height;
  throw new RangeError(`there are no images of ${height}×${width} (height × width): both sides are whole numbers from 1`);
}

/** The sides that fit and are nearest to one, which alone comes back where it fits. */
function nearestSides(axis: "height" | "width", side: number, stride: number): readonly number[] {
  const { minimum, step } = facts.sizes[axis];
  const steps = Math.max(0, (side * stride - minimum) / step);
  const fitting = [Math.floor(steps), Math.ceil(steps)].map((count) => (minimum + count * step) / stride);
  return [...new Set(fitting)];
}

/** What a graph gave for `input`, whose sides are `scale` times as long; another model's graph gives other sizes. */
function planesOf<C extends number>(
  found: Values | undefined,
  channels: C,
  input: Planes<number>,
  scale: number,
): Required<Planes<C>> {
  const { batch = 1, height, width } = { ...input, height: input.height * scale, width: input.width * scale };
  if (found?.dims.join() !== [batch, channels, height, width].join()) throw otherGraph();
  return { data: found.data, batch, channels, height, width };
}

/**
 * The image of RGBA pixels, such as ImageData's, whose colours a browser has converted to sRGB: transparent ones on white; where the model takes one channel grey, ITU-R 601 luma in whole steps
 * of 1/255 as in training. Whatever range was declared there, 0 and 255 become -1 and 1: samples of other ranges go through fromSamples.
 */
export function fromPixels(rgba: Uint8ClampedArray | Uint8Array, width: number, height: number): Required<Image> {
  const area = areaOf(width, height);
  if (rgba.length !== 4 * area)
    throw new RangeError(`${height}×${width} pixels are ${4 * area} bytes of RGBA, not ${rgba.length}`);
  needsColours();
  const data = new Float32Array(facts.imageChannels * area);
  for (let i = 0; i < area; i++) {
    const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(4 * i, 4 * i + 4);
    const colours = [red, green, blue].map((value) => 255 + ((value - 255) * alpha) / 255);
    const values = facts.imageChannels === 1 ? [grey(colours)] : colours;
    values.forEach((value, channel) => (data[channel * area + i] = value / 127.5 - 1));
  }
  return { data, batch: 1, channels: model.imageChannels, height, width };
}

/** What samples mean, as `data` of a recipe declares it; what is left out is as in training (`pixels`), null is nothing. */
export interface Declared {
  /** What becomes -1 and 1; with null the range of an integer's type, of 8 and 16 bits, and [0, 1] for floats. */
  readonly range?: readonly [low: number, high: number] | null;
  /** Samples that are missing, as NaN is. */
  readonly nodata?: number | null;
  /** What missing samples get; with null they are refused. */
  readonly fill?: number | null;
}

export type SampleArray =
  Uint8Array | Uint8ClampedArray | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/**
 * The image of samples of as many channels as the model's, a sensor's bands or grey of 16 bits: plane by plane, or with `pixels` all channels of a
 * pixel together. Throws a RangeError where samples lie outside of their range or are missing, and where the range is none.
 */
export function fromSamples(
  samples: SampleArray,
  width: number,
  height: number,
  declared: Declared = {},
  order: "planes" | "pixels" = "planes",
): Required<Image> {
  const { imageChannels: channels } = facts;
  // Samples have no profile, which `pixels` says something of.
  const { profile: _, ...others } = declared as Declared & { readonly profile?: unknown };
  refuseUnknown("fromSamples", others, ["range", "nodata", "fill"]);
  const { range = pixels.range, nodata = pixels.nodata, fill = pixels.fill } = others;
  const area = areaOf(width, height);
  if (samples.length !== channels * area)
    throw new RangeError(`${channels} channels of ${height}×${width} are ${channels * area} samples, not ${samples.length}`);
  if (!["planes", "pixels"].includes(order)) throw new RangeError(`the order of samples is "planes" or "pixels", not "${order}"`);
  const [low, high] = range ?? rangeOf(samples);
  if (![low, high].every(Number.isFinite) || !(low < high) || high - low === Infinity)
    throw new RangeError(`range [${low}, ${high}] is not two finite numbers, the lower first`);
  const absent = typeof nodata === "number" && samples instanceof Float32Array ? Math.fround(nodata) : nodata;
  const margin = 5e-5 * (high - low);
  const data = new Float32Array(samples.length);
  samples.forEach((sample: number, i: number) => {
    const value = sample === absent || Number.isNaN(sample) ? fill : sample;
    if (typeof value !== "number") throw new RangeError(`sample ${i} is missing: declare fill`);
    if (!(value >= low - margin && value <= high + margin))
      throw new RangeError(`sample ${i} is ${value}, outside of [${low}, ${high}]: declare range`);
    const at = order === "planes" ? i : (i % channels) * area + Math.trunc(i / channels);
    data[at] = (value - low) * (2 / (high - low)) - 1;
  });
  return { data, batch: 1, channels: model.imageChannels, height, width };
}

/** Of a type whose values are those of its bits, or floats of [0, 1]. */
function rangeOf(samples: SampleArray): readonly [number, number] {
  if (samples instanceof Float32Array || samples instanceof Float64Array) return [0, 1];
  const values = 2 ** (8 * samples.BYTES_PER_ELEMENT);
  if (values > 65536) throw new RangeError("the range of integers of 32 bits is unknown: declare range");
  return samples instanceof Int8Array || samples instanceof Int16Array ? [-values / 2, values / 2 - 1] : [0, values - 1];
}

/** Pillow's arithmetic for (299 R + 587 G + 114 B)/1000. */
function grey([red = 0, green = 0, blue = 0]: readonly number[]): number {
  return Math.round((19595 * red + 38470 * green + 7471 * blue) / 65536);
}

/** RGBA pixels for ImageData of one image of a batch, values outside of [-1, 1] clamped. */
export function toPixels(image: Image, index = 0): Uint8ClampedArray<ArrayBuffer> {
  needsColours();
  checkCount("toPixels", image, facts.imageChannels);
  const { data, height, width, batch = 1 } = image;
  if (!Number.isInteger(index) || index < 0 || index >= batch)
    throw new RangeError(`toPixels: there is no image ${index}, counted from 0, among ${batch}`);
  const size = facts.imageChannels * width * height;
  return rgbaOf({ channels: facts.imageChannels, height, width, data: data.subarray(index * size, (index + 1) * size) });
}

/** Of one channel grey, of others the first three. */
function rgbaOf({ channels, height, width, data }: PlaneStack): Uint8ClampedArray<ArrayBuffer> {
  const area = width * height;
  const pixels = new Uint8ClampedArray(4 * area).fill(255);
  for (let i = 0; i < area; i++) {
    for (let colour = 0; colour < 3; colour++)
      pixels[4 * i + colour] = ((data[Math.min(colour, channels - 1) * area + i] ?? 0) + 1) * 127.5;
  }
  return pixels;
}

function needsColours(): void {
  if (facts.imageChannels !== 1 && facts.imageChannels !== 3)
    throw new Error(`images of ${facts.imageChannels} channels have no RGBA pixels: use fromSamples, and the data of decode`);
}
