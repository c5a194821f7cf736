/** Layers after which sides are some positions longer or shorter than strides make them: the mistake behind maps that almost fit. */
import { counted } from "../../src/errors/counted.ts";
import type { Report } from "../../src/errors/index.ts";
import { sidesOf, type Pair } from "../../src/ir/attributes.ts";
import type { Dim } from "../../src/ir/dim.ts";
import type { OpNode } from "../../src/ir/model.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { placeOf } from "../../src/ir/source.ts";
import { stepsOf } from "../../src/ir/walk.ts";
import type { Trace } from "./trace.ts";

/** Whether two dims are one multiple of the image's side, and differ by a number of positions. */
export function differAtBorders(a: Dim | undefined, b: Dim | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.symbol !== null &&
    a.symbol === b.symbol &&
    a.num * b.den === b.num * a.den &&
    a.offset * b.den !== b.offset * a.den
  );
}

/** The first layer of what is traced that changes the sides at their borders, with its line and the padding that keeps them; undefined where none does. */
export function borderChange({ nodes, part }: Trace): Pick<Report, "where" | "module" | "help"> | undefined {
  const steps = [...stepsOf({ inputs: [], nodes, outputs: [] })];
  const [first, ...others] = steps.flatMap(({ node }) => {
    const by = changeAt(node);
    return by === 0 ? [] : [{ node, by }];
  });
  if (first === undefined) return undefined;
  const { node, by } = first;
  const handle = [...part.modules].find(([, module]) => module === node.layer)?.[0];
  const pathOf = (each: OpNode): string => each.layer?.path ?? `${each.op.name} in ${each.scope}`;
  const further = [...new Set(others.map((other) => pathOf(other.node)))].filter((path) => path !== pathOf(node));
  const where = placeOf(handle?.source ?? node.source);
  const line = where === undefined ? "" : `line ${where.line}, `;
  const settings = `${line}kernel ${text(node.attrs["kernel"])}, padding ${text(node.attrs["padding"])}`;
  return {
    where,
    module: pathOf(node),
    help: `${pathOf(node)} (${settings}) makes sides ${counted(Math.abs(by), "position")} ${by > 0 ? "longer" : "shorter"}: ${cureOf(node)}${further.length === 0 ? "" : `; so it is with ${further.join(", ")}`}`,
  };
}

const text = (value: unknown): string => (Array.isArray(value) ? `[${value.join(", ")}]` : String(value));

/** By how many positions a layer with padding makes one of the sides longer than its strides do. */
function changeAt({ attrs, inputs: [input], outputs: [output] }: OpNode): number {
  if (!("kernel" in attrs && "padding" in attrs)) return 0;
  const changes = [2, 3].map((axis) => excess(input?.shape, output?.shape, axis));
  return changes.find((each) => each !== 0) ?? 0;
}

function excess(before: Shape | undefined, after: Shape | undefined, axis: number): number {
  const [from, to] = [before?.[axis], after?.[axis]];
  if (from === undefined || to === undefined || from.symbol === null || from.symbol !== to.symbol) return 0;
  // The size before, times how much larger an image's side is after, and what there is beyond that.
  const scaled = (from.offset * to.num) / (to.den * from.num);
  return Math.round((to.offset / to.den - scaled) * 1e6) / 1e6;
}

/** The padding that keeps the sides, or the kernel that one does so with. */
function cureOf({ attrs }: OpNode): string {
  // What an op does not have leaves the sides as they are.
  const sides = (name: string): readonly [number, number] => sidesOf(name in attrs ? (attrs[name] as Pair) : 1);
  const [kernel, stride, dilation] = [sides("kernel"), sides("stride"), sides("dilation")];
  const keeps = (axis: 0 | 1): number => (dilation[axis] * (kernel[axis] - 1) + 1 - stride[axis]) / 2;
  const kept = [keeps(0), keeps(1)] as const;
  if (kept.some((each) => !Number.isInteger(each)))
    return stride[0] === 1
      ? "take an odd kernel, of which padding: (kernel − 1)/2 keeps them"
      : "take a kernel that is even where the stride is";
  const [high, wide] = kept;
  return kept.some((each) => each < 0)
    ? "take a kernel that is no smaller than the stride"
    : `padding: ${high === wide ? high : text(kept)} keeps them`;
}
