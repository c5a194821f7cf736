import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import type { Layer } from "../ir/model.ts";
import type { ParamSpec } from "../ir/op.ts";
import { elementCount } from "../ir/shape.ts";
import { tensorOf, type Tensor } from "../ir/tensor.ts";

/**
 * Starting values of a layer's parameters from PyTorch's default distributions. Every parameter has a generator of its own, seeded by the
 * seed and its path, so that its values depend on nothing else in the model.
 */
export function initializeLayer(layer: Layer, seed: number): Readonly<Record<string, Tensor>> {
  const tensors: Record<string, Tensor> = {};
  for (const param of layer.params) tensors[param.role] = initialize(param, uniform(seed, param.path), tensors);
  return tensors;
}

function initialize(spec: ParamSpec, random: () => number, others: Readonly<Record<string, Tensor>>): Tensor {
  const { init, shape } = spec;
  if (init.kind === "computed") return init.compute(others, random);
  const count = elementCount(shape);
  if (spec.dtype === "int64")
    return tensorOf(shape, new BigInt64Array(count).fill(BigInt(init.kind === "constant" ? init.value : 0)));
  const data = new Float32Array(count);
  if (init.kind === "constant") data.fill(init.value);
  else if (init.kind === "uniform") for (let i = 0; i < count; i++) data[i] = random() * init.bound;
  else for (let i = 0; i < count; i++) data[i] = normal(random) * init.deviation;
  return tensorOf(shape, data);
}

/** Uniform numbers in [-1, 1). */
function uniform(seed: number, path: string): () => number {
  const generator = xoroshiro128plus(hash(`${seed}:${path}`));
  // The state is nearly the seed at first; a few steps mix it.
  for (let i = 0; i < 16; i++) generator.next();
  return () => generator.next() / 0x80000000;
}

/** A standard normal number, by Box and Muller's transform. */
function normal(random: () => number): number {
  const [radius, angle] = [(1 - random()) / 2, random() * Math.PI];
  return Math.sqrt(-2 * Math.log(radius)) * Math.cos(angle);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value | 0;
}
