/** Samples to float32 in [-1, 1], as runtime/'s data/pixels.py does it. */
import { f16round } from "@petamoriken/float16";
import type { PixelRule } from "../recipe/pixels.ts";
import { declareRange, ImageError, type SampleArray, type SampleType } from "./samples.ts";

/** Lowest and highest value of types that have a range of their own. */
export const ranges: Readonly<Partial<Record<SampleType, [number, number]>>> = {
  bool: [0, 1],
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  float16: [0, 1],
  float32: [0, 1],
  float64: [0, 1],
};

/** Rounding may take floats a little outside of their range. */
const slack = 5e-5;

/** The share of [-1, 1] under which a declared range is likely to be missing. */
const leastSpread = 0.25;

/**
 * `rule.range` becomes [-1, 1]; without it that is the range of 8-bit and 16-bit integers, and [0, 1] for floats and booleans. Samples that are
 * `rule.nodata` or NaN become `rule.fill`. Throws an ImageError where samples lie outside of the range, have none, or are missing without a `fill`.
 */
export function toSigned(
  planes: readonly SampleArray[],
  type: SampleType,
  { range, nodata, fill }: Pick<PixelRule, "range" | "nodata" | "fill">,
): readonly Float32Array[] {
  const known = range ?? ranges[type];
  if (known === undefined) throw new ImageError(`samples of type ${type}, whose range is unknown`, declareRange);
  const [low, high] = known;
  const absent = nodata === null ? NaN : storedAs(type, nodata);
  let [missing, least, most] = [0, Infinity, -Infinity];
  const signed = planes.map((plane) => {
    const result = new Float32Array(plane.length);
    for (let i = 0; i < plane.length; i++) {
      let value = plane[i] as number;
      if (value === absent || Number.isNaN(value)) {
        missing++;
        if (fill === null) continue;
        value = fill;
      }
      if (value < least) least = value;
      if (value > most) most = value;
      result[i] = (value - low) * (2 / (high - low)) - 1;
    }
    return result;
  });
  if (missing > 0 && fill === null) {
    const all = planes.reduce((sum, plane) => sum + plane.length, 0);
    throw new ImageError(
      `${missing.toLocaleString("en")} of ${all.toLocaleString("en")} samples are missing (NaN or nodata)`,
      "declare what takes their place (fill), or repair them",
    );
  }
  const margin = slack * (high - low);
  if (!(least >= low - margin && most <= high + margin)) {
    const [from, to, lowest, highest] = [least, most, low, high].map((value) => String(Number(value.toPrecision(6))));
    throw new ImageError(`values from ${from} to ${to}, outside of [${lowest}, ${highest}]`, declareRange);
  }
  return signed;
}

function storedAs(type: SampleType, value: number): number {
  return type === "float32" ? Math.fround(value) : type === "float16" ? f16round(value) : value;
}

/** What a person is told where images use less than a quarter of [-1, 1]. */
export function spreadWarning(images: Iterable<Float32Array>): string | undefined {
  let [least, most] = [Infinity, -Infinity];
  for (const image of images) {
    for (const value of image) {
      if (value < least) least = value;
      if (value > most) most = value;
    }
  }
  if (most < least || most - least >= 2 * leastSpread) return undefined;
  const [from, to] = [least, most].map((value) => String(Number(value.toPrecision(3))));
  return (
    `the images use [${from}, ${to}] of [-1, 1], less than a quarter: if their samples have fewer bits than their type, ` +
    "declare their range with --range low,high"
  );
}
