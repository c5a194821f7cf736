import { createHash } from "node:crypto";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";
import { formatDim } from "../ir/dim.ts";
import type { Model, Part, PartName } from "../ir/model.ts";
import { printModel } from "../ir/print.ts";
import { elementCount } from "../ir/shape.ts";
import { placeOf, type Source } from "../ir/source.ts";
import { fittingSizes, type FittingSizes, type Sizes } from "../ir/size.ts";
import { verifyModel } from "../ir/verify.ts";
import { paramsOf, stepsOf } from "../ir/walk.ts";
import { deadCode, dropTrainingOnly, foldWeights, inline, runPasses, type PartPass } from "../passes/index.ts";
import { clientFiles } from "../targets/client/client.ts";
import type { OnnxGraph } from "../targets/onnx/graph.ts";
import { lowerPart } from "../targets/onnx/lower.ts";
import { encodeModel, initializerBytes, protobufLimit, type ExternalData, type ModelInfo } from "../targets/onnx/serde.ts";
import { torchProject, type Training } from "../targets/torch/project.ts";
import { packageName } from "../targets/torch/python.ts";
import { encodeSafetensors } from "../weights/safetensors.ts";
import { initialWeights, namedTensors, weightsFromFile } from "../weights/weights.ts";
import { calibrated, type Calibration, type HalfReport } from "../targets/onnx/calibrate.ts";
import type { Config, Manifest } from "../artifact/compiled-folder.ts";
import { sha256OfFile } from "../artifact/file-hash.ts";
import { OutputFolder } from "../artifact/output-folder.ts";
import { keepTrainedWeights } from "../artifact/trained-weights.ts";
import { openWeights } from "../artifact/weights-file.ts";
import { runtimeFiles } from "../artifact/runtime-files.ts";
import { packageVersion } from "../artifact/version.ts";

/** What ONNX wants: no calls, nothing that only training needs, plain weights. */
export const onnxPasses: readonly PartPass[] = [inline, dropTrainingOnly, foldWeights, deadCode];

/** Operator sets and the IR version that goes with each: old runtimes refuse an IR version they do not know. */
export const irVersionOf: Readonly<Record<number, number>> = { 18: 8, 19: 9, 20: 9, 21: 10 };

export type Target = "onnx" | "torch";

export interface CompileOptions {
  readonly out: string;
  readonly force: boolean;
  readonly parts: readonly PartName[];
  readonly targets: readonly Target[];
  readonly opset: number;
  readonly irVersion: number;
  readonly seed: number;
  /** Path of a safetensors file with trained weights. */
  readonly weights?: string | undefined;
  readonly externalData: boolean;
  /** How and with what the torch package trains; the torch target needs it. */
  readonly training?: Training | undefined;
  /** Given, the graphs are written in float16, calibrated with it. */
  readonly half?: Calibration | undefined;
  /** Called as work proceeds, with what is being done. */
  readonly progress: (doing: string) => void;
  /** Called after every pass, for `--dump-after`. */
  readonly dump?: (pass: string, part: Part) => void;
  /** Called for every graph that is written in float16. */
  readonly halfReport?: (part: string, report: HalfReport) => void;
}

