import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expectFixedSize, manifestIn, openCompiled } from "../artifact/compiled-folder.ts";
import type { FixedSize, Manifest } from "../compiler/manifest.ts";
import type { Config } from "../compiler/config.ts";
import { UserError } from "../errors/index.ts";
import { InternalError, must } from "../errors/must.ts";
import type { Sources } from "../ir/model.ts";
import { latentView, signalToNoise, topLeft } from "../ir/planes.mts";
import type { Sizes } from "../ir/size.ts";
import { tensorOf } from "../ir/tensor.ts";
import type { Reconstruction } from "../report/reconstruction.ts";
import { encodeSafetensors } from "../weights/safetensors.ts";
import { npyBytes } from "../images/npy.ts";
import type { PlanarImage } from "../images/open.ts";
import { spreadWarning } from "../images/signed.ts";
import { pixelsAs, type PixelOptions, type PixelRule } from "../recipe/pixels.ts";
import { autoencoderOf, graphName, inputsOf } from "./autoencoder.ts";
import { cannotWrite, prepareOutput, readImage, writeImage } from "./image.ts";
import { statistics, type Fit, type FittedImage } from "./image.ts";
import { loadGraph, type Graph, type GraphValue, type GraphValues } from "./session.ts";
import { inTiles, planTiles } from "./tiles.ts";

const written = { view: "latent.png", latent: "latent.safetensors" } as const;

export interface ReconstructOptions {
  /** Folder that `compile` wrote, with an encoder and a decoder. */
  readonly folder: string;
  readonly fit: Fit;
  /** What samples mean, where it is not what config.json says. */
  readonly pixels: PixelOptions;
  /** The side in pixels of the tiles that parts run on which are exact in them. */
  readonly tile?: number | undefined;
  /** Whether other parts are blended of tiles. */
  readonly blend?: boolean;
  readonly progress: (doing: string) => void;
}

/** An image that went through, and what there is to say of it. */
export interface Reconstructed {
  readonly result: Reconstruction;
  /** How samples were read otherwise than in training. */
  readonly departure: string | undefined;
  /** What makes one doubt that the image was read as it is meant. */
  readonly warning: string | undefined;
  /** Whether the model has parameters that nothing was trained for. */
  readonly untrained: boolean;
}

/** Encodes an image to the latent's mean and decodes it again; writes both as images and the latent as numbers into the folder `out`. */
export type Reconstruct = (image: string, out: string) => Promise<Reconstructed>;

/** What reconstructs with the graphs of a folder, which are loaded once, when an image first needs them. */
export function openReconstruct(options: ReconstructOptions): Reconstruct {
  const { folder, progress } = options;
  const { manifest, config } = openCompiled(folder, []);
  const { encoder: encoding, decoder: decoding, taken } = autoencoderOf(config);
  const imageChannels = must(config.image_channels, "the image channels of an autoencoder");
  openCompiled(folder, [encoding, decoding].map(graphName));
  refuseConditions(folder, manifest, [encoding, decoding], taken);
  const fixed = expectFixedSize(folder, manifest, { batch: 1 });
  const { rule, departure } = pixelsAs(options.pixels, config.pixels);
  const loaded = new Map<string, Promise<Graph>>();
  const load = (part: string): Promise<Graph> => {
    const graph = loaded.get(part) ?? loadGraph(join(folder, graphName(part)));
    loaded.set(part, graph);
    return graph;
  };

  return async (file, out) => {
    refuseCompiled(out);
    const image = await readImage(file, imageChannels, rule, options.fit, sizesTaken(config, fixed));
    const shown = image.channels === 1 || image.channels === 3;
    const result = shown ? "reconstruction.png" : "reconstruction.npy";
    prepareOutput(out, [result, ...Object.values(written)]);
    const tiling = { side: options.tile, blend: options.blend ?? false, image, fixed };
    const plan = planTiles(folder, config, [encoding, decoding], tiling);
    const measured: string[] = [];
    const loadTiled = async (part: string): Promise<Graph> => {
      const [graph, tiles] = [await load(part), plan.tilings.get(part)];
      return tiles === undefined ? graph : inTiles(graph, tiles, (text) => measured.push(`${part}: ${text}`));
    };

    progress("encoding");
    const encoder = await loadTiled(encoding);
    let started = performance.now();
    const given = { [only(encoder.inputs)]: valuesOf(image) };
    const encoded = await encoder.run(given);
    const encodeMs = performance.now() - started;
    const values = Object.fromEntries(
      Object.entries(taken).map(([name, { output: gives, input }]) => [
        name,
        gives === undefined ? must(given[input], input) : output(encoded, gives),
      ]),
    );

    progress("decoding");
    const decoder = await loadTiled(decoding);
    const latent = imageOf(must(values[must(decoder.inputs[0], "the latent")], "the latent"));
    started = performance.now();
    const decoded = await decoder.run(values);
    const decodeMs = performance.now() - started;

    const reconstruction = topLeft(imageOf(only(Object.values(decoded))), image.original);
    const quality = signalToNoise(topLeft(image, image.original).data, reconstruction.data);
    if (Number.isNaN(quality)) throw notFinite(folder, file);
    const files = [
      shown ? await writeImage(reconstruction, out, result) : writeArray(reconstruction, rule, join(out, result)),
      await writeImage(latentView(latent), out, written.view, config.stride),
      writeLatent(latent, out),
    ];
    const { channels, height, width } = latent;
    return {
      result: {
        image: file,
        ...image.stored,
        fitted: describeFit(options.fit, image),
        latent: { shape: [1, channels, height, width], ...statistics(latent.data) },
        psnr: Number.isFinite(quality) ? quality : null,
        encodeMs,
        decodeMs,
        tiles: [...plan.said, ...measured],
        files,
      },
      departure,
      warning: spreadWarning([image.data]),
      untrained: "seed" in manifest.weights && Object.values(manifest.parts).some(({ params }) => params > 0),
    };
  };
}

