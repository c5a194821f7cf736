import { recipes, type Preset } from "../../dsl/recipes/index.ts";
import { nearest, UserError } from "../errors/index.ts";
import { checkFit, fitted, type Trained } from "../compiler/recipe-fit.ts";
import { checkedRecipe } from "../recipe/check.ts";
import type { Recipe } from "../recipe/schema.ts";
import { importDefault, isFile, type Wanted } from "./load-file.ts";
import { defaultRecipe } from "./options.ts";

const wanted: Wanted = { noun: "recipe", examples: ["recipe({ … })"] };

/**
 * The recipe that `name` means, checked against the model. Without a name it is the default one, at the sizes nearest to its own that
 * the model takes.
 */
export async function recipeFor(trained: Trained, name: string | undefined): Promise<Recipe> {
  if (name !== undefined) {
    const recipe = await loadRecipe(name);
    checkFit(recipe, trained);
    return recipe;
  }
  return fitted(await loadRecipe(defaultRecipe), trained);
}

/** The recipe that --recipe names: a preset, or a file whose default export is a recipe. */
async function loadRecipe(name: string): Promise<Recipe> {
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
