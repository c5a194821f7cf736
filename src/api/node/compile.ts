import { totalmem } from "node:os";
import { OutputFolder } from "../../artifact/output-folder.ts";
import { keepTrainedWeights } from "../../artifact/trained-weights.ts";
import { openWeights, trainedWeights, weightsPath } from "../../artifact/weights-file.ts";
import { writeCompiled } from "../../artifact/write-compiled.ts";
import type { Compiled } from "../../compiler/compile.ts";
import type { Manifest } from "../../compiler/manifest.ts";
import { UsageError, type Note } from "../../errors/index.ts";
import type { Model } from "../../ir/model.ts";
import { compiledWith, compileKinds, inMemory, type CompiledFiles, type CompileSettings } from "../compile.ts";
import { named } from "../named.ts";
import { checkOptions, flag, shown, text, type KindsOf } from "../options.ts";
import { partsOf } from "../parts.ts";
import { progressOf } from "../working.ts";
import { nodeResources } from "./resources.ts";

export interface NodeCompileOptions extends CompileSettings {
  /** Trained weights, a safetensors file or a folder with one; seeded ones without. */
  readonly weights?: string | undefined;
}

const nodeKinds: KindsOf<NodeCompileOptions> = {
  ...compileKinds,
  weights: { ...text, expected: "the path of a safetensors file, or of a folder with one" },
};

export interface CompileToOptions extends NodeCompileOptions {
  /** Writes into a folder that holds other files, or trained weights that would be lost; false by default. */
  readonly force?: boolean | undefined;
}

/** What `compileTo` wrote. */
export interface CompiledFolder {
  /** As it was given. */
  readonly folder: string;
  /** What manifest.json says: model, weights, parts, and the SHA-256 of every file. */
  readonly manifest: Manifest;
  /** What a person should know. */
  readonly notes: readonly Note[];
}

/** Compiles a model into files in memory, byte for byte those that `compileTo` writes. Rejects as that does. */
export async function compile(model: Model, options: NodeCompileOptions = {}): Promise<CompiledFiles> {
  const [notes, whole]: [Note[], Model] = [[], named(model)];
  checkOptions("compile", options, nodeKinds);
  return { ...(await inMemory(await compiledHere(whole, options, notes), options)), notes };
}

/**
 * Compiles a model into a folder, as `litevae compile` does. Rejects with UserError where model, weights, options or folder are wrong, before the folder is
 * touched, and with the signal's reason where it is stopped: the folder then has no manifest, and the next compile repairs it.
 */
export async function compileTo(model: Model, folder: string, options: CompileToOptions = {}): Promise<CompiledFolder> {
  const [notes, progress, whole]: [Note[], ReturnType<typeof progressOf>, Model] = [[], progressOf(options), named(model)];
  checkOptions("compileTo", options, { ...nodeKinds, force: flag });
  if (typeof folder !== "string" || folder === "") throw noFolder(folder);
  const { force = false } = options;
  const parts = partsOf(whole, options.parts);
  const weights = options.weights === undefined ? undefined : weightsPath(options.weights);
  const output = new OutputFolder(folder, { force });
  if (!force) keepTrainedWeights(folder, { weights, parts });
  const compiled = await compiledHere(whole, options, notes);
  const manifest = await writeCompiled(output, compiled, progress, options.signal);
  return { folder, manifest, notes };
}

function noFolder(given: unknown): UsageError {
  return new UsageError({
    what: "compileTo is given no folder",
    expected: 'compileTo(model, "out/model")',
    found: shown(given),
    help: "give the path of the folder to write",
  });
}

async function compiledHere(model: Model, options: NodeCompileOptions, notes: Note[]): Promise<Compiled> {
  const note = (each: Note): void => void notes.push(each);
  const file = options.weights === undefined ? undefined : openWeights(weightsPath(options.weights));
  return await compiledWith(model, options, {
    resources: nodeResources(note, options),
    weights: file && trainedWeights(file),
    note,
    memory: Math.min(totalmem(), process.constrainedMemory() || Infinity),
  });
}