/** Compiles a model into a folder. Whatever the input can be wrong about is found before the folder is touched. */
export async function compile(model: Model, options: CompileOptions): Promise<Manifest> {
  verifyModel(model);
  const parts = model.parts.filter((part) => options.parts.includes(part.name));
  const loaded = options.half === undefined ? parts : model.parts.filter((part) => parts.includes(part) || feeds(part, parts));
  const weights =
    options.weights === undefined
      ? initialWeights(loaded, options.seed)
      : weightsFromFile(openWeights(options.weights), model, loaded);
  const lower = (part: Part, dump?: CompileOptions["dump"]): OnnxGraph => {
    const lowered = runPasses(part, onnxPasses, (pass, result) => dump?.(pass.name, result));
    return lowerPart(lowered, (param) => weights.load(param), options.opset);
  };
  const float32 = (options.targets.includes("onnx") ? parts : []).map((part) => lower(part, options.dump));

  const partNames = parts.map(({ name }) => name);
  const project = options.targets.includes("torch")
    ? torchProject(model, partNames, packageVersion(), trainingOf(options), runtimeFiles())
    : [];
  const config = configOf(model, parts);
  const client = options.targets.includes("onnx") ? clientFiles(model, partNames, config.sizes) : [];
  const folder = new OutputFolder(options.out, { force: options.force });
  if (!options.force) keepTrainedWeights(options.out, options);
  const beside = loaded.filter((part) => !parts.includes(part)).map((part) => lower(part));
  const { graphs, calibration } = await inPrecision(model, [...beside, ...float32], loaded, parts, options);
  const manifest = { ...manifestOf(model, parts, options), ...calibration };
  folder.begin();
  for (const graph of graphs) {
    options.progress(`writing ${graph.name}.onnx`);
    writeOnnx(folder, graph, modelInfo(model, graph.name, options), options.externalData);
  }
  if (project.length > 0) options.progress(`writing the PyTorch package ${join(options.out, packageName(model.name))}`);
  for (const { name, text } of [...project, ...client]) folder.write(name, [text]);
  options.progress("writing model.safetensors");
  folder.write("model.safetensors", encodeSafetensors(namedTensors(parts, weights)));
  folder.write("config.json", [`${JSON.stringify(config, null, 2)}\n`]);
  folder.finish({ ...manifest });
  return { ...manifest, files: {} };
}

function trainingOf({ training }: CompileOptions): Training {
  if (training === undefined) throw new Error("a torch package needs to know how it trains");
  return training;
}

/** Whether a part's outputs are what others are calibrated on: decoders take what the encoder gives. */
function feeds(part: Part, parts: readonly Part[]): boolean {
  return part.name === "encoder" && parts.some(({ name }) => name === "decoder");
}

/** The graphs of `parts` as they are written: as they are, or in float16. `lowered` may hold more, which serve to calibrate those. */
async function inPrecision(
  model: Model,
  lowered: readonly OnnxGraph[],
  loaded: readonly Part[],
  parts: readonly Part[],
  options: CompileOptions,
): Promise<{ readonly graphs: readonly OnnxGraph[]; readonly calibration: Pick<Manifest, "precision" | "calibration"> }> {
  const written = ({ name }: OnnxGraph): boolean => parts.some((part) => part.name === name);
  if (options.half === undefined) return { graphs: lowered.filter(written), calibration: {} };
  const pictures = await options.half.pictures(model.imageChannels, sizesOf(model, loaded));
  const info = modelInfo(model, "calibration", options);
  const results = await calibrated(lowered, pictures, options.half.load, info, options.progress);
  const kept = results.filter(({ graph }) => written(graph));
  for (const { graph, report } of kept) options.halfReport?.(graph.name, report);
  const entries = kept.map(({ graph, report }) => {
    const float32 = report.declared + report.outOfRange;
    return [
      graph.name,
      { nodes: report.nodes, float32_nodes: float32, worst_error: Number(report.worstError.toPrecision(3)) },
    ] as const;
  });
  const calibration = { pictures: pictures.length, parts: Object.fromEntries(entries) };
  return { graphs: kept.map(({ graph }) => graph), calibration: { precision: "fp16", calibration } };
}

/** Writes a graph, with its weights inside or, asked for or too large for protobuf, in a file beside it. */
export function writeOnnx(folder: OutputFolder, graph: OnnxGraph, info: ModelInfo, externalData: boolean): void {
  const bytes = graph.initializers.reduce((sum, initializer) => sum + initializerBytes(initializer), 0);
  const name = `${graph.name}.onnx`;
  if (!externalData && bytes < protobufLimit) {
    folder.write(name, encodeModel(graph, info));
    return;
  }
  const location = `${name}.data`;
  const data = folder.open(location);
  try {
    const external: ExternalData = {
      location,
      append(tensor) {
        // Offsets are multiples of a page, so that runtimes can map the file.
        data.append(new Uint8Array(-data.size & 4095));
        const offset = data.size;
        data.append(tensor);
        return { offset, length: tensor.length };
      },
    };
    folder.write(name, encodeModel(graph, info, external));
    data.close();
  } catch (error) {
    data.discard();
    throw error;
  }
}

