import { UserError } from "../../errors/index.ts";
import type { Part } from "../../ir/model.ts";
import { pixelsAs } from "../../recipe/pixels.ts";
import { runPasses } from "../../passes/index.ts";
import type { Compilation, EmittedFile, Emission } from "../target.ts";
import { audiences } from "./audience.ts";
import { calibrated, describeHalf, type Half } from "./calibrate.ts";
import { bindingsOf, requireCountable } from "./fixed-size.ts";
import type { OnnxGraph } from "./graph.ts";
import { lowerPart } from "./lower.ts";
import { fixed, runGraphPasses } from "./passes/index.ts";
import { sidesOf } from "./sides.ts";
import { encodeModel, externalPieces, initializerBytes, protobufLimit, type ModelInfo } from "./serde.ts";
import { irVersionOf, neededParts, onnxPasses, type OnnxOptions, type OnnxResources } from "./options.ts";

/** Lowers all parts; float16 is calibrated by what is returned. */
export function prepareOnnx(compilation: Compilation, options: OnnxOptions, resources: OnnxResources): () => Promise<Emission> {
  const { parts, dump } = compilation;
  const lower = (part: Part): OnnxGraph => {
    const asked = parts.includes(part);
    const flat = runPasses(part, onnxPasses, (pass, result) => {
      if (asked) dump?.(pass.name, result);
    });
    return lowerPart(flat, compilation.load, options.opset, audiences[options.for]);
  };
  const { rule, departure } = pixelsAs(options, compilation.pixels);
  const fixedTo = options.fixed === undefined ? undefined : bindingsOf(options.fixed, compilation);
  const lowered = new Map(parts.map((part) => [part, lower(part)]));
  if (options.fixed !== undefined && fixedTo !== undefined)
    requireCountable(options.fixed, fixedTo, compilation.model, [...lowered.values()]);
  return async () => {
    const info = modelInfo(compilation, options);
    const written = (lowered: OnnxGraph): readonly EmittedFile[] => {
      const graph = fixedTo === undefined ? lowered : runGraphPasses(lowered, [fixed(fixedTo)]);
      return onnxFiles(graph, { ...info, metadata: { ...info.metadata, ...graphFacts(graph, compilation) } }, options);
    };
    const versions = {
      onnx: {
        opset: options.opset,
        ir_version: info.irVersion,
        for: options.for,
        ...(options.fixed === undefined ? {} : { fixed: options.fixed }),
      },
    };
    if (options.calibrate === undefined) return { files: [...lowered.values()].flatMap(written), facts: versions };
    const needed = neededParts(compilation.model, parts, options);
    if (departure !== undefined) compilation.note({ what: departure });
    const { imageChannels } = compilation.model;
    if (imageChannels === undefined) throw takesNoImage(compilation.model.name);
    const calibration = resources.calibration(options.calibrate, rule);
    const images = await calibration.images(imageChannels, compilation.sizes(needed));
    const graphs = needed.map((part) => ({ graph: lowered.get(part) ?? lower(part), sources: part.sources ?? {} }));
    const halves = await calibrated(graphs, images, calibration, info, compilation.progress);
    const asked = halves.filter(({ graph }) => parts.some(({ name }) => name === graph.name));
    for (const half of asked) compilation.note(describeHalf(half));
    return {
      files: asked.flatMap(({ graph }) => written(graph)),
      facts: { ...versions, precision: "fp16", calibration: calibrationFacts(asked, images.length) },
    };
  };
}

function calibrationFacts(halves: readonly Half[], images: number): object {
  const entries = halves.map(({ graph, report }) => {
    const float32 = report.declared + report.outOfRange;
    return [
      graph.name,
      { nodes: report.nodes, float32_nodes: float32, worst_error: Number(report.worstError.toPrecision(3)) },
    ] as const;
  });
  return { images, parts: Object.fromEntries(entries) };
}

/** A graph with its weights inside or, asked for or too large for protobuf, in a file beside it. */
export function onnxFiles(
  graph: OnnxGraph,
  info: ModelInfo,
  { externalData }: Pick<OnnxOptions, "externalData">,
): readonly EmittedFile[] {
  const bytes = graph.initializers.reduce((sum, initializer) => sum + initializerBytes(initializer), 0);
  const name = `${graph.name}.onnx`;
  const progress = { what: name };
  if (!externalData && bytes < protobufLimit) return [{ name, progress, pieces: () => encodeModel(graph, info) }];
  const location = `${name}.data`;
  return [
    { name, progress, pieces: () => encodeModel(graph, info, location) },
    { name: location, pieces: () => externalPieces(graph) },
  ];
}

/** What a graph alone says: its part, the sides of images that fit it, what its sizes are called. */
function graphFacts(graph: OnnxGraph, { parts, sizes }: Compilation): Readonly<Record<string, string>> {
  const fitting = sizes(parts.filter(({ name }) => name === graph.name));
  const { meaning } = sidesOf(graph);
  return {
    part: graph.name,
    image_height_minimum: String(fitting.height.minimum),
    image_height_step: String(fitting.height.step),
    image_width_minimum: String(fitting.width.minimum),
    image_width_step: String(fitting.width.step),
    ...(meaning === undefined ? {} : { sides: meaning }),
  };
}

function modelInfo(compilation: Compilation, { opset, irVersion, precision, for: audience }: OnnxOptions): ModelInfo {
  const { model, modelHash, version, provenance, latents } = compilation;
  return {
    irVersion: irVersion ?? neededIrVersion(opset),
    producer: "litevae",
    producerVersion: version,
    metadata: {
      model: model.name,
      model_sha256: modelHash,
      ...known({ image_channels: model.imageChannels, latent_channels: model.latentChannels, stride: model.stride }),
      ...(model.autoencoder === undefined ? {} : { image_range: "[-1, 1]" }),
      ...(precision === "fp16" ? { precision } : {}),
      compiled_for: audience,
      weights: provenance,
      ...Object.fromEntries(
        Object.entries(latents ?? {}).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
      ),
    },
  };
}

function takesNoImage(name: string): UserError {
  return new UserError({
    what: `${name} takes no image: there is nothing to calibrate float16 on`,
    expected: "a model with an input at the size of an image",
    help: "compile with --precision fp32",
  });
}

/** Those that there are, as text. */
function known(numbers: Readonly<Record<string, number | undefined>>): Readonly<Record<string, string>> {
  const given = Object.entries(numbers).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
}

function neededIrVersion(opset: number): number {
  const needed = irVersionOf[opset];
  if (needed === undefined) throw new Error(`no IR version is known for opset ${opset}`);
  return needed;
}
