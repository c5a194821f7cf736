/** docs/formats.md, made of the schemas. */
import { must } from "../../src/errors/must.ts";
import type { Schema } from "./schemas.ts";

const head = `# Formats of JSON

What the tool prints with \`--format json\`, and the files of JSON that it writes. This page and the schemas (JSON Schema, draft 7) are made of the types by which the code writes; a test
holds what every command writes against them, where a key that is not here fails. Keys may be added, those here stay.

The schemas are in the package as \`litevae/schemas/NAME.schema.json\`:

\`\`\`js
import { readFileSync } from "node:fs";

const schema = JSON.parse(readFileSync(new URL(import.meta.resolve("litevae/schemas/compare.schema.json")), "utf8"));
\`\`\`

The trainer's recipe has a schema of its own, \`recipe.schema.json\` beside \`recipe.json\` in every package ([recipe.md](recipe.md)). What Python writes, training's metrics and evaluations, is in
[training.md](training.md) and [evaluation.md](evaluation.md).
`;

export function formatsPage(all: Readonly<Record<string, Schema>>): string {
  const shown = new Set<string>();
  const table = Object.entries(all)
    .map(([name, { description = "" }]) => `| [${name}](#${name}) | ${description} |\n`)
    .join("");
  const sections = Object.entries(all).map(([name, schema]) => {
    const fresh = Object.entries(schema.definitions ?? {}).filter(([key]) => !shown.has(key));
    for (const [key] of fresh) shown.add(key);
    const records = fresh.map(([key, each]) => `\n### ${key}\n\n${recordText(each)}`).join("");
    const about = `${sentence(schema.description ?? "")} Schema: \`litevae/schemas/${name}.schema.json\`.`;
    return `\n## ${name}\n\n${about} It is ${typeText(schema)}.\n${records}`;
  });
  return `${head}\n| schema | of |\n|---|---|\n${table}${sections.join("")}`;
}

function recordText(schema: Schema): string {
  const about = schema.description === undefined ? "" : `${sentence(schema.description)}\n`;
  if (schema.properties === undefined) return `${about}${about === "" ? "" : "\n"}${capital(typeText(schema))}.\n`;
  const rows = rowsOf(schema, "");
  const more = typeof schema.additionalProperties === "object" ? `\nOther keys: ${typeText(schema.additionalProperties)}.\n` : "";
  return `${about}${about === "" ? "" : "\n"}| key | | |\n|---|---|---|\n${rows.join("")}${more}`;
}

/** A row for every key, and for those of objects that have no name of their own: `differences.from`, `errors[].what`. */
function rowsOf({ properties = {}, required = [] }: Schema, path: string): readonly string[] {
  return Object.entries(properties).flatMap(([key, schema]) => {
    const optional = required.includes(key) ? "" : ", or absent";
    const row = `| \`${path}${key}\` | ${cell(typeText(schema))}${optional} | ${cell(schema.description ?? "")} |\n`;
    return [row, ...inside(schema, `${path}${key}`)];
  });
}

function inside(schema: Schema, path: string): readonly string[] {
  const { items, additionalProperties: values, anyOf = [] } = schema;
  if (schema.properties !== undefined) return rowsOf(schema, `${path}.`);
  if (isSchema(items)) return inside(items, `${path}[]`);
  if (typeof values === "object") return inside(values, `${path}.*`);
  return anyOf.flatMap((each) => inside(each, path));
}

function isSchema(items: Schema["items"]): items is Schema {
  return items !== undefined && !Array.isArray(items);
}

/** What a value is, in words. */
function typeText(schema: Schema): string {
  const { $ref, type, anyOf, items, additionalProperties: values } = schema;
  if ($ref !== undefined) {
    const name = must($ref.split("/").at(-1), $ref);
    return `[${name}](#${name.toLowerCase()})`;
  }
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return alternatives(schema.enum.map((each) => `\`${JSON.stringify(each)}\``));
  if (anyOf !== undefined) return alternatives(anyOf.map(typeText));
  if (items !== undefined) return isSchema(items) ? `list of ${typeText(items)}` : `[${items.map(typeText).join(", ")}]`;
  if (typeof values === "object" && schema.properties === undefined) return `object of ${typeText(values)} by name`;
  return type === undefined ? "anything" : alternatives([type].flat());
}

function alternatives(texts: readonly string[]): string {
  return texts.length < 2 ? texts.join("") : `${texts.slice(0, -1).join(", ")} or ${texts.at(-1)}`;
}

function cell(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").replaceAll("|", "\\|");
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function sentence(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, " ");
  return /[.…]$/.test(line) ? line : `${line}.`;
}
