import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { join } from "node:path";
import { inputShapes, openCompiled, type Manifest } from "../artifact/compiled-folder.ts";
import { sizesOfParts, type Config } from "../compiler/config.ts";
import { sha256OfFile } from "../artifact/file-hash.ts";
import { openWeights } from "../artifact/weights-file.ts";
import { UserError } from "../errors/index.ts";
import { usualWiring } from "../ir/autoencoder.ts";
import type { Bindings } from "../ir/dim.ts";
import { elementCount } from "../ir/shape.ts";
import type { Sizes } from "../ir/size.ts";
import type { Safetensors } from "../weights/safetensors.ts";
import { findPython, runPackage } from "./package.ts";
import { loadGraph, type GraphValue, type GraphValues } from "./session.ts";

export interface VerifyOptions {
  /** Folder that `compile` wrote, with at least one graph. */
  readonly folder: string;
  /** Weights that the package loads instead of the folder's. */
  readonly weights?: string | undefined;
  /** The image's side; the next that fits is taken. */
  readonly size: number;
  readonly seed: number;
  readonly progress: (doing: string) => void;
}

export interface VerifiedOutput {
  /** Part and name, such as `encoder.mean`. */
  readonly output: string;
  readonly shape: readonly number[];
  /** Largest magnitude out of onnxruntime. */
  readonly largest: number;
  /** Largest difference from the package, NaN where values are; absent where no package ran. */
  readonly difference?: number;
  /** What the difference may be; absent where no package ran. */
  readonly bound?: number;
  readonly ok: boolean;
}

export interface Verification {
  readonly model: string;
  readonly precision: "fp32" | "fp16";
  readonly size: { readonly height: number; readonly width: number };
  readonly seed: number;
  /** What the graphs were compared with; null when nothing was there that could run. */
  readonly reference: { readonly package: string; readonly python: string; readonly weights: string } | null;
  /** Why there is no reference. */
  readonly alone?: string;
  /** Whether the folder's manifest names the file given as weights; null when none was given. */
  readonly compiledFromWeights: boolean | null;
  readonly outputs: readonly VerifiedOutput[];
}

/** Parity: the largest difference relative to max(1, max|y|). */
const parity = 1e-4;
/** Half precision rounds to 2^-11; some dozens of layers add up. Twice what calibration found is allowed where that is more. */
const halfParity = 1e-2;

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
  const size = { height: fitting(options.size, sizes, "height"), width: fitting(options.size, sizes, "width") };
  const { inputs, outputs } = await runGraphs(parts, { manifest, config }, size, options);
  let expected: Readonly<Record<string, GraphValue>> = {};
  if (name !== undefined && python !== undefined) {
    progress(`running ${name} in ${python}`);
    expected = await runPackage({
      python,
      folder,
      name,
      weights,
      roles: (config.wiring ?? usualWiring).autoencoder,
      inputs,
      outputs: Object.keys(outputs),
    });
  }
  return {
    model: manifest.model,
    precision: manifest.precision ?? "fp32",
    size,
    seed: options.seed,
    reference:
      name === undefined || python === undefined
        ? null
        : { package: name, python, weights: weights ?? join(folder, "model.safetensors") },
    ...(alone === undefined ? {} : { alone }),
    compiledFromWeights,
    outputs: Object.entries(outputs).map(([output, found]) =>
      compared(output, found, expected[output], boundOf(manifest, output), python !== undefined),
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

/** The next side that fits all of these. */
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

/** Runs every graph on what other graphs give, on an image, or on noise where an input is neither or what gives it is not there. */
async function runGraphs(
  parts: readonly string[],
  { manifest, config }: { readonly manifest: Manifest; readonly config: Config },
  { height, width }: { readonly height: number; readonly width: number },
  { folder, seed, progress }: VerifyOptions,
): Promise<{ readonly inputs: GraphValues; readonly outputs: GraphValues }> {
  const inputs: Record<string, GraphValue> = {};
  const outputs: Record<string, GraphValue> = {};
  const image = [1, config.image_channels, height, width].join();
  const sizes: Bindings = { N: 1, H: height, W: width };
  const { sources } = config.wiring ?? usualWiring;
  for (const part of parts) {
    progress(`running ${part}.onnx`);
    const graph = await loadGraph(join(folder, `${part}.onnx`));
    const given = Object.entries(inputShapes(folder, manifest, part, sizes)).map(
      ([name, shape], i): readonly [string, GraphValue] => {
        const source = sources[part]?.[name];
        const limit = shape.join() === image ? 1 : 4;
        const taken = source && outputs[`${source.part}.${source.output}`];
        return [name, taken ?? noise(shape, seed + i, limit)];
      },
    );
    for (const [name, value] of given) inputs[`${part}.${name}`] = value;
    const results = await graph.run(Object.fromEntries(given));
    for (const [name, value] of Object.entries(results)) outputs[`${part}.${name}`] = value;
    await graph.release();
  }
  return { inputs, outputs };
}

/** Normal values, limited to ±`limit`. */
function noise(shape: readonly number[], seed: number, limit: number): GraphValue {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < 16; i++) generator.next();
  const uniform = (): number => (generator.next() >>> 0) / 2 ** 32;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const data = Float32Array.from({ length: elementCount(shape) }, () => Math.min(limit, Math.max(-limit, normal())));
  return { shape, data };
}

/** What the difference may be, relative to max(1, max|y|). */
function boundOf({ precision, calibration }: Manifest, output: string): number {
  if (precision !== "fp16") return parity;
  const part = output.slice(0, output.indexOf("."));
  // eslint-disable-next-line no-restricted-syntax -- only parts in float16 were calibrated
  return Math.max(halfParity, 2 * (calibration?.parts[part]?.worst_error ?? 0));
}

function compared(
  output: string,
  found: GraphValue,
  expected: GraphValue | undefined,
  relativeBound: number,
  packageRan: boolean,
): VerifiedOutput {
  const largest = largestOf(found.data, (value) => value);
  const entry = { output, shape: found.shape, largest };
  if (!packageRan) return { ...entry, ok: Number.isFinite(largest) };
  if (expected?.shape.join() !== found.shape.join()) return { ...entry, difference: NaN, bound: relativeBound, ok: false };
  const bound =
    relativeBound *
    Math.max(
      1,
      largestOf(expected.data, (value) => value),
    );
  const difference = largestOf(found.data, (value, i) => value - (expected.data[i] as number));
  return { ...entry, difference, bound, ok: difference <= bound };
}

/** The largest magnitude; NaN or infinite when any value is. */
function largestOf(data: Float32Array, value: (x: number, i: number) => number): number {
  let largest = 0;
  data.forEach((x, i) => {
    const magnitude = Math.abs(value(x, i));
    if (!(magnitude <= largest)) largest = Number.isNaN(largest) ? largest : magnitude;
  });
  return largest;
}
