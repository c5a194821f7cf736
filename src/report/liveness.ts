import type { Bindings } from "../ir/dim.ts";
import type { Graph, Value } from "../ir/model.ts";
import { elementCount, evaluateShape } from "../ir/shape.ts";

const bytesPerFloat32 = 4;

/** A stretch of memory, with the first and the last step at which it must be there. */
interface Buffer {
  readonly bytes: number;
  readonly from: number;
  until: number;
}

/**
 * The bytes of live values while each op runs, in the order of `stepsOf`: float32, no workspace. A value lives from the step that
 * makes it to the last that reads it, the graph's inputs from the first step, its outputs to the last; a view is its input's memory.
 * 0 for ops that do nothing at inference.
 */
export function liveBytes(graph: Graph, bindings: Bindings): readonly number[] {
  const buffers: Buffer[] = [];
  const running: boolean[] = [];
  const bufferOf = new Map<Value, Buffer>();
  const allocate = (value: Value): void => {
    const bytes = elementCount(evaluateShape(value.shape, bindings)) * bytesPerFloat32;
    const buffer = { bytes, from: running.length, until: running.length };
    buffers.push(buffer);
    bufferOf.set(value, buffer);
  };
  const held = (value: Value | undefined): Buffer => {
    const buffer = value === undefined ? undefined : bufferOf.get(value);
    if (buffer === undefined) throw new Error("a value is read before it is made");
    return buffer;
  };
  // The values of a call's body are other objects than the caller's: position by position they are the same memory.
  const join = (values: readonly Value[], others: readonly Value[]): void => {
    others.forEach((other, i) => bufferOf.set(other, held(values[i])));
  };

  const run = ({ nodes }: Graph): void => {
    for (const node of nodes) {
      if (node.kind === "call") {
        join(node.inputs, node.body.inputs);
        run(node.body);
        join(node.body.outputs, node.outputs);
        continue;
      }
      const { op, inputs, outputs } = node;
      const runs = op.trainingOnly !== true;
      if (runs) for (const input of inputs) held(input).until = running.length;
      for (const output of outputs) {
        if (runs && op.view !== true) allocate(output);
        else bufferOf.set(output, held(inputs[0]));
      }
      running.push(runs);
    }
  };
  graph.inputs.forEach(allocate);
  run(graph);
  for (const output of graph.outputs) held(output).until = running.length - 1;

  const change = new Array<number>(running.length + 1).fill(0);
  for (const { bytes, from, until } of buffers) {
    change[from] = (change[from] as number) + bytes;
    change[until + 1] = (change[until + 1] as number) - bytes;
  }
  let live = 0;
  return running.map((runs, step) => {
    live += change[step] as number;
    return runs ? live : 0;
  });
}
