/** Measures models: parameters, multiply-accumulates and memory, per module and per part. Prints nothing. */
import { must } from "../errors/must.ts";
import { UserError, type Report } from "../errors/index.ts";
import type { Bindings } from "../ir/dim.ts";
import type { Graph, Layer, Model, Module, OpNode, Part, Value } from "../ir/model.ts";
import { macsOf } from "../ir/macs.ts";
import { receptiveFieldOf, type ReceptiveField } from "../ir/receptive-field.ts";
import { elementCount, evaluateShape } from "../ir/shape.ts";
import { layersOf, topModules } from "../ir/walk.ts";
import { partMemory } from "../targets/onnx/memory.ts";
import { fitReport, requireFit } from "./fit.ts";
import { integer } from "./numbers.ts";
import { liveBytes, savedBytes } from "./torch-memory.ts";

export interface Counts {
  /** Trained numbers: buffers are left out, a module that is called twice counts once. */
  readonly params: number;
  /** Multiply-accumulates of all calls for one image: convolutions, linear layers and attention products. */
  readonly macs: number;
  /**
   * The most bytes that onnxruntime's planner has allocated for values while an op inside runs, of the graph that is compiled, float32, batch 1; null where there
   * is no graph. memory.ts says what it leaves out.
   */
  readonly activationBytes: number | null;
}

export interface ModuleCounts extends Counts {
  /** The module's one name, such as `encoder.extractors.0.conv_in`. */
  readonly path: string;
  /** The name of the block or of the layer's op. */
  readonly kind: string;
  readonly calls: number;
  /** The distinct shapes that come out, [N, C, H, W] or [N, C], in the order in which they first do. */
  readonly outputs: readonly (readonly number[])[];
  /** What the module itself computes: the attributes of a layer, the functions that a block applies between its modules. */
  readonly definition: Readonly<Record<string, string>>;
  readonly children: readonly ModuleCounts[];
}

export interface PartCounts extends Counts {
  readonly name: string;
  /** Bytes of the graph's largest value, weights aside; null where there is no graph. */
  readonly largestTensorBytes: number | null;
  /** The most bytes of tensors that live at a time in PyTorch's forward without gradients, attention fused; null where memory is not counted. */
  readonly torchActivationBytes: number | null;
  /** Bytes of tensors besides weights that PyTorch's forward keeps for the backward pass, of one image; null where memory is not counted. */
  readonly savedBytes: number | null;
  /** How far its outputs look; undefined of a part that takes images of one size. */
  readonly receptiveField: ReceptiveField | undefined;
  /** Shapes by output name. */
  readonly outputs: Readonly<Record<string, readonly number[]>>;
  readonly modules: readonly ModuleCounts[];
}

export interface ModelCounts {
  readonly model: string;
  /** Height and width of the image in pixels. */
  readonly size: number;
  /** Of an autoencoder. */
  readonly latentChannels?: number | undefined;
  /** Only the parts that the model has; null for a discriminator that the size does not fit. */
  readonly parts: Readonly<Partial<Record<string, PartCounts | null>>>;
  /** What was not measured, and why. */
  readonly notes: readonly Report[];
}

/** Floating-point operations: a multiplication and an addition for every multiply-accumulate. */
export function flopsOf({ macs }: Pick<Counts, "macs">): number {
  return 2 * macs;
}

export interface CountedFigures {
  /** Whether memory is planned, which takes most of the time; its figures are null otherwise. */
  readonly memory: boolean;
}

/**
 * Measures every part for one image of `size` × `size` pixels. Throws UserError where the encoder or the decoder does not fit the size;
 * one that only training runs, a discriminator, often needs a coarser grid and is left out with a note.
 */
export function countModel(model: Model, size: number, figures: CountedFigures = { memory: true }): ModelCounts {
  const optional = (part: Part): boolean => part.trainingOnly === true;
  requireFit(
    model.parts.filter((part) => !optional(part)),
    size,
    size,
    model.name,
  );
  const parts: Record<string, PartCounts | null> = {};
  const notes: Report[] = [];
  for (const part of model.parts) {
    const report = optional(part) ? fitReport([part], size, size, model.name) : undefined;
    const counts = report === undefined ? countPart(part, size, size, figures) : null;
    parts[part.name] = counts;
    if (counts !== null) requireExact(counts, model.name, size);
    if (report !== undefined)
      notes.push({ ...report, what: `the ${part.name} is not measured: ${report.what}`, module: part.name });
  }
  notes.push(...sharedNotes(model));
  return { model: model.name, size, latentChannels: model.latentChannels, parts, notes };
}

