import { join } from "node:path";
import { expectFixedSize, inputShapes, openCompiled } from "../artifact/compiled-folder.ts";
import type { Manifest } from "../compiler/manifest.ts";
import { sizesOfParts, type Config } from "../compiler/config.ts";
import { sha256OfFile } from "../artifact/file-hash.ts";
import { openWeights } from "../artifact/weights-file.ts";
import { UserError } from "../errors/index.ts";
import { must } from "../errors/must.ts";
import { pause } from "../errors/pause.ts";
import { allowance, boundOf, type Allowance } from "./parity.ts";
import { usualWiring } from "../ir/autoencoder.ts";
import type { Bindings } from "../ir/dim.ts";
import type { Sizes } from "../ir/size.ts";
import type { Safetensors } from "../weights/safetensors.ts";
import { comparePackage, findPython, type Measured } from "./package.ts";
import { scenes, sceneValue } from "./scenes.ts";
import { loadGraph, type GraphValue, type GraphValues } from "./session.ts";

export interface VerifyOptions {
  /** Folder that `compile` wrote, with at least one graph. */
  readonly folder: string;
  /** Weights that the package loads instead of the folder's. */
  readonly weights?: string | undefined;
  /** The image's side; the next that fits is taken. Graphs that are fixed to a size have that one. */
  readonly size?: number | undefined;
  readonly seed: number;
  readonly progress: (doing: string) => void;
  /** Stops the work, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

export interface VerifiedOutput {
  /** Part and name, such as `encoder.mean`. */
  readonly output: string;
  /** Of what came out. */
  readonly shape: readonly number[];
  /** The image on which the difference comes nearest to its bound; the first whose values are not finite where no package ran. */
  readonly scene: string;
  /**
   * Largest magnitude out of onnxruntime; null in JSON where values are not finite.
   * @nullable
   */
  readonly largest: number;
  /**
   * Largest difference from the package, NaN where values are, which is null in JSON; absent where no package ran.
   * @nullable
   */
  readonly difference?: number;
  /**
   * What the difference may be, null in JSON where the package's values are not finite; absent where no package ran.
   * @nullable
   */
  readonly bound?: number;
  /** Whether a package with random parameters differs by more than the bound on some image; absent where no package ran, and where no parameter reaches it. */
  readonly sensitive?: boolean;
  /** The ops of the author's own behind it; absent where there are none. */
  readonly ownOps?: readonly string[];
  /** Whether the difference is within its bound, or values are finite where no package ran. */
  readonly ok: boolean;
}

export interface Verification {
  /** Its name. */
  readonly model: string;
  /** Of the graphs. */
  readonly precision: "fp32" | "fp16";
  /** For whom the graphs were compiled. */
  readonly for: string;
  /** Of the images in pixels. */
  readonly size: { readonly height: number; readonly width: number };
  /** Of the images. */
  readonly seed: number;
  /** What the graphs were compared with; null when nothing was there that could run. */
  readonly reference: { readonly package: string; readonly python: string; readonly weights: string } | null;
  /** Why there is no reference. */
  readonly alone?: string;
  /** Whether the folder's manifest names the file given as weights; null when none was given. */
  readonly compiledFromWeights: boolean | null;
  /** Of every output of every graph. */
  readonly outputs: readonly VerifiedOutput[];
}

