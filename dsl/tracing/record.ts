/** Ops: what a typed constructor or function makes of an op's definition. */
import { ShapeError, UserError } from "../../src/errors/index.ts";
import type { Layer, Value } from "../../src/ir/model.ts";
import type { Attributes, Attrs, ConfigOf } from "../../src/ir/attributes.ts";
import { inputsOf, type Op } from "../../src/ir/op.ts";
import { formatShape, type Shape } from "../../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../../src/ir/source.ts";
import { fillAttributes, type Filled } from "../attributes.ts";
import type { Below } from "../config.ts";
import { callableOf, pathOf, type LayerHandle } from "./handles.ts";
import { currentTrace, markUsed, Traced, valuesFor } from "./trace.ts";

/**
 * A layer: the op with fixed attributes, called on features, which gives a list where the op has several outputs; `below` is the constructor that the
 * user called.
 */
export function layer<F, D extends Attributes>(op: Op<Attrs, D>, config: ConfigOf<D>, below: Below): F {
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

/** Applies an op without parameters; of several outputs it gives a list. */
export function apply<R, D extends Attributes>(
  op: Op<Attrs, D>,
  config: ConfigOf<D>,
  inputs: readonly unknown[],
  below: Below,
): R {
  return single(applyAll<readonly Traced[], D>(op, config, inputs, below)) as R;
}

/** Applies an op that has as many outputs as its attributes say: it gives a list, also of one. */
export function applyAll<R, D extends Attributes>(
  op: Op<Attrs, D>,
  config: ConfigOf<D>,
  inputs: readonly unknown[],
  below: Below,
): R {
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
  if (op.source === true && inputs.length > 0) {
    throw new UserError({
      what: `${op.name} takes no input`,
      where: placeOf(source),
      module: pathOf(handle ?? trace.block) || undefined,
      op: op.name,
      help: "call it without arguments, and apply what it returns: mul(h, l.gamma())",
    });
  }
  // A call without inputs is refused as one whose first is nothing.
  const [input, ...rest] = inputs;
  const values = valuesFor(trace, op.name, op.source === true ? [] : [input, ...rest], source);
  const shapes = inputsOf(
    op,
    values.map((value) => value.shape),
  );
  let outputShapes: readonly Shape[];
  try {
    outputShapes = op.infer(shapes, attrs);
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    throw new UserError({
      what: error.message,
      where: placeOf(source),
      module: pathOf(handle ?? trace.block) || undefined,
      op: `${op.name} of ${shapes.map(formatShape).join(", ")}`,
      ...error.detail,
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
