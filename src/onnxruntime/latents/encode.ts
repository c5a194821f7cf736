/** An encoding from its options to its manifest: images in, moments, labels and statistics out (docs/latents.md). */
import { existsSync, readdirSync, rmdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { expectFixedSize, openCompiled } from "../../artifact/compiled-folder.ts";
import type { Manifest } from "../../compiler/manifest.ts";
import { lock, unlock } from "../../artifact/folder-lock.ts";
import { makeFolder } from "../../artifact/make-folder.ts";
import type { Config } from "../../compiler/config.ts";
import { counted } from "../../errors/counted.ts";
import { StoppedError, UserError, type Note } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import type { LatentStatistics } from "../../ir/latents.ts";
import { describeSet, listImages } from "../../images/listing.ts";
import { repair } from "../../images/samples.ts";
import { pixelsAs, type PixelOptions } from "../../recipe/pixels.ts";
import { autoencoderOf, graphName, inputsOf, requireSquare, type Joined } from "../autoencoder.ts";
import { checkProviders, importRuntime, loadGraph } from "../session.ts";
import { classesOf, describeClasses, labelsHash } from "./classes.ts";
import { fingerprint } from "./fingerprint.ts";
import { begin, finish, forsake, requireFits, restore, type Beginning, type LatentsManifest } from "./manifest.ts";
import { shardNumber } from "./layout.ts";
import { hasHash, otherThreads, readPart } from "./parts.ts";
import { keyOf, settingsOf, weightsFile } from "./settings.ts";
import { ShardEncoder, type Timing } from "./shard-encoder.ts";
import type { DTypeName } from "./stored.ts";

export interface EncodeOptions {
  /** Folder that `compile` wrote, with an encoder. */
  readonly folder: string;
  readonly images: string;
  readonly out: string;
  readonly size: number | undefined;
  readonly flip: boolean;
  readonly dtype: DTypeName;
  readonly shardImages: number;
  readonly batch: number | undefined;
  readonly workers: number;
  readonly provider: string | undefined;
  readonly threads: number | undefined;
  /** What samples mean, where it is not what config.json says. */
  readonly pixels: PixelOptions;
  /** Told what is being done. */
  readonly progress: (doing: string) => void;
  /** Told what a person should know, as soon as it is known. */
  readonly note: (note: Note) => void;
  /** Stops the work with its reason, after the file that is being made. */
  readonly signal?: AbortSignal | undefined;
}

/** What an encoding came to. */
export interface Encoded {
  readonly manifest: LatentsManifest;
  /** Absent where the folder held the latents already. */
  readonly timing: Timing | undefined;
  readonly batch: number;
}

/** What is taken where nobody says. */
export const usual = { size: 256, batch: 16 } as const;

/** Encodes what is not encoded yet, and writes the manifest. UserError says what is wrong. */
export async function encode(options: EncodeOptions): Promise<Encoded> {
  const { folder, images, out, progress, note, signal } = options;
  const { manifest, config, roles } = encoderIn(folder);
  const fixed = expectFixedSize(folder, manifest, { batch: options.batch, height: options.size, width: options.size });
  const [batch, size] = [fixed?.[0] ?? options.batch ?? usual.batch, options.size ?? fixed?.[1] ?? usual.size];
  expectFixedSize(folder, manifest, { height: size, width: size });
  requireSquare(size, config, [roles.encoder]);
  if (options.provider !== undefined) {
    const supported = (await importRuntime()).listSupportedBackends().map(({ name }) => name);
    checkProviders([options.provider], supported);
  }
  const { rule, departure } = pixelsAs(options.pixels, config.pixels);
  const set = listImages(images, "compile with torch among --target: python -m PACKAGE.encode reads shards");
  const classes = classesOf(set.names);
  const form = formOf(manifest, config, roles, size, options.dtype);
  const beginning: Beginning = {
    settings: settingsOf(folder, manifest, roles.encoder, {
      size,
      pixels: rule,
      flip: options.flip,
      dtype: options.dtype,
      shard_images: options.shardImages,
    }),
    data: { ...fingerprint(set), labels_sha256: labelsHash(classes) },
    classes: { source: classes.source, names: classes.names },
    latent: form,
    model: latentsIn(config),
  };
  const { precision } = beginning.settings;
  progress(
    `${manifest.model}: ${describeSet(set)}; ${describeClasses(classes)}; ${options.provider ?? "onnxruntime"}, ${precision}`,
  );
  if (departure !== undefined) note({ what: departure });
  if ("seed" in manifest.weights)
    note({ what: "the weights are untrained: so are the latents", help: "compile with --weights for a trained model" });
  const further = inputsBesidesLatent(manifest, roles);
  if (further.length > 0)
    note({ severity: "warning", what: `decoding takes ${further.join(", ")} besides latents, which is not stored` });
  // Before the folder is made.
  requireFits(out, beginning);
  const release = held(out);
  try {
    const before = begin(out, beginning);
    const key = keyOf(beginning.settings);
    const numbers = Array.from({ length: Math.ceil(set.names.length / options.shardImages) }, (_, number) => number);
    const found = before === undefined ? numbers.flatMap((number) => readPart(out, number, key) ?? []) : [];
    const missing =
      before === undefined
        ? numbers.filter((number) => !found.some((part) => part.number === number))
        : before.shards.filter(({ file, sha256 }) => !hasHash(join(out, file), sha256)).map(({ file }) => shardNumber(file));
    if (before !== undefined && missing.length === 0) {
      progress(`${out} holds these latents already`);
      restore(out, before, []);
      return { manifest: before, timing: undefined, batch };
    }
    const threads =
      options.provider === undefined || options.provider === "cpu" ? (options.threads ?? availableParallelism()) : null;
    if (before !== undefined)
      progress(
        `${missing.length.toLocaleString("en")} of ${counted(before.shards.length.toLocaleString("en"), "file")} in ${out} ` +
          `${missing.length === 1 ? "is" : "are"} missing or damaged, and made anew`,
      );
    if (found.length > 0)
      progress(
        `${found.length.toLocaleString("en")} of ${counted(numbers.length.toLocaleString("en"), "file")} are there already`,
      );
    const others = otherThreads(found, threads);
    if (others !== undefined) note({ what: others });
    const graph = await loadGraph(join(folder, graphName(roles.encoder)), {
      provider: options.provider,
      threads: options.threads,
    });
    const encoder = new ShardEncoder({
      graph,
      input: must(graph.inputs[0], "the encoder's image"),
      outputs: outputsOf(manifest, roles),
      form,
      set,
      labels: classes.labels,
      wanted: { channels: must(config.image_channels, "the image channels of an autoencoder"), rule, side: size },
      flip: options.flip,
      batch,
      isFixed: fixed !== undefined,
      shardImages: options.shardImages,
      workers: options.workers,
      threads,
      progress,
    });
    const { made, timing } = await encoder.encode(missing, out, key, () => signal?.aborted === true);
    if (made.length < missing.length) {
      const all = counted((found.length + missing.length).toLocaleString("en"), "file");
      const there = (found.length + made.length).toLocaleString("en");
      const reason: unknown = signal?.reason;
      const by = reason instanceof StoppedError ? ` by ${reason.message}` : "";
      progress(`stopped${by}: ${there} of ${all} are there; the same command continues`);
      signal?.throwIfAborted();
    }
    if (before !== undefined) {
      restore(out, before, made);
      return { manifest: before, timing, batch };
    }
    const parts = [...found, ...made].sort((a, b) => a.number - b.number);
    if (parts.every((part) => part.images === 0))
      throw noneUsed(
        set.place,
        timing.helps,
        parts.flatMap(({ corrupt }) => corrupt),
      );
    return { manifest: finish(out, beginning, parts), timing, batch };
  } catch (error) {
    if (error instanceof UserError) forsake(out);
    throw isOfFiles(error) ? cannotBeWritten(out, error) : error;
  } finally {
    release();
  }
}

function encoderIn(folder: string): { readonly manifest: Manifest; readonly config: Config; readonly roles: Joined } {
  const roles = autoencoderOf(openCompiled(folder, []).config);
  const { manifest, config } = openCompiled(folder, [graphName(roles.encoder), weightsFile]);
  const [, ...conditions] = inputsOf(manifest, roles.encoder);
  if (conditions.length === 0) return { manifest, config, roles };
  throw new UserError({
    what: `the ${roles.encoder} in ${folder} takes ${conditions.join(", ")} besides images`,
    expected: "an encoder of images alone",
    help: "encode with client.js, or with autoencoder.encode(…) of the PyTorch package, in a script of yours",
  });
}

function inputsBesidesLatent(manifest: Manifest, { decoder, taken }: Joined): readonly string[] {
  const inputs = manifest.parts[decoder] === undefined ? Object.keys(taken) : inputsOf(manifest, decoder);
  return inputs.slice(1);
}

/** The outputs that are stored, under the names of the format: means and log-variances, or the latent alone. */
function outputsOf(manifest: Manifest, { decoder, posterior, taken }: Joined): Readonly<Record<string, string>> {
  if (posterior !== undefined) return { mean: posterior.mean, logvar: posterior.logvar };
  const what = `what the ${decoder} decodes`;
  const [latent] = manifest.parts[decoder] === undefined ? Object.keys(taken) : inputsOf(manifest, decoder);
  return { latent: must(taken[must(latent, what)]?.output, what) };
}

function formOf(manifest: Manifest, config: Config, roles: Joined, size: number, dtype: DTypeName): Beginning["latent"] {
  const side = size / must(config.stride, "the stride of an autoencoder");
  const channels = must(config.latent_channels, "the latent channels of an autoencoder");
  return { tensors: Object.keys(outputsOf(manifest, roles)), channels, height: side, width: side, dtype };
}

/** What config.json says of latents, as far as it does. */
function latentsIn(config: Config): Partial<LatentStatistics> {
  const { scaling_factor, shift_factor, latents_mean, latents_std, latent_images, normalization } = config;
  const known = { scaling_factor, shift_factor, latents_mean, latents_std, latent_images, normalization };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

/** Takes the folder for this process until what it returns is called, or the process ends. */
function held(out: string): () => void {
  const isNew = !existsSync(out);
  try {
    makeFolder(out);
    lock(out, "encode");
  } catch (error) {
    throw error instanceof UserError ? error : cannotBeWritten(out, error);
  }
  const release = (): void => {
    unlock(out);
    if (isNew && readdirSync(out).length === 0) rmdirSync(out);
    process.off("exit", release);
  };
  process.on("exit", release);
  return release;
}

function isOfFiles(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}

function cannotBeWritten(out: string, error: unknown): UserError {
  return new UserError({
    what: `${out} cannot be written to`,
    found: (error as Error).message,
    help: ["ENOSPC", "EDQUOT"].includes((error as NodeJS.ErrnoException).code ?? "")
      ? "make room on that disk: the same command then goes on"
      : "give -o a folder of yours, on a disk with room",
  });
}

function noneUsed(
  place: string,
  helps: ReadonlyMap<string, number>,
  corrupt: readonly { readonly name: string; readonly reason: string }[],
): UserError {
  const [help] = [...helps].toSorted(([, a], [, b]) => b - a)[0] ?? [repair];
  return new UserError({
    what: `none of the ${counted(corrupt.length.toLocaleString("en"), "image")} of ${place} can be used`,
    found: corrupt
      .slice(0, 3)
      .map(({ name, reason }) => `${name}: ${reason}`)
      .join("\n"),
    help:
      help === repair
        ? "check the path, and that the files are whole"
        : help.replace(/\((range|fill)\)/, (_, name: string) => `(--${name})`),
  });
}
