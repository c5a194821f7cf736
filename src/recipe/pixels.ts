/**
 * What the numbers in image files mean: one declaration, of the recipe's `data`, of `run`, of calibration, of evaluation and of client.mjs.
 * docs/training.md has the rule in words; runtime/'s data/pixels.py computes by it, and src/images.
 */
import * as z from "zod";

export const pixelFields = {
  profile: z
    .enum(["srgb", "raw"])
    .default("srgb")
    .describe("srgb: embedded colour profiles are converted to sRGB; raw: pixels are taken as stored"),
  range: z
    .tuple([z.number(), z.number()])
    .nullable()
    .default(null)
    .describe(
      "lowest and highest value that samples can have, which become -1 and 1; without it the range of an integer's type, of 8 and 16 bits, and [0, 1] for floats",
    ),
  nodata: z.number().nullable().default(null).describe("value of samples that are missing, as NaN is"),
  fill: z
    .number()
    .nullable()
    .default(null)
    .describe("value that missing samples get; without it images that have some are refused"),
};

export const pixelSchema = z.strictObject(pixelFields);

export type PixelRule = z.output<typeof pixelSchema>;

/** What is wrong with fields that are right alone; undefined where nothing is. */
export function pixelContradiction({
  range,
  fill,
}: PixelRule): { readonly expected: string; readonly found: string } | undefined {
  if (range === null) return undefined;
  const [low, high] = range;
  if (low >= high) return { expected: "a range whose lowest value stands first", found: `range: ${low}, ${high}` };
  if (fill !== null && (fill < low || fill > high))
    return { expected: `a fill inside of the range ${low}, ${high}`, found: `fill: ${fill}` };
  return undefined;
}
