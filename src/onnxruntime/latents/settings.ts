/** What decides which bytes an encoding has: its settings, and the key that is their hash. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { Manifest } from "../../compiler/manifest.ts";
import { textHash } from "../../artifact/file-hash.ts";
import { pythonJson } from "../../artifact/python-json.ts";
import { version } from "../../ir/version.ts";
import { openWeights } from "../../artifact/weights-file.ts";
import { UserError } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import { bytesOf } from "../../ir/tensor.ts";
import type { PixelRule } from "../../recipe/pixels.ts";
import { byCodePoints } from "../../images/listing.ts";
import { graphName } from "../autoencoder.ts";
import type { DTypeName } from "./stored.ts";

/** The weights of a compiled folder. */
export const weightsFile = "model.safetensors";

/** In the order of the package's settings, with what makes the bytes others: who computed them, and from which graph. */
export interface EncodingSettings {
  /** Its name. */
  readonly model: string;
  /** Of the tensors that the encoder has: the package's own number for the same weights. */
  readonly weights_sha256: string;
  /** Of this toolkit, which reads the images. */
  readonly version: string;
  /** What ran the graph. */
  readonly engine: "onnxruntime";
  /** Of the encoder's graph and of the file beside it. */
  readonly graph_sha256: string;
  /** Side of the images in pixels. */
  readonly size: number;
  /** How they got it. */
  readonly resize: string;
  /** Which part of them was taken. */
  readonly crop: string;
  /** What samples meant. */
  readonly pixels: PixelRule;
  /** Whether the mirrored images are there too. */
  readonly flip: boolean;
  /** Of the graph: `fp32` or `fp16`. */
  readonly precision: string;
  /** Of the stored moments. */
  readonly dtype: DTypeName;
  /** Images in a file. */
  readonly shard_images: number;
}

export function settingsOf(
  folder: string,
  manifest: Manifest,
  encoder: string,
  asked: Pick<EncodingSettings, "size" | "pixels" | "flip" | "dtype" | "shard_images">,
): EncodingSettings {
  const { size, pixels, ...stored } = asked;
  return {
    model: manifest.model,
    weights_sha256: weightsHash(folder, manifest, encoder),
    version,
    engine: "onnxruntime",
    graph_sha256: graphHash(manifest, encoder),
    size,
    resize: "bicubic, antialiased, shorter side (Pillow)",
    crop: "centre",
    pixels,
    flip: stored.flip,
    precision: manifest.precision ?? "fp32",
    dtype: stored.dtype,
    shard_images: stored.shard_images,
  };
}

/** The SHA-256 of the settings as JSON with sorted names and no spaces, and a line feed. */
export function keyOf(settings: EncodingSettings): string {
  return textHash([pythonJson(settings, "tight")]);
}

/** Each tensor adds `key type shape`, such as `encoder.conv.weight float32 16,3,3,3`, a line feed, and its bytes; sorted by key. */
function weightsHash(folder: string, { parts }: Manifest, encoder: string): string {
  const { modules } = must(parts[encoder], encoder);
  if ((modules as typeof modules | undefined) === undefined) {
    throw new UserError({
      what: `${folder} does not say which weights its ${encoder} has`,
      found: "what an older version compiled",
      help: "compile the model again",
    });
  }
  const weights = openWeights(join(folder, weightsFile));
  const isOfEncoder = (key: string): boolean => modules.some((path) => path === "" || key.startsWith(`${path}.`));
  const hash = createHash("sha256");
  for (const key of weights.names.filter(isOfEncoder).sort(byCodePoints)) {
    hash.update(`${key} ${weights.dtypeOf(key)} ${weights.shapeOf(key).join()}\n`);
    hash.update(bytesOf(weights.read(key)));
  }
  return hash.digest("hex");
}

/** By the manifest, whose hashes `openCompiled` has compared with the files. */
function graphHash({ files }: Manifest, encoder: string): string {
  const graph = graphName(encoder);
  return textHash(
    [graph, `${graph}.data`].flatMap((name) => (files[name] === undefined ? [] : [`${name} ${files[name].sha256}`])),
  );
}

/** How settings differ, in words. */
export function changes(before: Readonly<Record<string, unknown>>, now: Readonly<Record<string, unknown>>): readonly string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  const text = (value: unknown): string => (value === undefined ? "none" : pythonJson(value, "sorted"));
  return names
    .filter((name) => text(before[name]) !== text(now[name]))
    .map((name) => `${name}: ${short(before[name])} → ${short(now[name])}`);
}

/** Hashes by their beginning. */
function short(value: unknown): string {
  if (value === undefined) return "none";
  if (typeof value !== "string") return pythonJson(value, "sorted");
  return value.length === 64 ? `${value.slice(0, 12)}…` : value;
}
