import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { TrainedWeights } from "../compiler/compile.ts";
import { UserError } from "../errors/index.ts";
import { Safetensors } from "../weights/safetensors.ts";
import { manifestBeside } from "./compiled-folder.ts";
import { sha256OfFile } from "./file-hash.ts";
import { opened } from "./sealed.ts";

/** As diffusers and we call files of weights, those in full precision first. */
const usualNames = ["diffusion_pytorch_model", "model"].flatMap((name) => [`${name}.safetensors`, `${name}.fp16.safetensors`]);

/** The file that --weights means: itself, or the one in a folder, where it has a usual name. */
export function weightsPath(given: string): string {
  if (statSync(given, { throwIfNoEntry: false })?.isDirectory() !== true) return given;
  const found = usualNames.find((name) => existsSync(join(given, name)));
  if (found !== undefined) return join(given, found);
  throw cannotRead(given)(`a folder without ${usualNames.join(", ")}`, "give --weights a safetensors file, or a folder with one");
}

/** Opens a safetensors file: its header is checked whole at once, tensors are read when asked for. */
export function openWeights(path: string): Safetensors {
  const there = statSync(path, { throwIfNoEntry: false });
  // To open a pipe would be to wait for who writes into it.
  if (there?.isFile() === false)
    throw cannotRead(path)(there.isDirectory() ? "a folder" : "a pipe or a device", "give --weights a safetensors file");
  if (there !== undefined && path.endsWith(".json")) throw ofJson(path);
  const { size } = withFile(path, (file) => fstatSync(file), cannotRead(path));
  const read = (position: number, length: number): Uint8Array<ArrayBuffer> =>
    withFile(path, (file) => readFully(file, position, length, path), cannotRead(path));
  return new Safetensors({ name: path, size, read });
}

/** What `compile` wants of an opened file: its hash, and config.json beside it; both as they were written, where the folder says how. */
export function trainedWeights(file: Safetensors): TrainedWeights {
  const sha256 = hashAsWritten(file.name, (done) => `the weights ${file.name} are not those that were ${done}`);
  return { file, sha256, config: configBeside(file.name) };
}

function hashAsWritten(path: string, otherwise: (done: string) => string): string {
  const sha256 = sha256OfFile(path);
  const listing = listingsOf(path).find((each) => each.sha256 !== undefined && each.sha256 !== sha256);
  if (listing === undefined) return sha256;
  throw new UserError({
    what: otherwise(listing.done),
    expected: `sha256 ${listing.sha256}, as ${listing.name} beside it says`,
    found: `sha256 ${sha256}`,
    help: `copy the file again from where it came, or ${listing.help}`,
  });
}

interface Listing {
  readonly name: string;
  readonly sha256: string | undefined;
  readonly done: string;
  readonly help: string;
}

/** What lies beside a file and may say which hash it was written with. */
function listingsOf(path: string): readonly Listing[] {
  const folder = dirname(path);
  const name = basename(path);
  const sealed = (listing: string, help: string): Listing => ({
    name: listing,
    sha256: sealedHashes(join(folder, listing), help)[name],
    done: "trained",
    help,
  });
  return [
    {
      name: "manifest.json",
      sha256: manifestBeside(folder)?.files[name]?.sha256,
      done: "compiled",
      help: "compile that folder again; what was changed on purpose goes into a folder without that manifest",
    },
    sealed("state.json", "take another checkpoint"),
    sealed("hashes.json", "take a checkpoint of the run; what was changed on purpose goes into a folder without hashes.json"),
  ];
}

/** The hashes of a checkpoint's files, or of what a run left; none in other folders. UserError where they are damaged. */
function sealedHashes(listing: string, help: string): Readonly<Record<string, string>> {
  if (!existsSync(listing)) return {};
  try {
    const { files } = opened(readFileSync(listing, "utf8"));
    return typeof files === "object" && files !== null ? (files as Readonly<Record<string, string>>) : {};
  } catch (error) {
    throw new UserError({
      what: `${listing}, which has the hashes of the files beside it, is damaged`,
      found: (error as Error).message,
      help,
    });
  }
}

function configBeside(weights: string): TrainedWeights["config"] {
  const name = join(dirname(weights), "config.json");
  if (!existsSync(name)) {
    const listing = listingsOf(name).find((each) => each.sha256 !== undefined);
    if (listing === undefined) return undefined;
    throw new UserError({
      what: `${name} is missing, which says how the latents of the weights beside it are spread`,
      found: `${listing.name}, which lists it`,
      help: `copy the folder again; weights alone go into a folder without ${listing.name}`,
    });
  }
  hashAsWritten(name, (done) => `${name}, beside the weights, is not the file that was ${done}`);
  try {
    return { name, value: JSON.parse(readFileSync(name, "utf8")) as unknown };
  } catch (error) {
    throw new UserError({
      what: `cannot read ${name}, which says how the latents of the weights beside it are spread`,
      found: (error as Error).message,
      help: "copy it again from where the weights came, or move it away to compile without these numbers",
    });
  }
}

/** What lies beside weights is taken for them: best.json names a checkpoint's folder, other files lie in that of the weights. */
function ofJson(path: string): UserError {
  const best = /"step":\s*(\d+)/.exec(basename(path) === "best.json" ? readFileSync(path, "utf8") : "")?.[1];
  const folder = best === undefined ? dirname(path) : join(dirname(path), `step-${best.padStart(8, "0")}`);
  const inRuns = ["average.safetensors", "autoencoder.safetensors"];
  const beside = [...usualNames, ...inRuns].map((name) => join(folder, name)).find((file) => existsSync(file));
  return cannotRead(path)(
    best === undefined ? "JSON" : `JSON, which says that step ${Number(best)} is the best so far`,
    beside === undefined ? "give --weights a safetensors file, or a folder with one" : `give --weights ${beside}`,
  );
}

type Failure = (found: string, help?: string) => UserError;

function cannotRead(path: string): Failure {
  return (found, help = "check the path given to --weights") =>
    new UserError({ what: `cannot read the weights ${path}`, found, help });
}

function withFile<T extends Stats | Uint8Array>(path: string, use: (file: number) => T, failure: Failure): T {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw failure((error as Error).message);
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, position: number, length: number, path: string): Uint8Array<ArrayBuffer> {
  const into = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, into, done, Math.min(length - done, 1 << 30), position + done);
    if (count === 0) throw new UserError({ what: `${path} ended while it was read`, help: "copy or save the file again" });
    done += count;
  }
  return into;
}
