/** docs/recipe.md says what the schema says; `npm run test:update` writes it anew. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { recipes } from "litevae";
import { recipeJsonSchema } from "../../src/recipe/json-schema.ts";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder, tinyModel, write } from "../e2e/litevae.ts";
import { recipeReference } from "./reference.ts";

const text = recipeReference(recipeJsonSchema(), recipes);

test("docs/recipe.md", async () => {
  await expect(text).toMatchFileSnapshot(join(root, "docs/recipe.md"));
});

test("the recipe in it compiles", { tags: "slow" }, async () => {
  const [, file = "", code = ""] = /^```ts file=(\S+)\n(.*?)^```$/ms.exec(text) ?? [];
  const folder = tempFolder();
  write(folder, { "tiny.ts": tinyModel, [file]: code });
  const { code: exit, stderr } = await litevae(folder, "compile", "tiny.ts", "-o", "out", "--target", "torch", "--recipe", file);
  expect(exit, stderr).toBe(0);
});
