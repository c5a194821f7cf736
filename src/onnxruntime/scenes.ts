/** Images to compare on: noise alone misses what goes wrong on flat and on large areas. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { elementCount } from "../ir/shape.ts";
import type { GraphValue } from "./session.ts";

/** Values for [1, channels, height, width], or for whatever else an input is, between ±`limit`. */
type Scene = (shape: readonly number[], seed: number, limit: number) => Float32Array;

const noise: Scene = (shape, seed, limit) => {
  const uniform = generator(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return Float32Array.from({ length: elementCount(shape) }, () => Math.min(limit, Math.max(-limit, normal())));
};

/** By name. */
export const scenes = {
  noise,
  /** Discs that hide each other, of sizes with density r^-3: the statistics of photographs (Lee, Mumford and Huang, 2001). */
  photograph: (shape, seed, limit) => {
    const uniform = generator(seed);
    const { channels, height, width } = sides(shape);
    const data = new Float32Array(elementCount(shape));
    const largest = Math.max(height, width) / 2;
    for (let disc = 0; disc < 400; disc++) {
      const radius = Math.min(largest, 1.5 / Math.sqrt(1 - uniform()) + largest / (disc + 1));
      const [y0, x0] = [uniform() * height, uniform() * width];
      const colour = Array.from({ length: channels }, () => limit * (2 * uniform() - 1));
      for (let y = Math.max(0, Math.ceil(y0 - radius)); y < Math.min(height, y0 + radius); y++) {
        const half = Math.sqrt(Math.max(0, radius ** 2 - (y - y0) ** 2));
        const [from, to] = [Math.max(0, Math.ceil(x0 - half)), Math.min(width, Math.ceil(x0 + half))];
        if (from < to)
          colour.forEach((value, c) => data.fill(value, (c * height + y) * width + from, (c * height + y) * width + to));
      }
    }
    return data;
  },
  constant: (shape, _seed, limit) => new Float32Array(elementCount(shape)).fill(-limit),
  /** Lines of dark strokes. */
  "white page": (shape, seed, limit) => {
    const uniform = generator(seed);
    return drawn(shape, (y, x, height, width) => {
      const inside = y > height / 8 && y < (7 * height) / 8 && x > width / 8 && x < (7 * width) / 8;
      return inside && y % 12 < 6 && uniform() < 0.3 ? -limit : limit;
    });
  },
  "black border": (shape, seed, limit) => {
    const inside = noise(shape, seed, limit);
    return drawn(shape, (y, x, height, width, i) => {
      const border = y < height / 8 || y >= (7 * height) / 8 || x < width / 8 || x >= (7 * width) / 8;
      return border ? -limit : (inside[i] as number);
    });
  },
} satisfies Readonly<Record<string, Scene>>;

export function sceneValue(name: keyof typeof scenes, shape: readonly number[], seed: number, limit: number): GraphValue {
  return { shape, data: scenes[name](shape, seed, limit) };
}

/** Numbers of [0, 1) that a seed gives, without the first ones, which are alike for seeds that are. */
function generator(seed: number): () => number {
  const numbers = xoroshiro128plus(seed);
  for (let i = 0; i < 16; i++) numbers.next();
  return () => (numbers.next() >>> 0) / 2 ** 32;
}

function sides(shape: readonly number[]): { readonly channels: number; readonly height: number; readonly width: number } {
  // What is no image, such as a vector, is a row.
  const [height, width] = shape.length === 4 ? (shape.slice(2) as [number, number]) : [1, elementCount(shape)];
  return { channels: elementCount(shape) / (height * width), height, width };
}

/** A value for every place, in all channels by the same rule. */
function drawn(
  shape: readonly number[],
  value: (y: number, x: number, height: number, width: number, i: number) => number,
): Float32Array {
  const { height, width } = sides(shape);
  return Float32Array.from({ length: elementCount(shape) }, (_, i) =>
    value(Math.floor(i / width) % height, i % width, height, width, i),
  );
}
