/**
 * Bytes of tensors in PyTorch, float32, from the ops of a part and what they declare: what lives at a time in a forward pass, and what autograd keeps of one. Workspace
 * of kernels and the weights are not in it.
 */
import { must, nonEmpty, type NonEmpty } from "../errors/must.ts";
import type { Bindings } from "../ir/dim.ts";
import type { Graph, OpNode, Value } from "../ir/model.ts";
import { inputsOf } from "../ir/op.ts";
import { elementCount, evaluateShape } from "../ir/shape.ts";

const bytesPerFloat32 = 4;

/** A tensor's memory, which its views share, with the first and the last step at which it must be there. */
interface Storage {
  readonly bytes: number;
  from: number;
  until: number;
}

/**
 * The bytes of tensors that live while each op runs without gradients, in the order in which ops are called; 0 for ops that do nothing at inference. A tensor
 * lives from the step that makes it to the last that reads it, what is given to a module until the module returns, a part's inputs and outputs to the end.
 */
export function liveBytes(graph: Graph, bindings: Bindings): readonly number[] {
  const running: boolean[] = [];
  const storages = new Set<Storage>();
  const outputs = walk(graph, bindings, {
    isView: ({ op }) => op.view === true || op.trainingOnly === true,
    step({ op }, inputs, made) {
      const runs = op.trainingOnly !== true;
      for (const storage of made) if (!storages.has(storage)) storage.from = running.length;
      for (const storage of runs ? [...inputs, ...made] : []) {
        storages.add(storage);
        storage.until = running.length;
      }
      running.push(runs);
    },
    returned: (given) => given.forEach((storage) => (storage.until = running.length - 1)),
  });
  for (const storage of outputs) storage.until = running.length - 1;
  const change = new Array<number>(running.length + 1).fill(0);
  for (const { bytes, from, until } of storages) {
    change[from] = (change[from] as number) + bytes;
    change[until + 1] = (change[until + 1] as number) - bytes;
  }
  let live = 0;
  return running.map((runs, step) => {
    live += change[step] as number;
    return runs ? live : 0;
  });
}

/**
 * The bytes that a forward pass in training keeps for the backward pass, for the batch of `bindings`: of every storage once, without what follows from weights
 * alone. Gradients go on to what gave the inputs in `learningInputs`, as from a decoder to the encoder.
 */
export function savedBytes(graph: Graph, bindings: Bindings, learningInputs: readonly Value[]): number {
  const saved = new Set<Storage>();
  const learning = new Set<Storage>();
  const sizes = (values: readonly Value[]): readonly (readonly number[])[] =>
    values.map(({ shape }) => evaluateShape(shape, bindings));
  const outputsOf = (node: OpNode): NonEmpty<readonly number[]> =>
    nonEmpty(sizes(node.outputs), `every output of ${node.op.name}`);
  const weights = new Set<Storage>();
  let besides = 0;
  walk(graph, bindings, {
    begins: (given) =>
      graph.inputs.forEach((value, i) => learningInputs.includes(value) && learning.add(must(given[i], "an input"))),
    isView: ({ op }) => op.view === true,
    step(node, inputs, made) {
      const { op, layer, attrs } = node;
      const learns = inputs.map((storage) => learning.has(storage));
      if (op.source === true) for (const storage of made) weights.add(storage);
      if (!learns.includes(true) && !(layer?.params ?? []).some(({ buffer }) => buffer !== true)) return;
      for (const storage of made) learning.add(storage);
      const keeps = op.saves?.(inputsOf(op, sizes(node.inputs)), outputsOf(node), attrs, learns) ?? { inputs: true };
      const { inputs: kept = [], outputs: given, bytes = 0 } = keeps;
      for (const storage of inputs.filter((_, i) => kept === true || kept[i] === true)) saved.add(storage);
      for (const storage of given === true ? made : []) saved.add(storage);
      besides += bytes;
    },
  });
  return [...saved].reduce((sum, storage) => sum + (weights.has(storage) ? 0 : storage.bytes), besides);
}

interface Visitor {
  /** The storages of the inputs. */
  begins?(given: readonly Storage[]): void;
  /** Whether the node's outputs are its first input's memory. */
  isView(node: OpNode): boolean;
  step(node: OpNode, inputs: readonly Storage[], outputs: readonly Storage[]): void;
  /** A module returns that was given these. */
  returned?(given: readonly Storage[]): void;
}

/** Visits the ops in the order in which they are called, with their storages; returns those of the outputs. */
function walk(graph: Graph, bindings: Bindings, { begins, isView, step, returned }: Visitor): readonly Storage[] {
  const storages = new Map<Value, Storage>();
  const make = ({ shape }: Value): Storage => ({
    bytes: elementCount(evaluateShape(shape, bindings)) * bytesPerFloat32,
    from: 0,
    until: 0,
  });
  const held = (values: readonly Value[]): readonly Storage[] =>
    values.map((value) => must(storages.get(value), "the memory of a value that is read"));
  // The values of a call's body are other objects than the caller's: position by position they are the same memory.
  const join = (values: readonly Value[], given: readonly Storage[]): void =>
    values.forEach((value, i) => storages.set(value, must(given[i], "the memory of an argument")));
  const run = ({ nodes }: Graph): void => {
    for (const node of nodes) {
      const inputs = held(node.inputs);
      if (node.kind === "call") {
        join(node.body.inputs, inputs);
        run(node.body);
        join(node.outputs, held(node.body.outputs));
        returned?.(inputs);
        continue;
      }
      const view = isView(node);
      join(
        node.outputs,
        node.outputs.map((output) => (view ? must(inputs[0], "the memory of a view") : make(output))),
      );
      step(node, inputs, held(node.outputs));
    }
  };
  join(graph.inputs, graph.inputs.map(make));
  begins?.(held(graph.inputs));
  run(graph);
  return held(graph.outputs);
}
