import { recipes, type Preset } from "../../dsl/recipes/index.ts";
import { nearest, UserError } from "../errors/index.ts";
import { checkedRecipe } from "../recipe/check.ts";
import type { Recipe } from "../recipe/schema.ts";
import { importDefault, isFile, type Wanted } from "./load-file.ts";

const wanted: Wanted = { noun: "recipe", examples: ["recipe({ … })"] };

/** The recipe that --recipe names: a preset, or a file whose default export is a recipe. */
export async function loadRecipe(name: string): Promise<Recipe> {
  const presets: Readonly<Record<string, Preset>> = recipes;
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset !== undefined) return preset.recipe;
  if (!isFile(name)) {
    const names = Object.keys(recipes);
    const meant = nearest(name, names);
    throw new UserError({
      what: `no recipe is called ${name}`,
      expected: `a preset (${names.join(", ")}) or a .ts file`,
      found: name,
      help: meant === undefined ? "run litevae list for the presets" : `did you mean ${meant}?`,
    });
  }
  const { path, value } = await importDefault(name, wanted, isRecord);
  return checkedRecipe(value, { file: path, line: 1 });
}

/** Whether it is worth checking field by field: models have a kind, and recipes none. */
function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !("kind" in value);
}
