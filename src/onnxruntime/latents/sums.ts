/**
 * Means and covariances of latents, by channel, in float64: summed a few images at a time and joined in order, as runtime/'s latents/sums.py does it.
 */

import type { LatentStatistics } from "../../ir/latents.ts";

/** Images that are computed with at once. */
const rows = 64;

/**
 * Of `count` values of each of C channels: their `mean` [C], their `scatter` [C, C], the sum of products of what they differ by from it, and
 * `variance` [C], the sum of their posteriors' variances.
 */
export interface Sums {
  readonly count: number;
  readonly mean: readonly number[];
  readonly scatter: readonly (readonly number[])[];
  readonly variance: readonly number[];
}

export function noSums(channels: number): Sums {
  const zeros = Array<number>(channels).fill(0);
  return { count: 0, mean: zeros, scatter: zeros.map(() => zeros), variance: zeros };
}

/** Of moments [N, C, h·w]: means, and log-variances where there are any. */
export function sumsOf(mean: Float32Array, logvar: Float32Array | undefined, channels: number, area: number): Sums {
  const step = rows * channels * area;
  let found = noSums(channels);
  for (let at = 0; at < mean.length; at += step)
    found = joined(found, ofRows(mean.subarray(at, at + step), logvar?.subarray(at, at + step), channels, area));
  return found;
}

function ofRows(mean: Float32Array, logvar: Float32Array | undefined, channels: number, area: number): Sums {
  const values = byChannel(mean, channels, area);
  const centre = values.map((each) => total(each) / each.length);
  values.forEach((each, channel) => {
    for (let i = 0; i < each.length; i++) each[i] = (each[i] as number) - (centre[channel] as number);
  });
  return {
    count: (values[0] as Float64Array).length,
    mean: centre,
    scatter: values.map((a) => values.map((b) => product(a, b))),
    variance:
      logvar === undefined ? centre.map(() => 0) : byChannel(logvar, channels, area).map((each) => total(each.map(Math.exp))),
  };
}

/** [N, C, h·w] as C rows of N·h·w values. */
function byChannel(moments: Float32Array, channels: number, area: number): readonly Float64Array[] {
  const images = moments.length / (channels * area);
  return Array.from({ length: channels }, (_, channel) => {
    const values = new Float64Array(images * area);
    for (let image = 0; image < images; image++) {
      const begin = (image * channels + channel) * area;
      values.set(moments.subarray(begin, begin + area), image * area);
    }
    return values;
  });
}

function total(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum;
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Of the values of both (Chan, Golub and LeVeque, "Algorithms for computing the sample variance", 1983). */
export function joined(one: Sums, other: Sums): Sums {
  const count = one.count + other.count;
  if (count === 0) return one;
  const apart = other.mean.map((value, channel) => value - (one.mean[channel] as number));
  const weight = (one.count * other.count) / count;
  const both = (a: readonly number[], b: readonly number[]): readonly number[] => a.map((value, i) => value + (b[i] as number));
  return {
    count,
    mean: both(
      one.mean,
      apart.map((value) => value * (other.count / count)),
    ),
    scatter: one.scatter.map((row, i) =>
      row.map((value, j) => value + (other.scatter[i]?.[j] as number) + (apart[i] as number) * (apart[j] as number) * weight),
    ),
    variance: both(one.variance, other.variance),
  };
}

/** The manifest's `statistics`. */
export interface Statistics extends Required<Omit<LatentStatistics, "normalization">> {
  /** Between channels. */
  readonly covariance: readonly (readonly number[])[];
  /** How many numbers of each channel there are. */
  readonly values: number;
}

/** Those of draws from the posteriors, by the law of total variance. */
export function statisticsOf({ count, mean, scatter, variance }: Sums, images: number): Statistics {
  const covariance = scatter.map((row, i) => row.map((value, j) => (value + (i === j ? (variance[i] as number) : 0)) / count));
  const diagonal = covariance.map((row, i) => row[i] as number);
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const shift = meanOf(mean);
  const spread = meanOf(diagonal.map((value, i) => value + (mean[i] as number) ** 2)) - shift ** 2;
  return {
    scaling_factor: 1 / Math.sqrt(Math.max(1e-24, spread)),
    shift_factor: shift,
    latents_mean: mean,
    latents_std: diagonal.map((value) => Math.sqrt(Math.max(0, value))),
    latent_images: images,
    covariance,
    values: count,
  };
}
