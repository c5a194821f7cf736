/** Multiply-accumulates of one use of an op. */
import { nonEmpty } from "../errors/must.ts";
import type { Bindings } from "./dim.ts";
import { inputsOf, type Attrs, type Composed, type Op } from "./op.ts";
import { evaluateShape } from "./shape.ts";

export interface Use {
  readonly op: Op;
  readonly attrs: Attrs;
  readonly inputs: readonly Composed[];
  readonly outputs: readonly Composed[];
}

/** What the op counts at these sizes, or what those count that make it up. */
export function macsOf({ op, attrs, inputs, outputs }: Use, bindings: Bindings): number {
  if (op.compose !== undefined) {
    const shapes = inputs.map(({ shape }) => shape);
    return op.compose(inputsOf(op, shapes), attrs).steps.reduce((sum, step) => sum + macsOf(step, bindings), 0);
  }
  const sizes = (values: readonly Composed[]): readonly (readonly number[])[] =>
    values.map(({ shape }) => evaluateShape(shape, bindings));
  return op.macs?.(inputsOf(op, sizes(inputs)), nonEmpty(sizes(outputs), `every output of ${op.name}`), attrs) ?? 0;
}