/** JavaScript's numbers are whole to 2^53 - 1: a figure beyond would be printed as if it were exact. */
function requireExact(part: PartCounts, model: string, size: number): void {
  const { params, macs, activationBytes, torchActivationBytes, savedBytes } = part;
  const figures = { parameters: params, MACs: macs, "bytes of activation": activationBytes };
  const all = { ...figures, "bytes in torch": torchActivationBytes, "bytes saved for backward": savedBytes };
  const [wrong] = Object.entries(all).filter(([, value]) => value !== null && 2 * value > Number.MAX_SAFE_INTEGER);
  if (wrong === undefined) return;
  throw new UserError({
    what: `the ${part.name} of ${model} at ${size}×${size} has more ${wrong[0]} than can be counted exactly`,
    expected: `at most ${integer((Number.MAX_SAFE_INTEGER - 1) / 2)}`,
    found: `about ${wrong[1]?.toPrecision(3)}`,
    help: "give a smaller size, or a narrower model",
  });
}

/** What stands in the counts of several parts, and is there once. */
function sharedNotes({ name: model, parts }: Model): readonly Report[] {
  return topModules(parts).flatMap((module): readonly Report[] => {
    const users = parts.filter(({ modules }) => modules.includes(module)).map(({ name }) => name);
    if (users.length < 2) return [];
    const params = [...layersOf([module])].reduce((sum, layer) => sum + ownParams(layer), 0);
    return [
      {
        what: `${users.join(" and ")} of ${model} share ${module.path}: each counts its ${integer(params)} parameters, which are there once`,
        help: "leave them out of one where you add the parts up",
      },
    ];
  });
}

/** Measures one part for one image of `height` × `width` pixels; the decoder's latent is that of such an image. Throws UserError where it does not fit. */
export function countPart(part: Part, height: number, width: number, figures: CountedFigures = { memory: true }): PartCounts {
  requireFit([part], height, width);
  const bindings: Bindings = { N: 1, H: height, W: width };
  const memory = figures.memory ? partMemory(part, bindings) : undefined;
  const { tallies, macs } = tally(part.graph, bindings);
  const modules = part.modules.map((module) => countModule(module, tallies, memory && withAncestors(memory.byModule)));
  const outputs = part.graph.outputs.map(
    (value, i) =>
      [must(part.outputNames[i], `the name of output ${i} of the ${part.name}`), evaluateShape(value.shape, bindings)] as const,
  );
  return {
    name: part.name,
    params: total(modules),
    macs,
    activationBytes: memory?.peak ?? null,
    largestTensorBytes: memory?.largest ?? null,
    torchActivationBytes: figures.memory ? Math.max(...liveBytes(part.graph, bindings)) : null,
    savedBytes: figures.memory ? savedBytes(part.graph, bindings, learningInputs(part)) : null,
    receptiveField: receptiveFieldOf(part),
    outputs: Object.fromEntries(outputs),
    modules,
  };
}

/** Multiply-accumulates of one part alone, without the plan of its memory that takes most of the time of its figures. The part fits the size. */
export function partMacs(part: Part, height: number, width: number): number {
  return tally(part.graph, { N: 1, H: height, W: width }).macs;
}

/** The inputs through which gradients go on to the part that gave them. */
function learningInputs({ graph, inputNames, sources }: Part): readonly Value[] {
  return graph.inputs.filter((_, i) => sources?.[must(inputNames[i], "the name of an input")]?.output !== undefined);
}

/** The largest figure of a module and of all inside, whose paths continue its own. */
function withAncestors(byModule: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  for (const [path, bytes] of byModule) {
    const names = path.split(".");
    for (let end = names.length; end > 0; end--) {
      const outer = names.slice(0, end).join(".");
      largest.set(outer, Math.max(bytes, largest.get(outer) ?? 0));
    }
  }
  return largest;
}

