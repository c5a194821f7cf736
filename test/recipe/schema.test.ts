/** recipe.schema.json as packages carry it, which Python's tests read too; `npm run test:update` writes it anew. */
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { recipeFileSchema } from "../../src/recipe/json-schema.ts";

test("recipe.schema.json", async () => {
  const file = fileURLToPath(new URL("../../runtime/tests/package/recipe.schema.json", import.meta.url));
  await expect(`${JSON.stringify(recipeFileSchema(), null, 2)}\n`).toMatchFileSnapshot(file);
});