/** Runs the graphs of a compiled folder and, where there is one and a Python to run it, its package on the same input. */
export async function verify(options: VerifyOptions): Promise<Verification> {
  const { folder, weights, progress } = options;
  const { manifest, config } = openChecked(folder);
  const compiled = Object.keys(manifest.parts);
  const parts = compiled.filter((part) => Object.hasOwn(manifest.files, `${part}.onnx`));
  if (parts.length === 0) {
    throw new UserError({
      what: `${folder} has no ONNX graph to verify`,
      expected: compiled.map((part) => `${part}.onnx`).join(", "),
      help: "compile with --target onnx,torch",
    });
  }
  const compiledFromWeights = weights === undefined ? null : isCompiledFrom(manifest, openWeights(weights));
  const { name, python, alone } = packageOf(manifest, folder);

  const sizes = sizesOfParts(config, parts);
  const fixed = expectFixedSize(folder, manifest, { height: options.size, width: options.size });
  const size = fixed === undefined ? fittingSize(options.size ?? usualSize, sizes) : { height: fixed[1], width: fixed[2] };
  const { names, tensors } = await runGraphs(parts, { manifest, config }, size, options);
  let measured: Readonly<Record<string, Measured>> | undefined;
  if (name !== undefined && python !== undefined) {
    await pause(options.signal);
    progress(`running ${name} in ${python}`);
    const roles = (config.wiring ?? usualWiring).autoencoder;
    measured = await comparePackage({
      ...{ python, folder, name, weights, roles, tensors },
      scenes: sceneNames,
      parts: names,
      signal: options.signal,
    });
  }
  return {
    model: manifest.model,
    precision: manifest.precision ?? "fp32",
    for: must(manifest.onnx, "what the manifest says of graphs").for,
    size,
    seed: options.seed,
    reference:
      name === undefined || python === undefined
        ? null
        : { package: name, python, weights: weights ?? join(folder, "model.safetensors") },
    ...(alone === undefined ? {} : { alone }),
    compiledFromWeights,
    outputs: Object.entries(names).flatMap(([part, { outputs }]) =>
      outputs.map((output): VerifiedOutput => {
        const { sensitive, ...found } = verdict(`${part}.${output}`, tensors, measured, allowance(manifest, part));
        const { unlearned = [], own_ops: own = {} } = must(manifest.parts[part], part);
        // Of parameters that an output has not, nothing can be said.
        const weighed = sensitive !== undefined && !unlearned.includes(output);
        return { ...found, ...(weighed && { sensitive }), ...(own[output] !== undefined && { ownOps: own[output] }) };
      }),
    ),
  };
}

/** Every file has the sha256 that the manifest says. */
function openChecked(folder: string): { readonly manifest: Manifest; readonly config: Config } {
  const { manifest } = openCompiled(folder, []);
  return openCompiled(folder, Object.keys(manifest.files));
}

function isCompiledFrom(manifest: Manifest, weights: Safetensors): boolean {
  const sha256 = sha256OfFile(weights.name);
  const own = manifest.files["model.safetensors"]?.sha256;
  return sha256 === own || ("file_sha256" in manifest.weights && manifest.weights.file_sha256 === sha256);
}

function packageOf(
  manifest: Manifest,
  folder: string,
): { readonly name?: string; readonly python?: string; readonly alone?: string } {
  const name = Object.keys(manifest.files)
    .map((file) => /^([^/]+)\/model\.py$/.exec(file)?.[1])
    .find((found) => found !== undefined);
  if (name === undefined) return { alone: `${folder} has no PyTorch package to compare with; compile with --target onnx,torch` };
  const python = findPython(folder);
  if (python !== undefined) return { name, python };
  return { alone: "no Python with torch and safetensors was found to compare with; name one in LITEVAE_PYTHON" };
}

/** Of images whose size nobody chose. */
const usualSize = 128;

/** The next size that fits all of these. */
function fittingSize(side: number, sizes: readonly Sizes[]): { readonly height: number; readonly width: number } {
  return { height: fitting(side, sizes, "height"), width: fitting(side, sizes, "width") };
}

function fitting(side: number, sizes: readonly Sizes[], along: keyof Sizes): number {
  const steps = sizes.map((each) => each[along]);
  const largest = Math.max(side, ...steps.map(({ minimum }) => minimum));
  const fits = (candidate: number): boolean => steps.every(({ minimum, step }) => (candidate - minimum) % step === 0);
  for (let candidate = largest; candidate <= largest + 4096; candidate++) if (fits(candidate)) return candidate;
  throw new UserError({
    what: `no side from ${largest} on fits every graph`,
    found: steps.map(({ minimum, step }) => `${minimum}, ${minimum + step}, …`).join("; "),
    help: "compile parts that have no size in common into folders of their own",
  });
}