function notFinite(folder: string, image: string): UserError {
  return new UserError({
    what: `the graphs in ${folder} give values that are not finite`,
    expected: "numbers",
    found: `on ${image}`,
    help: "look for overflow: compile the model without --precision fp16, or check its weights",
  });
}

/** Of graphs that are fixed to a size that one alone. */
function sizesTaken({ sizes }: Config, fixed: FixedSize | undefined): Sizes {
  if (fixed === undefined) return sizes;
  const [, height, width] = fixed;
  return { height: { minimum: height, step: Infinity }, width: { minimum: width, step: Infinity } };
}

function refuseCompiled(out: string): void {
  const compiled = manifestIn(out);
  if (compiled === undefined) return;
  throw new UserError({
    what: `${out} is the folder of a compiled model`,
    expected: "a folder of its own: a compiled one that holds other files cannot be compiled again",
    found: `manifest.json of ${compiled.model}`,
    help: "give another -o",
  });
}

/** What no image has, and no part gives. */
function refuseConditions(
  folder: string,
  manifest: Manifest,
  [encoding, decoding]: readonly [string, string],
  taken: Sources,
): void {
  const further = inputsOf(manifest, decoding).filter((name) => !Object.hasOwn(taken, name));
  const conditions = [...inputsOf(manifest, encoding).slice(1), ...further];
  if (conditions.length === 0) return;
  throw new UserError({
    what: `${folder} takes more than an image: ${conditions.join(", ")}`,
    expected: "a model that makes all of the image",
    found: `conditions ${conditions.join(", ")}, which run has none of`,
    help: "give them to encode and decode of client.js, or to the class Autoencoder of the PyTorch package",
  });
}

function output(outputs: GraphValues, name: string): GraphValue {
  const found = outputs[name];
  if (found === undefined)
    throw new UserError({
      what: `the graph has no output ${name}`,
      found: Object.keys(outputs).join(", "),
      help: "compile the model again",
    });
  return found;
}

function only<T>([first, ...others]: readonly T[]): T {
  if (first === undefined || others.length > 0) throw new InternalError(`an autoencoder's graph has ${1 + others.length} images`);
  return first;
}

function valuesOf({ channels, height, width, data }: PlanarImage): GraphValue {
  return { shape: [1, channels, height, width], data };
}

function imageOf({ shape, data }: GraphValue): PlanarImage {
  const [channels, height, width] = [1, 2, 3].map((axis) => must(shape[axis], `axis ${axis} of an image`)) as [
    number,
    number,
    number,
  ];
  return { channels, height, width, data };
}

function describeFit(fit: Fit, { height, width, stored }: FittedImage): string {
  if (height === stored.height && width === stored.width) return "";
  return `${fit === "crop" ? "cropped" : "padded"} to ${height}×${width}`;
}

/** [H, W, N] in float32, in the range that is declared or [0, 1]: read by the same rule it is this image again. */
function writeArray({ channels, height, width, data }: PlanarImage, { range }: PixelRule, path: string): string {
  const [low, high] = range ?? [0, 1];
  const area = height * width;
  const values = new Float32Array(data.length);
  for (let channel = 0; channel < channels; channel++) {
    for (let i = 0; i < area; i++) {
      const value = Math.min(1, Math.max(-1, data[channel * area + i] as number));
      values[i * channels + channel] = low + ((value + 1) / 2) * (high - low);
    }
  }
  try {
    writeFileSync(path, npyBytes([height, width, channels], values));
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return path;
}

function writeLatent(latent: PlanarImage, out: string): string {
  const path = join(out, written.latent);
  const shape = [1, latent.channels, latent.height, latent.width];
  const load = (): ReturnType<typeof tensorOf> => tensorOf(shape, latent.data);
  try {
    writeFileSync(path, Buffer.concat([...encodeSafetensors([{ name: "latent", shape, dtype: "float32", load }])]));
  } catch (error) {
    throw cannotWrite(path, error);
  }
  return path;
}
