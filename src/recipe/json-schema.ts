/** The recipe's schema as JSON Schema (draft 2020-12): what recipe.schema.json holds and what is generated from. */
import * as z from "zod";
import { recipeSchema } from "./schema.ts";

/** The keywords that the recipe's schema is made of. */
export interface JsonSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly (string | number)[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly anyOf?: readonly JsonSchema[];
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly prefixItems?: readonly JsonSchema[];
  readonly items?: JsonSchema | false;
  readonly minItems?: number;
  /** What the value may be, in words: ours, so that messages in TypeScript and in Python say the same. */
  readonly "x-expected"?: string;
}

/** Of whole recipes: every field is required. */
export function recipeJsonSchema(): JsonSchema {
  return withExpected(z.toJSONSchema(recipeSchema, { io: "output" }) as JsonSchema);
}

/** Of recipe.json: a recipe that may name its schema, for editors. */
export function recipeFileSchema(): JsonSchema {
  const { properties, ...schema } = recipeJsonSchema();
  const $schema = { type: "string", description: "where an editor finds this schema", "x-expected": "a text" };
  return { ...schema, properties: { $schema, ...properties } };
}

/** The words of `type`: one or, of a field that may be null, two. */
export function typesOf({ type }: JsonSchema): readonly string[] {
  return type === undefined ? [] : typeof type === "string" ? [type] : type;
}

/** The part of the schema that a field's path leads to, as far as the path goes along fields that exist. */
export function schemaAt(schema: JsonSchema, path: readonly PropertyKey[]): JsonSchema {
  const [key, ...rest] = path;
  if (key === undefined) return schema;
  const below =
    schema.properties !== undefined && Object.hasOwn(schema.properties, key)
      ? schema.properties[key as string]
      : (schema.prefixItems?.[Number(key)] ?? schema.items);
  return below ? schemaAt(below, rest) : schema;
}

function withExpected(schema: JsonSchema): JsonSchema {
  const { properties, items, prefixItems } = schema;
  return {
    ...schema,
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([key, field]) => [key, withExpected(field)])),
    }),
    ...(items && { items: withExpected(items) }),
    ...(prefixItems && { prefixItems: prefixItems.map(withExpected) }),
    "x-expected": expectedOf(schema),
  };
}

function expectedOf(schema: JsonSchema): string {
  const own = schema["x-expected"];
  if (own !== undefined) return own;
  const { enum: choices, anyOf, prefixItems, items, minItems } = schema;
  if (choices !== undefined) return `one of ${choices.join(", ")}`;
  if (anyOf !== undefined) return anyOf.map(expectedOf).join(" or ");
  if (prefixItems !== undefined) return `a list of ${prefixItems.length}: ${prefixItems.map(expectedOf).join(", ")}`;
  if (items) return `a list${minItems === undefined ? "" : ` of at least ${minItems}`}, each ${expectedOf(items)}`;
  const words: Readonly<Record<string, string>> = {
    boolean: "true or false",
    integer: `a whole number${boundsOf(schema)}`,
    null: "null",
    number: `a number${boundsOf(schema)}`,
    object: "a group of fields",
    string: "a text",
  };
  return typesOf(schema)
    .map((type) => words[type] ?? type)
    .join(" or ");
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: JsonSchema): string {
  // zod limits whole numbers to those that a double holds, which is nothing to tell.
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && most !== undefined) return ` from ${minimum} to ${most}`;
  const bounds = [
    ...(minimum === undefined ? [] : [`of at least ${minimum}`]),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(most === undefined ? [] : [`at most ${most}`]),
    ...(exclusiveMaximum === undefined ? [] : [`below ${exclusiveMaximum}`]),
  ];
  return bounds.length === 0 ? "" : ` ${bounds.join(", ")}`;
}
