/** Results of `evaluate` and `benchmark` that lie in a run's folder. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { Report } from "../../../errors/index.ts";

const number = z.number().nullish();

/** What `evaluate` gives at every size: the keys and the order of the runtime's metrics/registry.py, which a test holds. */
export const metrics = [
  { key: "rfid", title: "rFID", better: "lower" },
  { key: "lpips_vgg", title: "LPIPS, VGG", better: "lower" },
  { key: "lpips_alex", title: "LPIPS, AlexNet", better: "lower" },
  { key: "psnr", title: "PSNR, dB", better: "higher" },
  { key: "ssim", title: "SSIM", better: "higher" },
] as const;

type MetricKey = (typeof metrics)[number]["key"];
const figures = Object.fromEntries(metrics.map(({ key }) => [key, number])) as Readonly<Record<MetricKey, typeof number>>;

/** Files of later versions may hold more. */
const evaluation = z.looseObject({
  format: z.literal("litevae-evaluation-1"),
  model: z.string(),
  source: z.looseObject({ kind: z.string() }).optional(),
  protocol: z.record(z.string(), z.unknown()).optional(),
  sizes: z.array(
    z.looseObject({
      size: z.number(),
      images: number,
      ...figures,
      psnr_infinite: number,
    }),
  ),
  mmd: z
    .looseObject({
      size: number,
      estimator: z.string().nullish(),
      samples: number,
      values: z.array(z.looseObject({ sigma: z.number(), mmd2: z.number().nullable() })),
    })
    .nullish(),
  imbalance: z
    .looseObject({
      size: number,
      module: z.string().nullish(),
      value: number,
      definition: z.string().nullish(),
      image: z.string().nullish(),
    })
    .nullish(),
  missing: z.array(z.looseObject({ metric: z.string(), reason: z.string(), sizes: z.array(z.number()).nullish() })).nullish(),
});

const benchmark = z.looseObject({
  format: z.literal("litevae-benchmark-1"),
  model: z.string(),
  runtime: z.string(),
  hardware: z.string(),
  size: z.number(),
  precision: z.string().nullish(),
  rows: z.array(
    z.looseObject({
      part: z.string(),
      mode: z.string(),
      batch: z.number(),
      images_per_second: number,
      seconds_median: number,
      repeats: number,
      peak_memory_bytes: number,
      error: z.string().nullish(),
    }),
  ),
});

export type Evaluation = z.output<typeof evaluation>;
export type Benchmark = z.output<typeof benchmark>;

/** The content of a file, and what the file is called. */
export interface Measured<Content> {
  readonly file: string;
  readonly content: Content;
}

export interface Measurements {
  readonly evaluations: readonly Measured<Evaluation>[];
  readonly benchmarks: readonly Measured<Benchmark>[];
  readonly notes: readonly Report[];
}

/** Every evaluation*.json and benchmark*.json among `names`. Files of another form are told and left out. */
export function readMeasurements(folder: string, names: readonly string[]): Measurements {
  const notes: Report[] = [];
  const read = <Schema extends z.ZodType>(prefix: string, schema: Schema): readonly Measured<z.output<Schema>>[] =>
    names
      .filter((name) => name.startsWith(prefix) && name.endsWith(".json"))
      .flatMap((file) => {
        const content = jsonOf(join(folder, file));
        if ("fault" in content) {
          notes.push({
            what: `${file} is not JSON and is left out`,
            found: content.fault,
            help: "measure again, which writes it anew",
          });
          return [];
        }
        const result = schema.safeParse(content.json);
        if (result.success) return [{ file, content: result.data }];
        const [issue] = result.error.issues;
        const where = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
        notes.push({
          what: `${file} is not of a form that is known and is left out`,
          found: `${where}${issue?.message ?? ""}`,
          help: "measure again with the package that this litevae compiles",
        });
        return [];
      });
  return { evaluations: read("evaluation", evaluation), benchmarks: read("benchmark", benchmark), notes };
}

function jsonOf(file: string): { readonly json: unknown } | { readonly fault: string } {
  try {
    return { json: JSON.parse(readFileSync(file, "utf8")) };
  } catch (error) {
    return { fault: (error as Error).message };
  }
}
