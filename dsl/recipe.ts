import { checkOnlySettings } from "./arguments.ts";
import { checkedRecipe } from "../src/recipe/check.ts";
import type { Recipe, RecipeInput } from "../src/recipe/schema.ts";
import { captureSource, placeOf } from "../src/ir/source.ts";

/**
 * A training recipe for `litevae compile --target torch --recipe FILE`: fields that are left out get their defaults (docs/recipe.md). Throws a
 * UserError with the line of the call and a report for every field that is unknown, missing or not what it may be, also where it comes
 * through a spread.
 */
export function recipe(input: RecipeInput): Recipe {
  checkOnlySettings("recipe", arguments, recipe);
  return checkedRecipe(input, placeOf(captureSource(recipe)));
}
