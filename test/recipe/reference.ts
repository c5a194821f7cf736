/** docs/recipe.md out of the schema and the presets. */
import { typesOf, type JsonSchema } from "../../src/recipe/json-schema.ts";
import type { Recipe } from "../../src/recipe/schema.ts";

interface Preset {
  readonly about: string;
  readonly recipe: Recipe;
}

export function recipeReference(schema: JsonSchema, presets: Readonly<Record<string, Preset>>): string {
  const fields = Object.entries(schema.properties ?? {});
  const groups = fields.filter(([, field]) => groupOf(field) !== undefined);
  const single = fields.filter(([, field]) => groupOf(field) === undefined);
  return `# Training recipes

A recipe is everything that a training run depends on besides the model and the images. \`litevae compile MODEL -o DIR --target torch --recipe RECIPE\` checks
it against the model and writes it into the package as \`recipe.json\`. RECIPE is a preset or a file:

\`\`\`ts file=recipes/mine.ts
import { recipe, recipes } from "litevae";

const { recipe: paper } = recipes["paper-256-two-phase"];

export default recipe({
  ...paper,
  name: "mine",
  losses: { ...paper.losses, kl: 1e-6 },
  adversarial: { ...paper.adversarial, mode: "adaptive" },
});
\`\`\`

Fields that are left out get their defaults; a group that is written without a spread gets the defaults of its other fields. At the start of a run
\`--set path=value\` overrides single fields, by the same names: \`--set phases.0.steps=50 losses.kl=1e-6 log.trackers=[]\`. A value is read as JSON and, where
it is none, as text.

## Presets

| preset | phases | discriminator | |
|---|---|---|---|
${Object.entries(presets)
  .map(
    ([name, preset]) =>
      `| \`${name}\` | ${preset.recipe.phases.map(phaseText).join("; ")} | ${preset.recipe.discriminator} | ${preset.about} |\n`,
  )
  .join("")}
The paper's batch is "16 on two GPUs". The presets take that as 16 images in all; where each GPU is to have 16, add \`--set phases.0.batch=32\`.
Without \`--recipe\`, packages get \`paper-256-two-phase\`, at the sizes nearest to its own that the model takes.

## Fields

${table(single)}
${groups.map(([key, field]) => groupText(key, field)).join("\n")}`;
}

function phaseText({ resolution, steps, batch, discriminator }: Recipe["phases"][number]): string {
  return `${steps.toLocaleString("en")} × ${batch} at ${resolution}²${discriminator ? " with it" : ""}`;
}

/** The schema of a group, or of the groups in a list. */
function groupOf(field: JsonSchema): JsonSchema | undefined {
  const group = field.items === undefined || field.items === false ? field : field.items;
  return group.properties === undefined ? undefined : group;
}

function groupText(key: string, field: JsonSchema): string {
  const group = groupOf(field) ?? {};
  const about = [group.description, ...(group === field ? [] : [field.description])].filter((text) => text !== undefined);
  return `### \`${key}\`

${about.map((text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`).join(" ")}${group === field ? "" : " A list."}

${table(Object.entries(group.properties ?? {}))}`;
}

function table(fields: readonly (readonly [string, JsonSchema])[]): string {
  const rows = fields.map(
    ([key, field]) => `| \`${key}\` | ${valuesOf(field)} | ${defaultOf(field)} | ${field.description ?? ""} |\n`,
  );
  return `| field | value | default | |\n|---|---|---|---|\n${rows.join("")}`;
}

function valuesOf(field: JsonSchema): string {
  return field.enum === undefined
    ? (field["x-expected"] ?? typesOf(field).join(" or "))
    : field.enum.map((value) => `\`${value}\``).join(", ");
}

function defaultOf({ default: usual }: JsonSchema): string {
  return usual === undefined ? "–" : `\`${JSON.stringify(usual)}\``;
}
