/**
 * What the numbers in image files mean: one declaration, of the recipe's `data`, of `run`, of calibration, of evaluation and of client.js.
 * docs/training.md has the rule in words; runtime/'s data/pixels.py computes by it, and src/images. config.json beside trained weights
 * says what theirs was, and who reads images for them takes that where nothing else is said.
 */
import * as z from "zod";
import { UsageError } from "../errors/index.ts";

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

type Said<Field> =
  Field extends z.ZodDefault<infer Value> ? z.ZodOptional<Value extends z.ZodNullable<infer Given> ? Given : Value> : never;

/** What is said for one command: the rest is as the weights were trained. */
export const pixelOptions = Object.fromEntries(
  Object.entries(pixelFields).map(([name, field]) => {
    const value = field.unwrap();
    const given = value instanceof z.ZodNullable ? value.unwrap() : value;
    return [name, given.optional().meta({ description: field.description, rule: "as trained" })];
  }),
) as { readonly [name in keyof typeof pixelFields]: Said<(typeof pixelFields)[name]> };

export type PixelOptions = { readonly [name in keyof PixelRule]?: PixelRule[name] | undefined };

/**
 * The rule of what is given, else of what config.json says of the training, and where they differ what a person is told. UsageError
 * where the fields contradict each other.
 */
export function pixelsAs(
  given: PixelOptions,
  trained: PixelRule | undefined,
): { readonly rule: PixelRule; readonly departure?: string } {
  const names = Object.keys(pixelFields) as (keyof PixelRule)[];
  const rule = pixelSchema.parse(Object.fromEntries(names.map((name) => [name, given[name] ?? trained?.[name]])));
  const wrong = pixelContradiction(rule);
  if (wrong !== undefined)
    throw new UsageError({ what: "what samples mean is contradictory", ...wrong, help: "change --range or --fill" });
  if (trained === undefined) return { rule };
  const shown = (value: PixelRule[keyof PixelRule]): string => (value === null ? "none" : String(value));
  const changed = names.filter((name) => String(rule[name]) !== String(trained[name]));
  if (changed.length === 0) return { rule };
  const pairs = changed.map((name) => `${name} ${shown(trained[name])} → ${shown(rule[name])}`);
  return { rule, departure: `pixels are read otherwise than config.json says: ${pairs.join(", ")}` };
}

/** What is wrong with fields that are right alone; undefined where nothing is. */
export function pixelContradiction({
  range,
  fill,
}: Pick<PixelRule, "range" | "fill">): { readonly expected: string; readonly found: string } | undefined {
  if (range === null) return undefined;
  const [low, high] = range;
  if (low >= high) return { expected: "a range whose lowest value stands first", found: `range: ${low}, ${high}` };
  if (fill !== null && (fill < low || fill > high))
    return { expected: `a fill inside of the range ${low}, ${high}`, found: `fill: ${fill}` };
  return undefined;
}
