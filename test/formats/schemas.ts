/** The schemas of src/cli/formats.ts: JSON Schema (draft 7) of the very types that the code writes by. */
import { join } from "node:path";
import prettier from "prettier";
import {
  AnyType,
  type BaseType,
  createFormatter,
  createParser,
  createProgram,
  SchemaGenerator,
  ts,
  type CompletedConfig,
  DEFAULT_CONFIG,
} from "ts-json-schema-generator";
import * as z from "zod";
import { must } from "../../src/errors/must.ts";
import { pixelSchema } from "../../src/recipe/pixels.ts";
import { root } from "../e2e/litevae.ts";

/** The keywords that these schemas are made of. */
export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema | readonly Schema[];
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly maxItems?: number;
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** Types that zod declares: their schemas are zod's. */
const ofZod: Readonly<Record<string, z.ZodType>> = { PixelRule: pixelSchema };

/** By the names of the formats. */
export function schemas(): Readonly<Record<string, Schema>> {
  const path = join(root, "src/cli/formats.ts");
  const config: CompletedConfig = {
    ...DEFAULT_CONFIG,
    path,
    tsconfig: join(root, "tsconfig.json"),
    type: "Formats",
    skipTypeCheck: true,
    sortProps: false,
  };
  const program = createProgram(config);
  const declared = new Map<BaseType, string>();
  const parser = createParser(program, config, (chain) => {
    chain.addNodeParser({
      supportsNode: (node) => ts.isTypeAliasDeclaration(node) && Object.hasOwn(ofZod, node.name.text),
      createType: (node) => {
        const type = new AnyType();
        declared.set(type, (node as ts.TypeAliasDeclaration).name.text);
        return type;
      },
    });
  });
  const formatter = createFormatter(config, (chain) => {
    chain.addTypeFormatter({
      supportsType: (type) => declared.has(type),
      getDefinition: (type) => zodSchema(must(declared.get(type), "a type of zod's")),
      getChildren: () => [],
    });
  });
  const made = new SchemaGenerator(program, parser, formatter, config).createSchema("Formats");
  const { definitions = {} } = JSON.parse(JSON.stringify(made), withoutUndefined) as Schema;
  const { Formats: formats, ...others } = definitions;
  return Object.fromEntries(
    Object.entries(must(formats?.properties, "the formats")).map(([name, { description = "", ...schema }]) => {
      const used = definitionsOf(schema, others, new Set());
      const kept = Object.entries(others).filter(([key]) => used.has(key));
      const about = { $schema: "http://json-schema.org/draft-07/schema#", title: name, description };
      return [name, { ...about, ...schema, definitions: Object.fromEntries(kept) }];
    }),
  );
}

function zodSchema(name: string): object {
  const { $schema: _, ...schema } = z.toJSONSchema(must(ofZod[name], name), { target: "draft-7", io: "output" });
  return schema;
}

/** What is undefined is not in JSON. */
function withoutUndefined(_: string, value: unknown): unknown {
  const choices = typeof value === "object" && value !== null && "anyOf" in value ? (value.anyOf as readonly Schema[]) : [];
  const [first, second] = choices;
  return choices.length === 2 && JSON.stringify(second) === '{"not":{}}' ? first : value;
}

/** The names of all definitions that a schema refers to, directly or by others. */
function definitionsOf(schema: Schema, all: Readonly<Record<string, Schema>>, found: Set<string>): ReadonlySet<string> {
  for (const [, name = ""] of JSON.stringify(schema).matchAll(/"#\/definitions\/([^"]+)"/g)) {
    if (found.has(name)) continue;
    found.add(name);
    definitionsOf(must(all[name], name), all, found);
  }
  return found;
}

/** A schema as it is committed. */
export async function schemaText(schema: Schema): Promise<string> {
  const path = join(root, "src/schemas/a.schema.json");
  return await prettier.format(JSON.stringify(schema), { ...(await prettier.resolveConfig(path)), parser: "json" });
}
