/** `compile --recipe`: what a package gets, and what is told of recipes that are not there or do not go with the model. */
// @module-tag slow
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { recipes, type Recipe } from "litevae";
import { failure, litevae } from "../e2e/in-process.ts";
import { root, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

const folder = tempFolder();

const recipeFile = (fields: string): string =>
  `import { recipe } from "litevae";\nexport default recipe({ name: "mine", ${fields} });\n`;
const phases = (resolution: number, rest = ""): string =>
  `phases: [{ name: "one", resolution: ${resolution}, steps: 5, batch: 1${rest} }]`;

beforeAll(() => {
  write(folder, {
    "tiny.ts": tinyModel,
    // A stride of 3: no size of a preset fits.
    "three.ts": tinyModel
      .replace("kernel: 4, stride: 4", "kernel: 3, stride: 3")
      .replaceAll(", 4>", ", 3>")
      .replace("factor: 4", "factor: 3"),
  });
});

async function compile(model: string, out: string, ...flags: readonly string[]): Promise<string> {
  const result = await litevae(folder, "compile", model, "-o", out, "--target", "torch", ...flags);
  expect(result.code, result.stderr).toBe(0);
  return join(folder, out, `litevae_${model.replace(/\.ts$/, "")}`);
}

const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

describe("a package", () => {
  test("has the recipe of the preset, its schema and the whole runtime", async () => {
    const path = await compile("tiny.ts", "smoke", "--recipe", "smoke");
    expect(read(join(path, "recipe.json"))).toEqual(recipes.smoke.recipe);
    expect(readFileSync(join(path, "recipe.schema.json"), "utf8")).toBe(
      readFileSync(join(root, "runtime/tests/package/recipe.schema.json"), "utf8"),
    );
    const python = (at: string): readonly string[] =>
      readdirSync(at, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".py"));
    expect(python(join(path, "_runtime"))).toEqual(python(join(root, "runtime/src/litevae_runtime")));
    const subpackages = python(path).flatMap((file) => /^(.+)[/\\]__init__\.py$/.exec(file)?.[1] ?? []);
    const packages = ["litevae_tiny", ...subpackages.map((name) => `litevae_tiny.${name.replace(/[/\\]/g, ".")}`).sort()];
    expect(packages).toContain("litevae_tiny._runtime.training");
    expect(readFileSync(join(folder, "smoke/pyproject.toml"), "utf8")).toContain(
      `packages = [${packages.map((name) => `"${name}"`).join(", ")}]`,
    );
  });

  test("has the paper's two phases where no recipe is named", async () => {
    expect(read(join(await compile("tiny.ts", "default"), "recipe.json"))).toEqual(recipes["paper-256-two-phase"].recipe);
  });

  test("has sizes that the model takes where no recipe is named and the usual ones do not fit", async () => {
    const found = read(join(await compile("three.ts", "three"), "recipe.json")) as Recipe;
    expect(found.phases.map(({ resolution }) => resolution)).toMatchInlineSnapshot(`
      [
        129,
        192,
      ]
    `);
  });

  test("has the recipe of a file", async () => {
    write(folder, { "mine.ts": recipeFile(phases(32, ", discriminator: false")) });
    const found = read(join(await compile("tiny.ts", "mine", "--recipe", "mine.ts"), "recipe.json")) as Recipe;
    expect(found).toMatchObject({ name: "mine", phases: [{ name: "one", resolution: 32, learning_rate: 1e-4 }] });
  });
});

