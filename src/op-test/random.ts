/** Random tensors from a seed. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Op, ParamSpec } from "../ir/op.ts";
import { elementCount } from "../ir/shape.ts";
import { floats, tensorOf, type Tensor } from "../ir/tensor.ts";

/** Uniform numbers in [-1, 1). */
export type Random = () => number;

export function randomOf(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  for (let i = 0; i < 16; i++) generator.next();
  return () => generator.next() / 0x80000000;
}

/** Values uniform in middle ± spread. */
export function randomTensor(shape: readonly number[], random: Random, { middle = 0, spread = 1 } = {}): Tensor {
  return tensorOf(
    shape,
    Float32Array.from({ length: elementCount(shape) }, () => middle + spread * random()),
  );
}

/** What an op is given in tests: numbers in [-2, 2], or as many in the op's domain. */
export function drawnFrom({ domain }: Op): { readonly middle: number; readonly spread: number } {
  const [low, high] = domain === undefined ? [-2, 2] : [Math.max(domain.min + 1e-3, -2), Math.min(domain.max, domain.min + 4)];
  return { middle: (low + high) / 2, spread: (high - low) / 2 };
}

/** Random values for every parameter and buffer of a layer. */
export function randomState(specs: readonly ParamSpec[], random: Random): Readonly<Record<string, Tensor>> {
  const state: Record<string, Tensor> = {};
  for (const spec of specs) state[spec.role] = randomParam(spec, state, random);
  return state;
}

function randomParam(
  { shape, init, buffer, dtype }: ParamSpec,
  others: Readonly<Record<string, Tensor>>,
  random: Random,
): Tensor {
  if (dtype === "int64") {
    const count = elementCount(shape);
    return tensorOf(
      shape,
      BigInt64Array.from({ length: count }, () => BigInt(Math.floor(500 * (random() + 1)))),
    );
  }
  // What follows from other parameters means something, such as a singular vector; it stays near that.
  if (init.kind === "computed") {
    const computed = floats(init.compute(others, random));
    return tensorOf(
      shape,
      computed.map((value) => value * (1 + 0.2 * random())),
    );
  }
  // Buffers may be variances.
  return buffer === true ? randomTensor(shape, random, { middle: 1, spread: 0.5 }) : randomTensor(shape, random);
}
