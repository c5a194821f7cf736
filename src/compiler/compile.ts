/** The pipeline: from a model to the files of its compiled folder, in memory. Whoever has a disk writes them there (src/artifact). */
import type { Model, Part } from "../ir/model.ts";
import { printModel } from "../ir/print.ts";
import { elementCount } from "../ir/shape.ts";
import { verifyModel } from "../ir/verify.ts";
import { paramsOf } from "../ir/walk.ts";
import type { Compilation, EmittedFile, Target } from "../targets/target.ts";
import { requireMemory } from "../weights/memory.ts";
import { encodeSafetensors, type Safetensors } from "../weights/safetensors.ts";
import { initialWeights, namedTensors, weightsFromFile } from "../weights/weights.ts";
import { configOf, sizesOf } from "./config.ts";

/** A target with the options that were chosen for it. */
export interface Chosen<Resources> {
  readonly target: Target<object, Resources>;
  readonly options: object;
}

export interface CompileOptions<Resources> {
  readonly parts: readonly string[];
  readonly targets: readonly Chosen<Resources>[];
  readonly resources: Resources;
  /** Of untrained weights. */
  readonly seed: number;
  /** Trained weights, with the sha256 of their file; untrained ones without. */
  readonly weights?: { readonly file: Safetensors; readonly sha256: string } | undefined;
  /** Bytes that there are for weights; as many as needed where absent. */
  readonly memory?: number | undefined;
  /** Of the compiler. */
  readonly version: string;
  /** Called as work proceeds, with what is being done. */
  readonly progress: Compilation["progress"];
  /** Called with lines for people about what came out. */
  readonly note: Compilation["note"];
  /** Called for every part after every pass. */
  readonly dump?: Compilation["dump"];
}

/** What the manifest says of a compile, besides its files and what targets say of theirs. */
export interface Facts {
  /** Version of the compiler. */
  readonly litevae: string;
  readonly model: string;
  readonly model_sha256: string;
  readonly weights: { readonly seed: number } | { readonly file_sha256: string };
  readonly parts: Readonly<Record<string, { readonly params: number }>>;
}

/** Files in the order in which they are written, made while they are. */
export interface Compiled {
  readonly files: readonly EmittedFile[];
  readonly facts: Facts;
}

/** Compiles a model. Whatever the input can be wrong about is found before this returns. */
export async function compile<Resources>(model: Model, options: CompileOptions<Resources>): Promise<Compiled> {
  verifyModel(model);
  const parts = model.parts.filter((part) => options.parts.includes(part.name));
  const chosen = options.targets.flatMap(withOthers);
  const needed = new Set(chosen.flatMap(({ target, options: own }) => target.needs?.(model, parts, own) ?? parts));
  const loaded = model.parts.filter((part) => needed.has(part) || parts.includes(part));
  requireMemory(model.name, loaded, options.memory ?? Infinity);
  const weights =
    options.weights === undefined ? initialWeights(loaded, options.seed) : weightsFromFile(options.weights.file, model, loaded);
  const compilation: Compilation = {
    ...options,
    model,
    parts,
    modelHash: await sha256(printModel(model)),
    provenance: options.weights === undefined ? `untrained, seed ${options.seed}` : "trained",
    sizes: (those) => sizesOf(model, those),
    load: (param) => weights.load(param),
  };

  const prepared: Awaited<ReturnType<Target<object, Resources>["prepare"]>>[] = [];
  for (const { target, options: own } of chosen) prepared.push(await target.prepare(compilation, own, options.resources));
  const config = configOf(model, parts);
  const files: EmittedFile[] = [];
  let facts: Facts = factsOf(compilation, options);
  for (const emit of prepared) {
    const emission = await emit();
    files.push(...emission.files);
    facts = { ...facts, ...emission.facts };
  }
  const safetensors = "model.safetensors";
  files.push(
    { name: safetensors, progress: { what: safetensors }, pieces: () => encodeSafetensors(namedTensors(parts, weights)) },
    { name: "config.json", pieces: () => [`${JSON.stringify(config, null, 2)}\n`] },
  );
  return { files, facts };
}

/** A target and those whose files go with its own, with their own options' defaults. */
function withOthers<Resources>({ target, options }: Chosen<Resources>): readonly Chosen<Resources>[] {
  const others = (target.with ?? []).map((other) => ({ target: other, options: other.options.parse({}) }));
  return [{ target, options }, ...others.flatMap(withOthers)];
}

function factsOf<Resources>(
  { model, modelHash, version, parts }: Compilation,
  { weights, seed }: CompileOptions<Resources>,
): Facts {
  return {
    litevae: version,
    model: model.name,
    model_sha256: modelHash,
    weights: weights === undefined ? { seed } : { file_sha256: weights.sha256 },
    parts: Object.fromEntries(parts.map((part) => [part.name, { params: countParams(part) }])),
  };
}

function countParams(part: Part): number {
  let total = 0;
  for (const param of paramsOf(part.modules)) if (param.buffer !== true) total += elementCount(param.shape);
  return total;
}

/** By WebCrypto, which Node and browsers have. */
async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
