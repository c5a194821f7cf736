/** The schemas and docs/formats.md are what the types of src/cli/formats.ts say; `npm run test:update` writes them anew. */
// @module-tag slow
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../e2e/litevae.ts";
import { formatsPage } from "./page.ts";
import { schemas, schemaText, type Schema } from "./schemas.ts";

const folder = join(root, "src/schemas");

test("schemas and page are of the types, whose every key says what it is", async () => {
  const all = schemas();
  for (const [name, schema] of Object.entries(all))
    await expect(await schemaText(schema)).toMatchFileSnapshot(join(folder, `${name}.schema.json`));
  await expect(formatsPage(all)).toMatchFileSnapshot(join(root, "docs/formats.md"));
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(all)
      .map((name) => `${name}.schema.json`)
      .sort(),
  );
  const silent = Object.values(all).flatMap(({ definitions = {} }) =>
    Object.entries(definitions).flatMap(([name, each]) => undescribed(each).map((key) => `${name}.${key}`)),
  );
  expect([...new Set(silent)].sort()).toEqual([]);
});

function undescribed({ properties = {} }: Schema): readonly string[] {
  return Object.entries(properties).flatMap(([key, each]) => (each.description === undefined ? [key] : []));
}
