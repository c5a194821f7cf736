import { closeSync, existsSync, fstatSync, openSync, readFileSync, readSync, statSync, type Stats } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { TrainedWeights } from "../compiler/compile.ts";
import { UserError } from "../errors/index.ts";
import { Safetensors } from "../weights/safetensors.ts";
import { manifestBeside } from "./compiled-folder.ts";
import { sha256OfFile } from "./file-hash.ts";

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
  const { size } = opened(path, (file) => fstatSync(file), cannotRead(path));
  const read = (position: number, length: number): Uint8Array<ArrayBuffer> =>
    opened(path, (file) => readFully(file, position, length, path), cannotRead(path));
  return new Safetensors({ name: path, size, read });
}

/** What `compile` wants of an opened file: its hash, and config.json beside it; both as a manifest beside them says, if there is one. */
export function trainedWeights(file: Safetensors): TrainedWeights {
  const sha256 = hashAsCompiled(file.name, `the weights ${file.name} are not those that were compiled`);
  return { file, sha256, config: configBeside(file.name) };
}

function hashAsCompiled(path: string, otherwise: string): string {
  const sha256 = sha256OfFile(path);
  const listed = manifestBeside(dirname(path))?.files[basename(path)];
  if (listed === undefined || listed.sha256 === sha256) return sha256;
  throw new UserError({
    what: otherwise,
    expected: `sha256 ${listed.sha256}, as manifest.json beside it says`,
    found: `sha256 ${sha256}`,
    help: "copy the file again from where it came, or compile that folder again; what was changed on purpose goes into a folder without that manifest",
  });
}

function configBeside(weights: string): TrainedWeights["config"] {
  const name = join(dirname(weights), "config.json");
  if (!existsSync(name)) {
    if (manifestBeside(dirname(weights))?.files["config.json"] === undefined) return undefined;
    throw new UserError({
      what: `${name} is missing, which says how the latents of the weights beside it are spread`,
      found: "manifest.json, which lists it",
      help: "copy the folder again; weights alone go into a folder without that manifest",
    });
  }
  hashAsCompiled(name, `${name}, beside the weights, is not the file that was compiled`);
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

type Failure = (found: string, help?: string) => UserError;

function cannotRead(path: string): Failure {
  return (found, help = "check the path given to --weights") =>
    new UserError({ what: `cannot read the weights ${path}`, found, help });
}

function opened<T extends Stats | Uint8Array>(path: string, use: (file: number) => T, failure: Failure): T {
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
