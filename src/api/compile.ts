import { builtIns, networks } from "../../dsl/models/index.ts";
import { recipes, type Preset } from "../../dsl/recipes/index.ts";
import { compile as compilation, type Chosen, type Compiled } from "../compiler/compile.ts";
import { manifestName, manifestText, type FileEntry, type Manifest } from "../compiler/manifest.ts";
import { sha256 } from "../compiler/sha256.ts";
import { nearest, UsageError, UserError, type Note } from "../errors/index.ts";
import { pause } from "../errors/pause.ts";
import type { Model, Part } from "../ir/model.ts";
import { joined } from "../ir/tensor.ts";
import { version } from "../ir/version.ts";
import type { Recipe } from "../recipe/schema.ts";
import type { ClientTemplate } from "../targets/client/client.ts";
import { targets, type Resources, type TargetOptions } from "../targets/index.ts";
import { optionsOf } from "../targets/target.ts";
import { Safetensors } from "../weights/safetensors.ts";
import { plainKeys } from "../weights/weights.ts";
import { named } from "./named.ts";
import { called, checkOptions, isRecord, partNames, record, wholeFrom, workingKinds, type KindsOf } from "./options.ts";
import { partsOf } from "./parts.ts";
import { progressOf, type Working } from "./working.ts";

/** Trained weights in memory. */
export interface WeightsInMemory {
  /** The bytes of a safetensors file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** What messages call it; `weights` by default. */
  readonly name?: string | undefined;
  /** What config.json beside it says, parsed. */
  readonly config?: unknown;
}

/**
 * The texts of this installation that compiled folders are made of: plain data, which a server can send to a page. `installation` of
 * `litevae/api/node` reads them.
 */
export interface Installation {
  /** Of client.js; graphs come without one where this is not at hand. */
  readonly clientTemplate: ClientTemplate;
  /** The Python that every training package carries. */
  readonly runtime: readonly { readonly name: string; readonly text: string }[];
  /** What authors say of their blocks, by the blocks' names: the docstrings of a package's classes. */
  readonly docs: Readonly<Record<string, readonly string[]>>;
}

/** What `compile` and `compileTo` share. */
export interface CompileSettings extends Working {
  /** Names of the parts; those that inference runs by default. */
  readonly parts?: readonly string[] | undefined;
  /** What to write, with the options that docs/cli.md has under `compile`: `{ onnx: { opset: 20 }, torch: {} }`. Graphs by default. */
  readonly targets?: TargetOptions | undefined;
  /** Of untrained weights; 0 by default. */
  readonly seed?: number | undefined;
  /** What the name of a recipe means; by default that of a preset. */
  readonly recipe?: ((name: string) => Recipe | Promise<Recipe>) | undefined;
  /** Called for every part after every pass of a target. */
  readonly dump?: ((pass: string, part: Part) => void) | undefined;
}

export const compileKinds: KindsOf<CompileSettings> = {
  ...workingKinds,
  parts: partNames,
  targets: { ...record, expected: "an object such as { onnx: { opset: 20 }, torch: {} }" },
  seed: wholeFrom(0),
  recipe: called,
  dump: called,
};

export interface CompileOptions extends CompileSettings {
  /** Trained weights; seeded ones without. */
  readonly weights?: WeightsInMemory | undefined;
  /** What training packages and client.js are made of. */
  readonly installation?: Installation | undefined;
}

const memoryKinds: KindsOf<CompileOptions> = {
  ...compileKinds,
  weights: {
    expected: "{ bytes }, the bytes of a safetensors file",
    help: "read the file, weights: { bytes: await readFile(path) }, or compile with litevae/api/node, which takes its path",
    fits: (value) => isRecord(value) && value["bytes"] instanceof Uint8Array,
  },
  installation: { ...record, expected: "what installation() of litevae/api/node returns" },
};

/** A compiled folder in memory. */
export interface CompiledFiles {
  /** Every file by its path in the folder, with slashes; manifest.json is the last. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>;
  /** What manifest.json says: model, weights, parts, and the SHA-256 of every file. */
  readonly manifest: Manifest;
  readonly notes: readonly Note[];
}

/**
 * Compiles a model into files in memory, byte for byte those that `litevae compile` writes. Rejects with UserError where model, weights or options are wrong,
 * and with the signal's reason where it is stopped.
 */
export async function compile(model: Model, options: CompileOptions = {}): Promise<CompiledFiles> {
  const whole = named(model);
  checkOptions("compile", options, memoryKinds);
  const notes: Note[] = [];
  const note = (each: Note): void => void notes.push(each);
  const weights = options.weights && (await openedWeights(options.weights));
  const compiled = await compiledWith(whole, options, { resources: coreResources(options), weights, note });
  return { ...(await inMemory(compiled, options)), notes };
}

/** The pipeline, in a form that can be stopped; what comes with a place, memory or disk, is `brought`. */
export async function compiledWith(
  model: Model,
  settings: CompileSettings,
  brought: Pick<Parameters<typeof compilation<Resources>>[1], "resources" | "weights" | "note" | "memory">,
): Promise<Compiled> {
  const { signal, seed = 0, dump } = settings;
  return await compilation(model, {
    ...brought,
    known: () => knownBy(brought.weights && plainKeys(brought.weights.file), model.latentChannels),
    parts: partsOf(model, settings.parts),
    targets: chosenTargets(settings.targets),
    seed,
    version,
    progress: progressOf(settings),
    signal,
    dump,
  });
}

