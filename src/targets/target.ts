/** What every target is made of: the pipeline walks a list of these, and the command line takes names and options from them. */
import * as z from "zod";
import { nearest, UsageError, type Note, type Report } from "../errors/index.ts";
import { must } from "../errors/must.ts";
import type { LatentStatistics } from "../ir/latents.ts";
import type { Model, Param, Part } from "../ir/model.ts";
import type { Sizes } from "../ir/size.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { PartPass } from "../passes/index.ts";
import type { PixelRule } from "../recipe/pixels.ts";

/** A file that a target writes. */
export interface EmittedFile {
  /** Path inside the compiled folder, with slashes. */
  readonly name: string;
  /** What is told when it is written, with the folder that this is in; nothing is told of other files. */
  readonly progress?: { readonly what: string; readonly within?: string };
  /** The file in pieces, made while it is written: weights are held once. */
  pieces(): Iterable<Uint8Array | string>;
}

export interface Emission {
  readonly files: readonly EmittedFile[];
  /** What the manifest says of them. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** What a target compiles. */
export interface Compilation {
  readonly model: Model;
  /** The parts that are asked for, in the model's order. */
  readonly parts: readonly Part[];
  /** sha256 of the model's text. */
  readonly modelHash: string;
  /** Of this package. */
  readonly version: string;
  /** Where the weights are from, in words. */
  readonly provenance: string;
  /** How the latents of the weights are spread; undefined where nobody measured them. */
  readonly latents: LatentStatistics | undefined;
  /** What the pixels meant that the weights were trained on; undefined where nothing says it. */
  readonly pixels: PixelRule | undefined;
  /** The image sizes that these parts take; throws UserError where none fits. */
  readonly sizes: (parts: readonly Part[]) => Sizes;
  /** The value of a parameter of `parts`, or of those that the target names in `needs`. */
  readonly load: (param: Param) => Tensor;
  /** Told what is being done. */
  readonly progress: (doing: string) => void;
  /** Told what a person should know of the result. */
  readonly note: (note: Note) => void;
  /** Given every part after every pass. */
  readonly dump?: ((pass: string, part: Part) => void) | undefined;
}

/**
 * A target. `Options` is what a person chooses; `Resources` is what lies outside of the model and has to be brought, since nothing here reads a disk
 * or runs a graph: texts of the installation, what options name.
 */
export interface Target<Options extends object, Resources> {
  readonly name: string;
  /** What it is for, in the help of `--target`. One without it cannot be asked for: it comes with others. */
  readonly about?: string;
  /** Its options, each with a default or optional; the command line shows what `shown` says of them. */
  readonly options: z.ZodType<Options>;
  /** Targets whose files go with this one's: each takes from its options what its own schema has. */
  readonly with?: readonly Target<object, Resources>[];
  /** What it does to a part first. */
  readonly passes?: readonly PartPass[];
  /** The parts whose weights it loads; those that are asked for where nothing is said. */
  needs?(model: Model, parts: readonly Part[], options: Options): readonly Part[];
  /** Finds whatever is wrong with model and options, quickly; what it returns does the work. Neither touches a folder. */
  prepare(compilation: Compilation, options: Options, resources: Resources): Promise<() => Promise<Emission>>;
}

/** What the command line shows of an option besides its description: what stands for its value, one to write, and what happens without it. */
export type Shown = Readonly<{
  description: string;
  placeholder?: string;
  example?: number | string;
  rule?: string;
}>;

/** An issue of a schema that carries its whole report. */
export function issueOf(report: Report): { readonly code: "custom"; readonly message: string; readonly params: object } {
  return { code: "custom", message: report.what, params: { report } };
}

/** A target's options with their defaults; UsageError where they are wrong or contradict each other. */
export function optionsOf<Options extends object>(
  target: Target<Options, never>,
  given: Readonly<Record<string, unknown>>,
): Options {
  const { success, data, error } = target.options.safeParse(given);
  if (success) return data;
  throw new UsageError(...error.issues.flatMap((issue) => reportsOf(target, issue, given)));
}

function reportsOf(
  { name, options }: Pick<Target<object, never>, "name" | "options">,
  issue: z.core.$ZodIssue,
  given: Readonly<Record<string, unknown>>,
): readonly Report[] {
  const own = issue.code === "custom" ? (issue.params?.["report"] as Report | undefined) : undefined;
  if (own !== undefined) return [own];
  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(z.toJSONSchema(options, { io: "input" }).properties ?? {});
    return issue.keys.map((key) => {
      const meant = nearest(key, known);
      const help = meant === undefined ? "leave it out" : `did you mean ${meant}?`;
      return { what: `the target ${name} has no option ${key}`, expected: known.join(", "), found: key, help };
    });
  }
  const option = String(must(issue.path[0], "the option that is wrong"));
  const value = given[option];
  const choices = issue.code === "invalid_value" ? issue.values.map(String) : [];
  const meant = typeof value === "string" ? nearest(value, choices) : undefined;
  return [
    {
      what: `${option} of the target ${name} cannot be this`,
      expected: expectedBy(issue),
      found: foundText(value),
      help: meant === undefined ? `leave ${option} out for its default` : `did you mean ${meant}?`,
    },
  ];
}

/** A value as it stands in a script; JSON has no words for NaN, functions and symbols. */
function foundText(value: unknown): string {
  if (typeof value === "number") return String(value);
  return typeof value === "function" || typeof value === "symbol" ? `a ${typeof value}` : JSON.stringify(value);
}

const words: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "a text",
  boolean: "true or false",
  tuple: "a list of numbers",
  array: "a list",
};

/** What a schema asks for, in words. */
function expectedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return issue.values.map(String).join(", ");
  if (issue.code === "invalid_type") return words[issue.expected] ?? issue.expected;
  if (issue.code === "too_small") return `at least ${issue.minimum}`;
  if (issue.code === "too_big") return `at most ${issue.maximum}`;
  return issue.message;
}
