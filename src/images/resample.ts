/**
 * Bicubic antialiased resampling in the arithmetic of Pillow's Image.resize, which training and the package's `encode` use: samples of 8 bits with
 * weights of 22 fractional bits and a rounding after each of two passes, others in float64 with float32 between the passes. sharp's kernels are
 * others: its cubic resize departs by up to tens of levels at edges.
 */

export interface Size {
  readonly height: number;
  readonly width: number;
}

/** The part that is wanted of what an image is resized to. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

/** Planes of one kind of samples. */
type Plane = Uint8Array | Float32Array;

/** Keys' cubic convolution with a = -1/2 (IEEE Trans. ASSP 29(6), 1981), which is 0 from a distance of 2 on. */
function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0;
}

const reach = 2;

/** Fractional bits of weights for 8 bits: two bits are left for what overshoots. */
const fraction = 22;

/** Of one side: for every sample of the window, where its sources begin and what each weighs. */
interface Weights {
  readonly starts: readonly number[];
  readonly weights: readonly Float64Array[];
}

function weightsOf(from: number, to: number, first: number, count: number): Weights {
  const scale = from / to;
  // A smaller image averages over as many samples as become one.
  const spread = Math.max(1, scale);
  const [starts, weights]: [number[], Float64Array[]] = [[], []];
  for (let at = first; at < first + count; at++) {
    const centre = (at + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach * spread + 0.5));
    const end = Math.min(from, Math.trunc(centre + reach * spread + 0.5));
    const found = Float64Array.from({ length: end - start }, (_, i) => cubic((start + i - centre + 0.5) * (1 / spread)));
    const sum = found.reduce((total, weight) => total + weight, 0);
    starts.push(start);
    weights.push(sum === 0 ? found : found.map((weight) => weight / sum));
  }
  return { starts, weights };
}

/** Whole multiples of 2^-22, halves away from 0. */
function fixed({ starts, weights }: Weights): Weights {
  const toFixed = (weight: number): number => Math.trunc(weight * 2 ** fraction + (weight < 0 ? -0.5 : 0.5));
  return { starts, weights: weights.map((each) => each.map(toFixed)) };
}

/** A plane of `from` as `window` of what it is at the size `to`. */
export function resampled<P extends Plane>(plane: P, from: Size, to: Size, window: Window): P {
  const isBytes = plane instanceof Uint8Array;
  const passing = isBytes ? fixed : (weights: Weights): Weights => weights;
  const store = isBytes ? byteOf : (sum: number): number => sum;
  const make = (length: number): P => (isBytes ? new Uint8Array(length) : new Float32Array(length)) as P;
  const { left, top, height, width } = window;
  const [across, down] = [
    passing(weightsOf(from.width, to.width, left, width)),
    passing(weightsOf(from.height, to.height, top, height)),
  ];
  // A side that stays as it is has no pass, and no rounding.
  const [isWide, isTall] = [from.width !== to.width, from.height !== to.height];
  const firstRow = isTall ? (down.starts[0] as number) : top;
  const lastRow = isTall ? (down.starts.at(-1) as number) + (down.weights.at(-1) as Float64Array).length : top + height;
  const rows = make((lastRow - firstRow) * width);
  for (let y = firstRow; y < lastRow; y++) {
    for (let x = 0; x < width; x++) {
      const source = y * from.width;
      rows[(y - firstRow) * width + x] = isWide
        ? store(weighed(plane, source + (across.starts[x] as number), 1, across.weights[x] as Float64Array))
        : (plane[source + left + x] as number);
    }
  }
  if (!isTall) return rows;
  const result = make(height * width);
  for (let y = 0; y < height; y++) {
    const begin = (down.starts[y] as number) - firstRow;
    for (let x = 0; x < width; x++)
      result[y * width + x] = store(weighed(rows, begin * width + x, width, down.weights[y] as Float64Array));
  }
  return result;
}

function weighed(plane: Plane, begin: number, step: number, weights: Float64Array): number {
  let sum = 0;
  for (let i = 0, at = begin; i < weights.length; i++, at += step) sum += (plane[at] as number) * (weights[i] as number);
  return sum;
}

/** Rounded, in [0, 255]. */
function byteOf(sum: number): number {
  return Math.min(255, Math.max(0, Math.floor((sum + 2 ** (fraction - 1)) / 2 ** fraction)));
}
