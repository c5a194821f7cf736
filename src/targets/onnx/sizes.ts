/** Sizes as ONNX counts with them. */
import { InternalError, must } from "../../errors/must.ts";

export type Sizes = readonly number[];

export function sameSizes(a: Sizes, b: Sizes): boolean {
  return a === b || (a.length === b.length && a.every((size, axis) => size === b[axis]));
}

export function at(sizes: Sizes, i: number): number {
  const size = sizes[i];
  if (size === undefined) throw new InternalError(`entry ${i} of [${sizes.join(", ")}] is missing`);
  return size;
}

export function head(sizes: Sizes | undefined): readonly [number, number] {
  const found = must(sizes, "an operand");
  return [at(found, 0), at(found, 1)];
}

export function ints(attr: unknown): Sizes | undefined {
  return Array.isArray(attr) ? (attr as Sizes) : undefined;
}

export function axisOf(attr: unknown, sizes: Sizes): number {
  const axis = Number(attr) < 0 ? Number(attr) + sizes.length : Number(attr);
  if (sizes[axis] === undefined) throw new InternalError(`it has no axis ${String(attr)}`);
  return axis;
}

export function expectEqual(found: number, expected: number | undefined, what: string): void {
  if (found !== expected) throw new InternalError(`${found} ${what} where ${expected ?? "none"} are needed`);
}

export function expectSizes(found: Sizes, expected: Sizes, what: string): void {
  if (!sameSizes(found, expected))
    throw new InternalError(`${what} is [${found.join(", ")}] where [${expected.join(", ")}] is needed`);
}

/** numpy's rule: sizes are aligned at the end, and 1 goes with any. */
export function broadcast(a: Sizes, b: Sizes): Sizes {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    // eslint-disable-next-line no-restricted-syntax -- a size that one of them lacks is 1
    const [left, right] = [a, b].map((sizes) => sizes[sizes.length - rank + i] ?? 1) as [number, number];
    if (left !== right && left !== 1 && right !== 1) throw new InternalError(`sizes ${left} and ${right} meet`);
    return left === 1 ? right : left;
  });
}