const hashes = new WeakMap<Model, string>();

/** What the folder's files say they are of; every graph and the manifest ask for it. */
function modelHash(model: Model): string {
  const hash = hashes.get(model) ?? createHash("sha256").update(printModel(model)).digest("hex");
  hashes.set(model, hash);
  return hash;
}

function modelInfo(model: Model, part: string, options: CompileOptions): ModelInfo {
  return {
    irVersion: options.irVersion,
    producer: "litevae",
    producerVersion: packageVersion(),
    metadata: {
      model: model.name,
      part,
      model_sha256: modelHash(model),
      image_channels: String(model.imageChannels),
      latent_channels: String(model.latentChannels),
      stride: String(model.stride),
      image_range: "[-1, 1]",
      ...(options.half === undefined ? {} : { precision: "fp16" }),
      weights: options.weights === undefined ? `untrained, seed ${options.seed}` : "trained",
    },
  };
}

function sizesOf(model: Model, parts: readonly Part[]): Sizes {
  return { height: sizesAlong(model, parts, "H"), width: sizesAlong(model, parts, "W") };
}

function configOf(model: Model, parts: readonly Part[]): Config {
  const autoencoder = parts.filter((part) => part.name !== "discriminator");
  return {
    model: model.name,
    image_channels: model.imageChannels,
    latent_channels: model.latentChannels,
    stride: model.stride,
    // A discriminator often needs a coarser grid, which is no reason for the others to.
    sizes: sizesOf(model, autoencoder.length === 0 ? parts : autoencoder),
    ...(autoencoder.length === parts.length ? {} : { sizes_with_discriminator: sizesOf(model, parts) }),
    scaling_factor: 1,
    shift_factor: 0,
  };
}

function sizesAlong(model: Model, parts: readonly Part[], axis: "H" | "W"): FittingSizes {
  const sizes = fittingSizes(parts, axis);
  if (sizes !== undefined) return sizes;
  const divided = divisions(parts, axis);
  throw new UserError({
    what: `no image up to 4096 pixels fits ${model.name}`,
    where: divided.map(({ source }) => placeOf(source)).findLast((place) => place !== undefined),
    expected: `${[...new Set(divided.map(({ dim }) => dim))].join(" and ")} whole for one ${axis}`,
    found: divided.map(({ dim, module, op }) => `${dim} out of ${op} in ${module}`).join("\n"),
    help: "use the same strides on all branches, and padding that keeps sizes whole",
  });
}

/** The ops after which another fraction of the image's side appears: each of them asks that it is whole. */
function divisions(
  parts: readonly Part[],
  axis: "H" | "W",
): readonly { dim: string; module: string; op: string; source: Source }[] {
  const found = new Map<string, { dim: string; module: string; op: string; source: Source }>();
  for (const { node } of parts.flatMap(({ graph }) => [...stepsOf(graph)])) {
    for (const dim of node.outputs.flatMap((value) => value.shape)) {
      const text = formatDim(dim);
      if (dim.symbol !== axis || dim.den === 1 || found.has(text)) continue;
      found.set(text, { dim: text, module: node.layer?.path ?? node.scope, op: node.op.name, source: node.source });
    }
  }
  return [...found.values()];
}

function manifestOf(model: Model, parts: readonly Part[], options: CompileOptions): Omit<Manifest, "files"> {
  const weights: Manifest["weights"] =
    options.weights === undefined ? { seed: options.seed } : { file_sha256: sha256OfFile(options.weights) };
  return {
    litevae: packageVersion(),
    model: model.name,
    model_sha256: modelHash(model),
    onnx: { opset: options.opset, ir_version: options.irVersion },
    weights,
    parts: Object.fromEntries(parts.map((part) => [part.name, { params: countParams(part) }])),
  };
}

function countParams(part: Part): number {
  let total = 0;
  for (const param of paramsOf(part.modules)) if (param.buffer !== true) total += elementCount(param.shape);
  return total;
}
