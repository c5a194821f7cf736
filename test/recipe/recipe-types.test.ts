/** The trainer's types are those of the schema; `npm run test:update` writes them anew. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { recipeJsonSchema } from "../../src/recipe/json-schema.ts";
import { recipeTypesPy } from "../../src/targets/torch/recipe-py.ts";

test("recipe/fields.py is generated from the schema", async () => {
  const file = fileURLToPath(new URL("../../runtime/src/litevae_runtime/recipe/fields.py", import.meta.url));
  await expect(recipeTypesPy(recipeJsonSchema())).toMatchFileSnapshot(file);
});