const sceneNames = Object.keys(scenes) as readonly (keyof typeof scenes)[];

interface PartNames {
  readonly inputs: string[];
  readonly outputs: string[];
}

/** Runs every graph on what other graphs give, on images, or on the like where an input is neither or what gives it is not there. */
async function runGraphs(
  parts: readonly string[],
  { manifest, config }: { readonly manifest: Manifest; readonly config: Config },
  { height, width }: { readonly height: number; readonly width: number },
  { folder, seed, progress, signal }: VerifyOptions,
): Promise<{ readonly names: Readonly<Record<string, PartNames>>; readonly tensors: GraphValues }> {
  const names: Record<string, PartNames> = {};
  const tensors: Record<string, GraphValue> = {};
  const [batch] = manifest.onnx?.fixed ?? [1];
  const image = [batch, config.image_channels, height, width].join();
  const sizes: Bindings = { N: batch, H: height, W: width };
  const { sources } = config.wiring ?? usualWiring;
  for (const part of parts) {
    await pause(signal);
    progress(`running ${part}.onnx`);
    const graph = await loadGraph(join(folder, `${part}.onnx`));
    const shapes = Object.entries(inputShapes(folder, manifest, part, sizes));
    for (const scene of sceneNames) {
      const given = shapes.map(([name, shape], i): readonly [string, GraphValue] => {
        const source = sources[part]?.[name];
        const limit = shape.join() === image ? 1 : 4;
        const taken = source && tensors[`${scene}/${source.part}.${source.output ?? source.input}`];
        return [name, taken ?? sceneValue(scene, shape, seed + i, limit)];
      });
      const results = Object.entries(await graph.run(Object.fromEntries(given)));
      for (const [name, value] of [...given, ...results]) tensors[`${scene}/${part}.${name}`] = value;
      names[part] = { inputs: given.map(([name]) => name), outputs: results.map(([name]) => name) };
    }
    await graph.release();
  }
  return { names, tensors };
}

function verdict(
  output: string,
  tensors: GraphValues,
  measured: Readonly<Record<string, Measured>> | undefined,
  allowed: Allowance,
): VerifiedOutput {
  const compared = sceneNames.map((scene): VerifiedOutput => {
    const { shape, data } = must(tensors[`${scene}/${output}`], `the graph's ${output} on ${scene}`);
    const entry = { output, scene, shape, largest: largestOf(data) };
    if (measured === undefined) return { ...entry, ok: Number.isFinite(entry.largest) };
    const numbers = must(measured[`${scene}/${output}`], `the package's ${output} on ${scene}`);
    const bound = boundOf(allowed, numbers);
    const difference = numbers.difference ?? NaN;
    return { ...entry, difference, bound, sensitive: (numbers.others ?? Infinity) > bound, ok: difference <= bound };
  });
  const first = must(compared[0], "a scene");
  const worst = compared.reduce((found, each) => (nearness(each) > nearness(found) ? each : found), first);
  return measured === undefined ? worst : { ...worst, sensitive: compared.some(({ sensitive }) => sensitive === true) };
}

/** How near a difference is to its bound; infinite where it exceeds one of 0, or where values are not finite. */
function nearness({ difference, bound, ok }: VerifiedOutput): number {
  if (difference === undefined || bound === undefined || !Number.isFinite(difference)) return ok ? 0 : Infinity;
  return difference === 0 ? 0 : difference / bound;
}

/** The largest magnitude; NaN or infinite when any value is. */
function largestOf(data: Float32Array): number {
  let largest = 0;
  for (const value of data) {
    const magnitude = Math.abs(value);
    if (!(magnitude <= largest)) largest = Number.isNaN(largest) ? largest : magnitude;
  }
  return largest;
}
