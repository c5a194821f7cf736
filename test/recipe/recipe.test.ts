/** What recipe() makes of an author's words, and what it tells of wrong ones: whole messages. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { recipe, recipes, type RecipeInput } from "litevae";
import { UserError } from "../../src/errors/index.ts";
import { renderReport } from "../../src/cli/render.ts";
import { recipeSchema } from "../../src/recipe/schema.ts";

interface Rule {
  readonly settings: Readonly<Record<string, unknown>>;
  /** What both messages say of it; without it these settings are right. */
  readonly refused?: string;
}
const rules = JSON.parse(readFileSync(new URL("rules.json", import.meta.url), "utf8")) as readonly Rule[];

const phase = { name: "one", resolution: 64, steps: 10, batch: 2 } as const;
const right: RecipeInput = { name: "mine", phases: [phase] };

function errorOf(input: unknown): UserError {
  try {
    recipe(input as RecipeInput);
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** The messages without the place, which is that of this file's line. */
function messages(input: unknown): string {
  return `\n${errorOf(input)
    .reports.map((report) => renderReport({ ...report, where: undefined }))
    .join("\n")}`;
}

describe("a recipe", () => {
  test("may name the schema that editors go by, and says nothing more with it", () => {
    expect(recipe({ $schema: "./recipe.schema.json", ...right })).toEqual(recipe(right));
    expect(messages({ $schema: 1, ...right })).toContain("the recipe has no field $schema");
  });

  test("gets the defaults of what it leaves out", () => {
    const made = recipe(right);
    expect(made).toMatchObject({ name: "mine", seed: 0, precision: "bf16", discriminator: "model" });
    const usual = { learning_rate: 1e-4, schedule: "constant", warmup: 0, discriminator: true, parts: null };
    expect(made.phases).toEqual([{ ...phase, ...usual }]);
    const codes = { commitment: 0, codebook: 0, entropy: 0, moments_l1: 0, moments_l2: 0, moments_kl: 0 };
    expect(made.losses).toEqual({ l1: 1, perceptual: 1, kl: 1e-3, wavelet: 1, gaussian: 0.5, ldl: 0, ...codes });
  });

  test("may be made of another one", () => {
    const { recipe: smoke } = recipes.smoke;
    const made = recipe({ ...smoke, name: "mine", losses: { ...smoke.losses, kl: 1e-6 } });
    expect(made).toEqual({ ...smoke, name: "mine", losses: { ...smoke.losses, kl: 1e-6 } });
  });

  test("that is whole is taken as it is", () => {
    const made = recipe(right);
    expect(recipe(made)).toEqual(made);
  });
});

describe.each(Object.entries(recipes))("the preset %s", (name, preset) => {
  test("is what it was", async () => {
    const file = fileURLToPath(new URL(`./golden/${name}.json`, import.meta.url));
    await expect(`${JSON.stringify(preset.recipe, null, 2)}\n`).toMatchFileSnapshot(file);
  });

  test("bears its name and survives JSON", () => {
    expect(preset.recipe.name).toBe(name);
    expect(recipeSchema.parse(JSON.parse(JSON.stringify(preset.recipe)))).toEqual(preset.recipe);
  });
});

describe("fields beside each other: a table that Python's reader has too", () => {
  const { recipe: smoke } = recipes.smoke;
  /** `smoke` with fields set by their paths, such as `losses.l1`. */
  const withSettings = (settings: Rule["settings"]): unknown => {
    const changed = structuredClone(smoke) as unknown as Record<string, unknown>;
    for (const [path, value] of Object.entries(settings)) {
      const keys = path.split(".");
      const place = keys.slice(0, -1).reduce((at, key) => at[key] as Record<string, unknown>, changed);
      place[keys.at(-1) as string] = value;
    }
    return changed;
  };
  test.each(rules)("$settings", ({ settings, refused }) => {
    const input = withSettings(settings);
    if (refused === undefined) expect(recipe(input as RecipeInput)).toEqual(input);
    else expect(messages(input)).toContain(refused);
  });
});

describe("a wrong recipe", () => {
  test("is told with the line of its author", () => {
    // prettier-ignore
    const [{ stack = "" }, run] = [new Error(), (): unknown => recipe({ ...right, seed: -1 })] as const;
    const place = { file: fileURLToPath(import.meta.url), line: Number(/recipe\.test\.ts:(\d+)/.exec(stack)?.[1]) };
    let found: unknown;
    try {
      run();
    } catch (error) {
      found = error;
    }
    expect(found).toMatchObject({ reports: [{ where: place }] });
  });

  test("unknown field", () => {
    expect(messages({ ...right, ...{ optimiser: {} } })).toMatchInlineSnapshot(`
      "
      error: the recipe has no field optimiser
        expected: name, seed, precision, accumulation, phases, optimizer, losses, perceptual, wavelet, gaussian, adversarial, discriminator, train, teacher, ema, data, checkpoints, log, latent
        found:    optimiser
        help:     did you mean optimizer?
      "
    `);
  });
  test("unknown field of a group, through a spread", () => {
    expect(messages({ ...right, losses: { ...{ perceptuel: 0.5 } } })).toMatchInlineSnapshot(`
      "
      error: the recipe has no field losses.perceptuel
        expected: l1, perceptual, kl, wavelet, gaussian, ldl, commitment, codebook, entropy, moments_l1, moments_l2, moments_kl
        found:    perceptuel
        help:     did you mean losses.perceptual?
      "
    `);
  });
  test("unknown field that is like none", () => {
    expect(messages({ ...right, phases: [phase, { ...phase, name: "two", frobnicate: 1 }] })).toMatchInlineSnapshot(`
      "
      error: the recipe has no field phases.1.frobnicate
        expected: name, resolution, steps, batch, learning_rate, schedule, warmup, discriminator, parts
        found:    frobnicate
        help:     leave it out
      "
    `);
  });
  test("a missing name", () => {
    expect(messages({ phases: [phase] })).toMatchInlineSnapshot(`
      "
      error: the recipe lacks name
        expected: a text of lower-case letters, digits, - and _
        found:    nothing
        help:     set name: what the recipe is called
      "
    `);
  });
  test("no phases", () => {
    expect(messages({ name: "mine", phases: [] })).toMatchInlineSnapshot(`
      "
      error: phases cannot have this value
        expected: a list of at least 1, each a group of fields
        found:    []
        help:     set phases: one after the other, on the same weights
      "
    `);
  });
  test("a number that is none", () => {
    expect(messages({ ...right, phases: [{ ...phase, learning_rate: Number.NaN }] })).toMatchInlineSnapshot(`
      "
      error: phases.0.learning_rate cannot have this value
        expected: a number above 0
        found:    NaN
        help:     leave phases.0.learning_rate out for its default, 0.0001
      "
    `);
  });
  test("an infinite weight", () => {
    expect(messages({ ...right, losses: { kl: Infinity } })).toMatchInlineSnapshot(`
      "
      error: losses.kl cannot have this value
        expected: a number of at least 0
        found:    Infinity
        help:     leave losses.kl out for its default, 0.001
      "
    `);
  });
  test("a number out of range", () => {
    expect(messages({ ...right, adversarial: { global_share: 1.5 } })).toMatchInlineSnapshot(`
      "
      error: adversarial.global_share cannot have this value
        expected: a number from 0 to 1
        found:    1.5
        help:     leave adversarial.global_share out for its default, 0.5
      "
    `);
  });
  test("a fraction in the place of a count", () => {
    expect(messages({ ...right, phases: [{ ...phase, batch: 2.5 }] })).toMatchInlineSnapshot(`
      "
      error: phases.0.batch cannot have this value
        expected: a whole number above 0
        found:    2.5
        help:     set phases.0.batch: images per optimizer step, over all processes and accumulated passes
      "
    `);
  });
  test("a choice that is none", () => {
    expect(messages({ ...right, precision: "fp8" })).toMatchInlineSnapshot(`
      "
      error: precision cannot have this value
        expected: one of fp32, bf16, fp16
        found:    "fp8"
        help:     leave precision out for its default, "bf16"
      "
    `);
  });
  test("a list of the wrong length", () => {
    expect(messages({ ...right, optimizer: { betas: [0.9] } })).toMatchInlineSnapshot(`
      "
      error: optimizer.betas cannot have this value
        expected: a list of 2: a number of at least 0, below 1, a number of at least 0, below 1
        found:    [0.9]
        help:     leave optimizer.betas out for its default, [0.5,0.9]
      "
    `);
  });
  test("a text in the place of a number that may be null", () => {
    expect(messages({ ...right, adversarial: { learning_rate: "1e-4" } })).toMatchInlineSnapshot(`
      "
      error: adversarial.learning_rate cannot have this value
        expected: a number above 0 or null
        found:    "1e-4"
        help:     leave adversarial.learning_rate out for its default, null
      "
    `);
  });
  test("a name with capitals", () => {
    expect(messages({ ...right, name: "Mine" })).toMatchInlineSnapshot(`
      "
      error: name cannot have this value
        expected: a text of lower-case letters, digits, - and _
        found:    "Mine"
        help:     set name: what the recipe is called
      "
    `);
  });
  test("two phases of one name", () => {
    expect(messages({ ...right, phases: [phase, phase] })).toMatchInlineSnapshot(`
      "
      error: two phases are called one
        expected: names that differ, since logs and checkpoints tell phases by them
        found:    one, one
        help:     give phases.1 another name
      "
    `);
  });
  test("checkpoints chosen by what is not measured", () => {
    expect(messages({ ...right, checkpoints: { best_by: "perceptual" }, losses: { perceptual: 0 } })).toMatchInlineSnapshot(`
      "
      error: checkpoints are chosen by a perceptual distance that is not measured
        expected: losses.perceptual above 0, or checkpoints.best_by: psnr or l1
        found:    checkpoints.best_by: perceptual, losses.perceptual: 0
        help:     set checkpoints: { best_by: "psnr" }
      "
    `);
  });
  test("null in the place of a group", () => {
    expect(messages({ ...right, ema: null })).toMatchInlineSnapshot(`
      "
      error: ema cannot have this value
        expected: a group of fields
        found:    null
        help:     set ema: the EMA weights, which are those evaluated and saved
      "
    `);
  });
  test("something else altogether", () => {
    expect(messages("smoke")).toMatchInlineSnapshot(`
      "
      error: the recipe cannot have this value
        expected: a group of fields
        found:    "smoke"
        help:     set the recipe
      "
    `);
  });
  test("several fields: all are told", () => {
    expect(messages({ ...right, seed: -1, losses: { l1: "1" }, log: { trackers: ["tensorbord"] } })).toMatchInlineSnapshot(`
      "
      error: seed cannot have this value
        expected: a whole number from 0 to 4294967295
        found:    -1
        help:     leave seed out for its default, 0

      error: losses.l1 cannot have this value
        expected: a number of at least 0
        found:    "1"
        help:     leave losses.l1 out for its default, 1

      error: log.trackers.0 cannot have this value
        expected: one of tensorboard, wandb
        found:    "tensorbord"
        help:     did you mean tensorboard?
      "
    `);
  });
});
