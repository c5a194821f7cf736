/** The pipeline: from a model to the files of its compiled folder, in memory. Whoever has a disk writes them there (src/artifact). */
import { must } from "../errors/must.ts";
import { pause } from "../errors/pause.ts";
import { formatDim } from "../ir/dim.ts";
import { fold } from "../ir/fold.ts";
import { unmeasured } from "../ir/latents.ts";
import type { Model, OpNode, Part, Value } from "../ir/model.ts";
import { printModel } from "../ir/print.ts";
import { elementCount } from "../ir/shape.ts";
import { verifyModel } from "../ir/verify.ts";
import { paramsOf, topModules } from "../ir/walk.ts";
import type { Compilation, EmittedFile, Target } from "../targets/target.ts";
import { requireMemory } from "../weights/memory.ts";
import { encodeSafetensors, type Safetensors } from "../weights/safetensors.ts";
import { holdsModel, initialWeights, namedTensors, weightsFromFile } from "../weights/weights.ts";
import { isDiffusers, isSettings, modelOf } from "../weights/settings.ts";
import { readStoredConfig, type StoredConfig } from "../weights/stored-config.ts";
import { sha256 } from "./sha256.ts";
import { configText, diffusersOf, sizesOf, type WeightsSettings } from "./config.ts";

/** A target with the options that were chosen for it. */
export interface Chosen<Resources> {
  readonly target: Target<object, Resources>;
  readonly options: object;
}

export interface TrainedWeights {
  readonly file: Safetensors;
  readonly sha256: string;
  /** The config.json that lies beside it, parsed, with its path. */
  readonly config?: { readonly name: string; readonly value: unknown } | undefined;
}

export interface CompileOptions<Resources> {
  readonly parts: readonly string[];
  readonly targets: readonly Chosen<Resources>[];
  readonly resources: Resources;
  /** Of untrained weights. */
  readonly seed: number;
  /** Trained weights; untrained ones without. */
  readonly weights?: TrainedWeights | undefined;
  /** Bytes that there are for weights; as many as needed where absent. */
  readonly memory?: number | undefined;
  /** The models by which weights that are not this one's are recognised. */
  readonly known?: (() => readonly Model[]) | undefined;
  /** Of the compiler. */
  readonly version: string;
  /** Called as work proceeds, with what is being done. */
  readonly progress: Compilation["progress"];
  /** Called with what a person should know of what comes out. */
  readonly note: Compilation["note"];
  /** Stops the work between steps, with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every part after every pass. */
  readonly dump?: Compilation["dump"];
}

/** What the manifest says of a compile, besides its files and what targets say of theirs. */
export interface Facts {
  /** Version of the compiler. */
  readonly litevae: string;
  /** Its name. */
  readonly model: string;
  /** Of the model's IR as text. */
  readonly model_sha256: string;
  /** The seed of untrained weights, or the SHA-256 of the file that trained ones are of. */
  readonly weights: { readonly seed: number } | { readonly file_sha256: string };
  /** By the names of the parts that were compiled. */
  readonly parts: Readonly<Record<string, PartFacts>>;
}

export interface PartFacts {
  /** Trained numbers. */
  readonly params: number;
  /** The shapes of its inputs, by their names: `["N", "12", "H/8", "W/8"]`. A graph's file calls its sizes otherwise. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  /** The outputs that no parameter reaches, of which weights say nothing; absent where there are none. */
  readonly unlearned?: readonly string[];
  /** The ops of the author's own behind each output that has some; absent where none has. */
  readonly own_ops?: Readonly<Record<string, readonly string[]>>;
  /** Paths of the modules whose tensors in model.safetensors it has; one that is "" has them all. */
  readonly modules: readonly string[];
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
    options.weights === undefined
      ? initialWeights(loaded, options.seed)
      : weightsFromFile(options.weights.file, model, loaded, () => ownerOf(options));
  const settings = settingsOf(model, options);
  const compilation: Compilation = {
    ...options,
    model,
    parts,
    modelHash: await sha256(new TextEncoder().encode(printModel(model))),
    provenance: options.weights === undefined ? `untrained, seed ${options.seed}` : "trained",
    latents: settings.latents,
    pixels: settings.pixels,
    sizes: (those) => sizesOf(model, those),
    load: (param) => weights.load(param),
  };

  const prepared: Awaited<ReturnType<Target<object, Resources>["prepare"]>>[] = [];
  for (const { target, options: own } of chosen) {
    await pause(options.signal);
    prepared.push(await target.prepare(compilation, own, options.resources));
  }
  const config = configText(model, parts, settings);
  const files: EmittedFile[] = [];
  let facts: Facts = factsOf(compilation, options);
  for (const emit of prepared) {
    await pause(options.signal);
    const emission = await emit();
    files.push(...emission.files);
    facts = { ...facts, ...emission.facts };
  }
  const safetensors = "model.safetensors";
  files.push(
    { name: safetensors, progress: { what: safetensors }, pieces: () => encodeSafetensors(namedTensors(parts, weights)) },
    { name: "config.json", pieces: () => [config] },
    ...diffusersIndex(model, parts, safetensors),
  );
  return { files, facts };
}