/** What is seen of a module while its part runs. */
interface Tally {
  macs: number;
  calls: number;
  readonly outputs: Map<string, readonly number[]>;
  /** The functions that the module's body applies, as in its first call. */
  readonly functions: string[];
}

function tallyOf(tallies: Map<string, Tally>, path: string): Tally {
  let found = tallies.get(path);
  if (found === undefined) tallies.set(path, (found = { macs: 0, calls: 0, outputs: new Map(), functions: [] }));
  return found;
}

/** Runs through the graph once, calls opened, and adds every op to the modules that contain it, and to all. */
function tally(graph: Graph, bindings: Bindings): { readonly tallies: Map<string, Tally>; readonly macs: number } {
  const tallies = new Map<string, Tally>();
  const sizes = (values: readonly Value[]): readonly (readonly number[])[] =>
    values.map((value) => evaluateShape(value.shape, bindings));
  const called = (path: string, outputs: readonly Value[]): Tally => {
    const module = tallyOf(tallies, path);
    module.calls++;
    for (const shape of sizes(outputs)) module.outputs.set(shape.join(), shape);
    return module;
  };
  const run = (body: Graph, within: readonly Tally[]): void => {
    for (const node of body.nodes) {
      if (node.kind === "call") {
        run(node.body, [...within, called(node.block.path, node.outputs)]);
        continue;
      }
      const macs = macsOf(node, bindings);
      const owner = within.at(-1);
      if (node.layer === undefined && owner?.calls === 1) owner.functions.push(functionText(node));
      for (const module of node.layer === undefined ? within : [...within, called(node.layer.path, node.outputs)]) {
        module.macs += macs;
      }
    }
  };
  // Apart from the modules, since that of a network has an empty path.
  const whole: Tally = { macs: 0, calls: 0, outputs: new Map(), functions: [] };
  run(graph, [whole]);
  return { tallies, macs: whole.macs };
}

/** `memory` gives bytes by module; a module without an entry computes nothing at inference. */
function countModule(module: Module, tallies: Map<string, Tally>, memory: ReadonlyMap<string, number> | undefined): ModuleCounts {
  const { macs, calls, outputs, functions } = tallyOf(tallies, module.path);
  const children = module.kind === "block" ? module.children.map((child) => countModule(child, tallies, memory)) : [];
  return {
    path: module.path,
    kind: module.kind === "block" ? module.name : module.op.name,
    params: module.kind === "block" ? total(children) : ownParams(module),
    macs,
    activationBytes: memory === undefined ? null : (memory.get(module.path) ?? 0),
    calls,
    outputs: [...outputs.values()],
    definition:
      module.kind === "layer" ? attributeTexts(module.attrs) : functions.length === 0 ? {} : { functions: runLengths(functions) },
    children,
  };
}

function ownParams(layer: Layer): number {
  return layer.params.reduce((sum, param) => sum + (param.buffer === true ? 0 : elementCount(param.shape)), 0);
}

function total(modules: readonly ModuleCounts[]): number {
  return modules.reduce((sum, module) => sum + module.params, 0);
}

function attributeTexts(attrs: OpNode["attrs"]): Readonly<Record<string, string>> {
  // Sorted, so that the order in which a constructor writes them does not matter.
  return Object.fromEntries(
    Object.keys(attrs)
      .sort()
      .map((name) => [name, String(attrs[name])]),
  );
}

function functionText({ op, attrs }: OpNode): string {
  const texts = Object.entries(attributeTexts(attrs)).map(([name, text]) => `${name}: ${text}`);
  return texts.length === 0 ? op.name : `${op.name}(${texts.join(", ")})`;
}

/** `silu ×2, add` */
function runLengths(texts: readonly string[]): string {
  const runs: { readonly text: string; length: number }[] = [];
  for (const text of texts) {
    const last = runs.at(-1);
    if (last?.text === text) last.length++;
    else runs.push({ text, length: 1 });
  }
  return runs.map(({ text, length }) => (length === 1 ? text : `${text} ×${length}`)).join(", ");
}
