/** Ops: what a typed constructor or function makes of an op's definition. */
import { ShapeError, UserError, type Report } from "../../src/errors/index.ts";
import type { Layer, Value } from "../../src/ir/model.ts";
import type { Attributes, Attrs, ConfigOf } from "../../src/ir/attributes.ts";
import { inputCount, inputsOf, type Op } from "../../src/ir/op.ts";
import { formatShape, type Shape } from "../../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../../src/ir/source.ts";
import { checkedInputs, checkFunction, checkOnlySettings, type Given } from "../arguments.ts";
import { fillAttributes, type Filled } from "../attributes.ts";
import type { Below } from "../config.ts";
import { borderChange, differAtBorders } from "./borders.ts";
import { callableOf, pathOf, type LayerHandle } from "./handles.ts";
import { currentTrace, markUsed, Traced, valuesFor } from "./trace.ts";

/**
 * A layer: the op with fixed attributes, called on features, which gives a list where the op has several outputs; `below` is the constructor that the
 * user called, and `given` its `arguments`, of which more than one are refused.
 */
export function layer<F, D extends Attributes>(op: Op<Attrs, D>, config: ConfigOf<D>, below: Below, given?: Given): F {
  if (given !== undefined) checkOnlySettings(op.constructorName ?? op.name, given, below);
  const filled = fillAttributes(op, config, below);
  if (op.torch.kind !== "module") throw wrongKind(op, below, "a function, and no layer", "apply");
  const handle: LayerHandle = { kind: "layer", op, ...filled, source: captureSource(below) };
  const call = (...inputs: unknown[]): unknown => single(record(op, filled, inputs, captureSource(call), handle));
  return callableOf<F>(handle, call);
}

function wrongKind(op: Op, below: Below, what: string, by: string): UserError {
  return new UserError({
    what: `${op.name} is ${what}`,
    where: placeOf(captureSource(below)),
    op: op.name,
    help: `its form in PyTorch says which it is: use ${by} of litevae/op`,
  });
}

/**
 * Applies an op without parameters; of several outputs it gives a list. `below` is the function that the user called, and `given` its `arguments`, of
 * which more than the op's inputs and its settings are refused.
 */
export function apply<R, D extends Attributes>(
  op: Op<Attrs, D>,
  config: ConfigOf<D>,
  inputs: readonly unknown[],
  below: Below,
  given?: Given,
): R {
  return single(applyAll<readonly Traced[], D>(op, config, inputs, below, given)) as R;
}

/** Applies an op that has as many outputs as its attributes say: it gives a list, also of one. */
export function applyAll<R, D extends Attributes>(
  op: Op<Attrs, D>,
  config: ConfigOf<D>,
  inputs: readonly unknown[],
  below: Below,
  given?: Given,
): R {
  if (given !== undefined) checkFunction(op, given, below);
  const filled = fillAttributes(op, config, below);
  if (op.torch.kind === "module" && op.source !== true) throw wrongKind(op, below, "a layer, and no function", "layer");
  return record(op, filled, inputs, captureSource(below)) as R;
}

function single(outputs: readonly Traced[]): unknown {
  return outputs.length === 1 ? outputs[0] : outputs;
}

function record(
  op: Op,
  { attrs, defaulted }: Filled,
  inputs: readonly unknown[],
  source: Source,
  handle?: LayerHandle,
): readonly Traced[] {
  const trace = currentTrace(source, op.name);
  if (handle !== undefined) markUsed(trace, handle, op.name, source);
  const at = (): Pick<Report, "where" | "module"> => ({
    where: placeOf(source),
    module: pathOf(handle ?? trace.block) || undefined,
  });
  const given = checkedInputs(op, inputs, at);
  // One that is missing is refused as one that is nothing.
  const missing = Math.max(0, inputCount(op).least - given.length);
  const values = valuesFor(trace, op.name, [...given, ...Array<undefined>(missing).fill(undefined)], source);
  const shapes = inputsOf(
    op,
    values.map((value) => value.shape),
  );
  let outputShapes: readonly Shape[];
  try {
    outputShapes = op.infer(shapes, attrs);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    const [first] = shapes;
    const nearly = shapes.some((shape) => [2, 3].some((axis) => differAtBorders(first[axis], shape[axis])));
    const change = nearly ? borderChange(trace) : undefined;
    throw new UserError({
      what: error.message,
      ...at(),
      op: `${op.name} of ${shapes.map(formatShape).join(", ")}`,
      ...error.detail,
      ...(change === undefined ? {} : { help: change.help }),
    });
  }
  const outputs = outputShapes.map((shape): Value => Object.freeze({ shape }));
  const layerRecord = handle === undefined ? undefined : (trace.part.modules.get(handle) as Layer);
  trace.nodes.push(
    Object.freeze({
      kind: "op",
      op,
      attrs,
      defaulted,
      layer: layerRecord,
      inputs: values,
      outputs,
      scope: pathOf(trace.block),
      source,
    }),
  );
  return outputs.map((value) => new Traced(value, trace));
}