/** The models that weights may be of: built-in ones, with latents as usual and as this model's. */
function knownBy(weightKeys: readonly string[] | undefined, latentChannels: number | undefined): readonly Model[] {
  return Object.values(builtIns).flatMap(({ build }) => {
    const usual = build({ weightKeys });
    if (latentChannels === undefined || usual.latentChannels === latentChannels) return [usual];
    try {
      return [usual, build({ latentChannels, weightKeys })];
    } catch (error) {
      // Not every model has latents of every width.
      if (!(error instanceof UserError)) throw error;
      return [usual];
    }
  });
}

/** UsageError where there is no such target, or its options are wrong. */
function chosenTargets(asked: TargetOptions | undefined): readonly Chosen<Resources>[] {
  const [first] = targets;
  const given: Readonly<Record<string, object>> = asked === undefined ? { [first.name]: {} } : { ...asked };
  const names = targets.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    const meant = nearest(unknown, names);
    throw new UsageError({
      what: `no target is called ${unknown}`,
      expected: names.join(", "),
      found: unknown,
      help: meant === undefined ? "choose one of these" : `did you mean ${meant}?`,
    });
  }
  if (Object.values(given).every((options: object | undefined) => options === undefined)) {
    throw new UsageError({
      what: "there is no target to compile",
      expected: names.join(", "),
      found: "none of them",
      help: `name one, such as targets: { ${first.name}: {} }, or leave targets out`,
    });
  }
  for (const { name, with: others = [] } of targets.filter((target) => Object.hasOwn(given, target.name))) {
    const twice = others.find((other) => Object.hasOwn(given, other.name));
    if (twice !== undefined)
      throw new UsageError({
        what: `the ${name} target writes what the ${twice.name} target writes`,
        expected: "one of the two",
        found: names.filter((each) => Object.hasOwn(given, each)).join(", "),
        help: `leave ${twice.name} out`,
      });
  }
  return targets.flatMap((target) => {
    const options = given[target.name];
    return options === undefined ? [] : [{ target, options: optionsOf(target, { ...options }) }];
  });
}

async function openedWeights({
  bytes,
  name = "weights",
  config,
}: WeightsInMemory): Promise<Parameters<typeof compiledWith>[2]["weights"]> {
  const file = new Safetensors({
    name,
    size: bytes.length,
    read: (position, length) => bytes.slice(position, position + length),
  });
  return {
    file,
    sha256: await sha256(bytes),
    ...(config === undefined ? {} : { config: { name: `${name}'s config.json`, value: config } }),
  };
}

/** What the targets want to be brought, where no disk and no runtime is. */
function coreResources({ installation, recipe = presetOf }: CompileOptions): Resources {
  const docs = new Map(Object.entries(installation?.docs ?? {}));
  const needed = (what: string): UserError =>
    new UserError({
      what: `${what} is made of files of the installation, which are not at hand`,
      expected: "compile(model, { installation })",
      help: "bring what installation() of litevae/api/node gives, or compile there",
    });
  return {
    clientTemplate: () => installation?.clientTemplate,
    runtime: () => {
      if (installation === undefined) throw needed("a training package");
      return installation.runtime;
    },
    author: { docs: ({ name }) => docs.get(name) ?? [], numbers: () => [] },
    python: (file) => {
      throw new UserError({
        what: `the Python of an op is in a file, ${file}`,
        help: "compile with litevae/api/node, which reads files",
      });
    },
    networks,
    page: () => {
      throw needed("a page");
    },
    writtenNetworks: () => undefined,
    recipe: async (name) => await recipe(name),
    calibration: () => {
      throw new UserError({
        what: "float16 is calibrated on images, by a runtime",
        help: "compile with litevae/api/node, which has both",
      });
    },
  };
}

/** UserError where no preset is called so; `others` says what else could be given. */
export function presetOf(name: string, others = ""): Recipe {
  const presets: Readonly<Record<string, Preset>> = recipes;
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset !== undefined) return preset.recipe;
  const names = Object.keys(recipes);
  const meant = nearest(name, names);
  throw new UserError({
    what: `no recipe is called ${name}`,
    expected: `a preset (${names.join(", ")})${others}`,
    found: name,
    help: meant === undefined ? "run litevae list for the presets" : `did you mean ${meant}?`,
  });
}

/** The files with their bytes, made one after the other. */
export async function inMemory({ files, facts }: Compiled, options: Working): Promise<Omit<CompiledFiles, "notes">> {
  const progress = progressOf(options);
  const made: Record<string, Uint8Array<ArrayBuffer>> = {};
  const entries: [string, FileEntry][] = [];
  for (const { name, progress: told, pieces } of files) {
    await pause(options.signal);
    if (told !== undefined) progress(`making ${told.what}`);
    const bytes = bytesOf(pieces());
    made[name] = bytes;
    entries.push([name, { bytes: bytes.length, sha256: await sha256(bytes) }]);
  }
  const text = manifestText(facts, entries);
  made[manifestName] = bytesOf([text]);
  return { files: made, manifest: JSON.parse(text) as Manifest };
}

function bytesOf(pieces: Iterable<Uint8Array | string>): Uint8Array<ArrayBuffer> {
  return joined([...pieces].map((piece) => (typeof piece === "string" ? new TextEncoder().encode(piece) : piece)));
}
