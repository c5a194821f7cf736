/** The trainer's types are those of the schema; `npm run test:update` writes them anew. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { recipeJsonSchema } from "../../src/recipe/json-schema.ts";
import { recipeTypesPy } from "../../src/targets/torch/recipe-py.ts";

test("recipe_types.py is generated from the schema", async () => {
  const file = fileURLToPath(new URL("../../src/targets/torch/runtime/training/recipe_types.py", import.meta.url));
  await expect(recipeTypesPy(recipeJsonSchema())).toMatchFileSnapshot(file);
});
