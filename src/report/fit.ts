/** Whether an image fits a model, and what to tell the person whose image does not. */
import { UserError, type Report } from "../errors/index.ts";
import { evaluateDim, formatDim, type Dim } from "../ir/dim.ts";
import type { Part } from "../ir/model.ts";
import { dimsOf, fittingSizes, misfit } from "../ir/size.ts";

/**
 * Throws UserError with the nearest sizes that fit where an image of `height` × `width` pixels does not fit every one of the parts.
 * `model` names the model in the message.
 */
export function requireFit(parts: readonly Part[], height: number, width: number, model?: string): void {
  const report = fitReport(parts, height, width, model);
  if (report !== undefined) throw new UserError(report);
}

/** What `requireFit` would throw, or undefined where the image fits. */
export function fitReport(parts: readonly Part[], height: number, width: number, model?: string): Report | undefined {
  const found = misfit(parts, height, width);
  if (found === undefined) return undefined;
  const { axis, size, nearest } = found;
  const along = parts.flatMap(dimsOf).filter((dim) => dim.symbol === axis);
  const { dim, value } = worst(along, size);
  return {
    what: `${size} does not fit${model === undefined ? "" : ` ${model}`}: ${formatDim(dim)} is ${Number.isInteger(value) ? value : "not whole"}`,
    expected: expectedSize(parts, axis) ?? `${formatDim(dim)}: a whole number of at least 1`,
    found: `${formatDim(dim)} = ${value}`,
    help: nearest.length === 0 ? "give the model layers that this size passes through" : `use ${nearest.join(" or ")}`,
  };
}

/** Of the sizes that fail, the one that says most: the largest divisor (`H/8` explains `H/4`), then the smallest result. */
function worst(along: readonly Dim[], size: number): { readonly dim: Dim; readonly value: number } {
  const failing = along
    .map((dim) => ({ dim, value: evaluateDim(dim, { N: 1, H: size, W: size }) }))
    .filter(({ value }) => !Number.isInteger(value) || value < 1)
    .sort(
      (a, b) =>
        Number(Number.isInteger(a.value)) - Number(Number.isInteger(b.value)) || b.dim.den - a.dim.den || a.value - b.value,
    );
  const [first] = failing;
  if (first === undefined) throw new Error("no size fails");
  return first;
}

/** `a height that is a multiple of 8`; undefined where no size fits. */
function expectedSize(parts: readonly Part[], axis: "H" | "W"): string | undefined {
  const sizes = fittingSizes(parts, axis);
  if (sizes === undefined) return undefined;
  const { minimum, step } = sizes;
  const side = axis === "H" ? "a height" : "a width";
  if (minimum % step !== 0) return `${side} of ${minimum}, ${minimum + step}, ${minimum + 2 * step}, …`;
  return `${side} that is a multiple of ${step}${minimum === step ? "" : `, at least ${minimum}`}`;
}
