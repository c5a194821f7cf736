/** What is wrong with a recipe, in the form of all our messages. */
import type * as z from "zod";
import { nearest, UserError, type Place, type Report } from "../errors/index.ts";
import { pixelContradiction } from "./pixels.ts";
import { recipeJsonSchema, schemaAt, type JsonSchema } from "./json-schema.ts";
import { recipeSchema, type Recipe } from "./schema.ts";

/** The recipe with its defaults filled in. Throws a UserError with a report for every field that is wrong; `where` is the author's line. */
export function checkedRecipe(input: unknown, where: Place | undefined): Recipe {
  const { success, data, error } = recipeSchema.safeParse(withoutSchema(input), { reportInput: true });
  if (!success) {
    const schema = recipeJsonSchema();
    const reports = error.issues.flatMap((issue) => reportsOf(issue, input, schema));
    throw new UserError(...reports.map((report) => ({ ...report, where })));
  }
  const contradictions = contradictionsOf(data);
  if (contradictions.length > 0) throw new UserError(...contradictions.map((report) => ({ ...report, where })));
  return data;
}

/** Without the `$schema` that editors go by. */
function withoutSchema(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([key, value]) => key !== "$schema" || typeof value !== "string"));
}

/** What no field says alone. Python's reader has the same rules (recipe/rules.py); test/recipe/rules.json holds the two together. */
function contradictionsOf({ phases, checkpoints, losses, data }: Recipe): readonly Report[] {
  const found: Report[] = [];
  const names = phases.map(({ name }) => name);
  const twice = names.findIndex((name, i) => names.indexOf(name) < i);
  if (twice !== -1) {
    found.push({
      what: `two phases are called ${names[twice]}`,
      expected: "names that differ, since logs and checkpoints tell phases by them",
      found: names.join(", "),
      help: `give phases.${twice} another name`,
    });
  }
  if (checkpoints.best_by === "perceptual" && losses.perceptual === 0) {
    found.push({
      what: "checkpoints are chosen by a perceptual distance that is not measured",
      expected: "losses.perceptual above 0, or checkpoints.best_by: psnr or l1",
      found: "checkpoints.best_by: perceptual, losses.perceptual: 0",
      help: 'set checkpoints: { best_by: "psnr" }',
    });
  }
  const pixels = pixelContradiction(data);
  if (pixels !== undefined)
    found.push({ what: "what samples mean is contradictory", ...pixels, help: "set data.range and data.fill" });
  return found;
}

function reportsOf(issue: z.core.$ZodIssue, input: unknown, schema: JsonSchema): readonly Report[] {
  const path = issue.path.map(String);
  const at = schemaAt(schema, issue.path);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => unknownField(key, path, Object.keys(at.properties ?? {})));
  const field = path.join(".");
  const value = issue.path.reduce<unknown>((place, key) => (place as Record<PropertyKey, unknown>)[key], input);
  const name = field === "" ? "the recipe" : field;
  return [
    {
      what: value === undefined && field !== "" ? `the recipe lacks ${field}` : `${name} cannot have this value`,
      expected: at["x-expected"],
      found: show(value),
      help: remedy(name, value, at),
    },
  ];
}

function remedy(name: string, value: unknown, { description, default: usual, enum: choices = [] }: JsonSchema): string {
  const meant = typeof value === "string" ? nearest(value, choices.map(String)) : undefined;
  if (meant !== undefined) return `did you mean ${meant}?`;
  if (usual !== undefined) return `leave ${name} out for its default, ${JSON.stringify(usual)}`;
  return `set ${name}${description === undefined ? "" : `: ${description}`}`;
}

function unknownField(key: string, path: readonly string[], known: readonly string[]): Report {
  const meant = nearest(key, known);
  return {
    what: `the recipe has no field ${[...path, key].join(".")}`,
    expected: known.join(", "),
    found: key,
    help: meant === undefined ? "leave it out" : `did you mean ${[...path, meant].join(".")}?`,
  };
}

/** A value as it stands in the author's file, shortened. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  // JSON has no words for what is not finite, nor for functions and symbols.
  const text = typeof value === "number" ? String(value) : ((JSON.stringify(value) as string | undefined) ?? `a ${typeof value}`);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
