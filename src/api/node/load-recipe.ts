import { recipes } from "../../../dsl/recipes/index.ts";
import { checkedRecipe } from "../../recipe/check.ts";
import type { Recipe } from "../../recipe/schema.ts";
import { presetOf } from "../compile.ts";
import { importDefault, isFile, type Wanted } from "./load-file.ts";

const wanted: Wanted = { noun: "recipe", examples: ["recipe({ … })"] };

/** The recipe of a preset's name, or of a file whose default export is a recipe. Rejects with UserError where there is neither, or it is wrong. */
export async function loadRecipe(name: string): Promise<Recipe> {
  if (Object.hasOwn(recipes, name) || !isFile(name)) return presetOf(name, " or a .ts file");
  const { path, value } = await importDefault(name, wanted, isRecord);
  return checkedRecipe(value, { file: path, line: 1 });
}

/** Whether it is worth checking field by field: models have a kind, and recipes none. */
function isRecord(value: unknown): value is object {
  return typeof value === "object" && value !== null && !("kind" in value);
}