describe("is refused:", () => {
  const refused = (code: number, ...flags: readonly string[]): Promise<string> =>
    failure(folder, code, "compile", "tiny.ts", "-o", "refused", "--target", "torch", ...flags);
  const file = (content: string): Promise<string> => {
    write(folder, { "wrong.ts": content });
    return refused(1, "--recipe", "wrong.ts");
  };

  test("a name that is like a preset's", async () => {
    expect(await refused(1, "--recipe", "paper-256-twophase")).toMatchInlineSnapshot(`
      "
      error: no recipe is called paper-256-twophase
        expected: a preset (paper-256-two-phase, paper-imagenet-128, demo, smoke) or a .ts file
        found:    paper-256-twophase
        help:     did you mean paper-256-two-phase?
      "
    `);
  });
  test("a name that is like none", async () => {
    expect(await refused(1, "--recipe", "cake")).toMatchInlineSnapshot(`
      "
      error: no recipe is called cake
        expected: a preset (paper-256-two-phase, paper-imagenet-128, demo, smoke) or a .ts file
        found:    cake
        help:     run litevae list for the presets
      "
    `);
  });
  test("a file that is missing", async () => {
    expect(await refused(1, "--recipe", "none.ts")).toMatchInlineSnapshot(`
      "
      error: there is no file none.ts
        help:     give the path of a .ts file whose default export is a recipe
      "
    `);
  });
  test("a file without a default export", async () => {
    expect(await file('import { recipe } from "litevae";\nexport const mine = recipe;\n')).toMatchInlineSnapshot(`
      "
      error: wrong.ts has no recipe as its default export
        at wrong.ts:1
        > 1 | import { recipe } from "litevae";
          2 | export const mine = recipe;
        expected: export default recipe({ … })
        found:    exports: mine
        help:     add export default before the recipe
      "
    `);
  });
  test("a file with a model", async () => {
    expect(await refused(1, "--recipe", "tiny.ts")).toMatchInlineSnapshot(`
      "
      error: tiny.ts has no recipe as its default export
        at tiny.ts:17
          15 | });
          16 |
        > 17 | export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
          18 |
        expected: export default recipe({ … })
        found:    export default of a model
        help:     export what recipe({ … }) returns
      "
    `);
  });
  test("a wrong field, with the author's line", async () => {
    expect(await file(recipeFile(`${phases(32)}, losses: { ...{ kll: 1 } }`))).toMatchInlineSnapshot(`
      "
      error: the recipe has no field losses.kll
        at wrong.ts:2
          1 | import { recipe } from "litevae";
        > 2 | export default recipe({ name: "mine", phases: [{ name: "one", resolution: 32, steps: 5, batch: 1 }], losses: { ...{ kll: 1 } } });
          3 |
        expected: l1, perceptual, kl, wavelet, gaussian, ldl, commitment, codebook, entropy, moments_l1, moments_l2, moments_kl
        found:    kll
        help:     did you mean losses.kl?
      "
    `);
  });
  test("a resolution that the model does not take", async () => {
    expect(await file(recipeFile(`${phases(50)}, discriminator: "patchgan"`))).toMatchInlineSnapshot(`
      "
      error: phase one of the recipe mine trains at 50×50, which tiny with the discriminator patchgan does not take
        expected: 48 or 56
        found:    50, for which H/4 is no whole number of at least 1
        help:     set phases.0.resolution to 48 or 56
      "
    `);
  });
  test("the model's own discriminator where it has none", async () => {
    expect(await file(recipeFile(phases(32)))).toMatchInlineSnapshot(`
      "
      error: the recipe mine trains against the model's own discriminator, and tiny has none
        expected: a model with a discriminator, or another kind in the recipe, such as discriminator: "unet"
        found:    discriminator: "model", wanted by phase one
        help:     set discriminator in the recipe, or discriminator: false in these phases
      "
    `);
  });
  test("a recipe without a package", async () => {
    expect(await failure(folder, 2, "compile", "tiny.ts", "-o", "refused", "--recipe", "smoke")).toMatchInlineSnapshot(`
      "
      error: --recipe is an option of the torch target
        expected: torch among --target
        found:    --target onnx
        help:     add --target torch, or leave --recipe out
      "
    `);
  });
});

test("list names the presets", async () => {
  const { stdout } = await litevae(folder, "list");
  for (const [name, { about }] of Object.entries(recipes)) expect(stdout).toMatch(new RegExp(`^${name} +${about}$`, "m"));
});