/** The model whose weights these are: by their tensors, else by config.json beside them. */
function ownerOf<Resources>({ weights, known }: CompileOptions<Resources>): string | undefined {
  if (weights === undefined) return undefined;
  const found = known?.().find((model) => holdsModel(weights.file, model));
  return found?.name ?? modelOf(weights.config?.value);
}

/** What is known of the weights' latents: by config.json beside them, else by the model. */
function settingsOf<Resources>(model: Model, { weights, note }: CompileOptions<Resources>): WeightsSettings {
  if (weights?.config !== undefined) tellOtherName(model, weights.config, note);
  const stored: StoredConfig =
    weights?.config === undefined ? { carried: {} } : readStoredConfig(weights.config.name, weights.config.value, model);
  const usual = model.interchange?.diffusers?.["scaling_factor"];
  const latents = stored.latents ?? (typeof usual === "number" ? { ...unmeasured, scaling_factor: usual } : undefined);
  if (weights !== undefined && stored.latents === undefined && model.autoencoder !== undefined) {
    const { scaling_factor: scaling, shift_factor: shift } = latents ?? unmeasured;
    const silent =
      weights.config === undefined
        ? `no config.json beside ${weights.file.name} says how its latents are spread`
        : `${weights.config.name} has no measured spread of latents`;
    note({ severity: "warning", what: `${silent}: config.json gets scaling_factor ${scaling} and shift_factor ${shift}` });
  }
  return { ...stored, latents };
}

/**
 * A name says less than tensors that all fit: whoever calls a model otherwise compiles the weights that it had. But layers without tensors may
 * differ. Diffusers' layout says the architecture itself.
 */
function tellOtherName(model: Model, { name, value }: NonNullable<TrainedWeights["config"]>, note: Compilation["note"]): void {
  const other = modelOf(value);
  if (other === undefined || other === model.name || (isSettings(value) && isDiffusers(value))) return;
  note({
    severity: "warning",
    what: `${name} calls the weights those of ${other}, and every tensor of ${model.name} is among them: right where ${other} is this model by another name`,
  });
}

/** What leads diffusers to the one file of weights, under its own name for such a list; of models that a class of its own opens. */
function diffusersIndex(model: Model, parts: readonly Part[], weights: string): readonly EmittedFile[] {
  if (diffusersOf(model, parts) === undefined) return [];
  const params = [...paramsOf(topModules(parts.filter(({ trainingOnly }) => trainingOnly !== true)))];
  const index = {
    metadata: { total_size: params.reduce((sum, { shape }) => sum + 4 * elementCount(shape), 0) },
    weight_map: Object.fromEntries(params.map(({ path }) => [path, weights])),
  };
  return [{ name: "diffusion_pytorch_model.safetensors.index.json", pieces: () => [`${JSON.stringify(index, null, 2)}\n`] }];
}

/** A target and those whose files go with its own, with what they ask of its options. */
function withOthers<Resources>({ target, options }: Chosen<Resources>): readonly Chosen<Resources>[] {
  const others = (target.with ?? []).map((other) => ({ target: other, options: other.options.parse(options) }));
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
    parts: Object.fromEntries(parts.map((part) => [part.name, partFacts(part)])),
  };
}

function partFacts(part: Part): PartFacts {
  return {
    params: countParams(part),
    inputs: inputsOf(part),
    modules: topModules([part]).map(({ path }) => path),
    ...originsOf(part),
  };
}

function inputsOf({ inputNames, graph }: Part): PartFacts["inputs"] {
  return Object.fromEntries(inputNames.map((name, i) => [name, (graph.inputs[i] as Value).shape.map(formatDim)]));
}

function originsOf({ graph, outputNames }: Part): Pick<PartFacts, "unlearned" | "own_ops"> {
  const nothing: Origins = { learned: false, own: new Set() };
  const found = fold(
    graph,
    graph.inputs.map(() => nothing),
    originOf,
  );
  const named = outputNames.map((name, i) => [name, must(found[i], name)] as const);
  const unlearned = named.flatMap(([name, { learned }]) => (learned ? [] : [name]));
  const own = named.flatMap(([name, { own: ops }]) => (ops.size === 0 ? [] : [[name, [...ops].sort()] as const]));
  return { ...(unlearned.length > 0 && { unlearned }), ...(own.length > 0 && { own_ops: Object.fromEntries(own) }) };
}

interface Origins {
  readonly learned: boolean;
  readonly own: ReadonlySet<string>;
}

function originOf({ op, layer }: OpNode, inputs: readonly Origins[]): Origins {
  const own = op.own === undefined ? [] : [op.name];
  return {
    learned: (layer?.params.length ?? 0) > 0 || inputs.some(({ learned }) => learned),
    own: new Set([...inputs.flatMap((each) => [...each.own]), ...own]),
  };
}

function countParams(part: Part): number {
  let total = 0;
  for (const param of paramsOf(part.modules)) if (param.buffer !== true) total += elementCount(param.shape);
  return total;
}
