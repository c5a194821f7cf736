import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { join } from "node:path";
import { openCompiled, type Manifest } from "../artifact/compiled-folder.ts";
import type { Config } from "../compiler/config.ts";
import { sha256OfFile } from "../artifact/file-hash.ts";
import { openWeights } from "../artifact/weights-file.ts";
import { UserError } from "../errors/index.ts";
import { partNames, type PartName } from "../ir/model.ts";
import { elementCount } from "../ir/shape.ts";
import type { FittingSizes } from "../ir/size.ts";
import type { Safetensors } from "../weights/safetensors.ts";
import { findPython, runPackage } from "./package.ts";
import { loadGraph, type GraphOutput } from "./session.ts";

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
  const parts = partNames.filter((part) => Object.hasOwn(manifest.files, `${part}.onnx`));
  if (parts.length === 0) {
    throw new UserError({
      what: `${folder} has no ONNX graph to verify`,
      expected: partNames.map((part) => `${part}.onnx`).join(", "),
      help: "compile with --target onnx,torch",
    });
  }
  const compiledFromWeights = weights === undefined ? null : isCompiledFrom(manifest, openWeights(weights));
  const { name, python, alone } = packageOf(manifest, folder);

  const sizes = config.sizes_with_discriminator ?? config.sizes;
  const size = { height: fitting(options.size, sizes.height), width: fitting(options.size, sizes.width) };
  const { inputs, outputs } = await runGraphs(folder, parts, config, size, options);
  let expected: Readonly<Record<string, GraphOutput>> = {};
  if (name !== undefined && python !== undefined) {
    progress(`running ${name} in ${python}`);
    expected = await runPackage({ python, folder, name, weights, inputs });
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

/** The next side that fits. */
function fitting(side: number, { minimum, step }: FittingSizes): number {
  return minimum + step * Math.max(0, Math.ceil((side - minimum) / step));
}

type Named = Readonly<Record<string, GraphOutput>>;

/** Runs every graph: the decoder on the encoder's mean, or on noise where there is no encoder. */
async function runGraphs(
  folder: string,
  parts: readonly PartName[],
  config: Config,
  { height, width }: { readonly height: number; readonly width: number },
  { seed, progress }: VerifyOptions,
): Promise<{ readonly inputs: Named; readonly outputs: Named }> {
  const inputs: Record<string, GraphOutput> = {};
  const outputs: Record<string, GraphOutput> = {};
  const image = noise([1, config.image_channels, height, width], seed, 1);
  for (const part of parts) {
    progress(`running ${part}.onnx`);
    const latentShape = [1, config.latent_channels, height / config.stride, width / config.stride];
    const input = part === "decoder" ? (outputs["encoder.mean"] ?? noise(latentShape, seed, 4)) : image;
    inputs[`${part}.${part === "decoder" ? "latent" : "image"}`] = input;
    const graph = await loadGraph(join(folder, `${part}.onnx`));
    for (const [name, output] of Object.entries(await graph.run(input.data, input.shape))) outputs[`${part}.${name}`] = output;
    await graph.release();
  }
  return { inputs, outputs };
}

/** Normal values, limited to ±`limit`. */
function noise(shape: readonly number[], seed: number, limit: number): GraphOutput {
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
  found: GraphOutput,
  expected: GraphOutput | undefined,
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
