/** TypeScript files of users': a model's, or a recipe's. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { extname, resolve } from "node:path";
import { UserError } from "../../errors/index.ts";
import { placeOf } from "../../ir/source.ts";
import { entries } from "../entries.ts";

/** How files of models end. */
export const extensions = [".ts", ".mts", ".js", ".mjs"];

type Noun = "model" | "recipe";

/** What a file is to export by default, in the words of messages. */
export interface Wanted {
  readonly noun: Noun;
  /** The calls that make one. */
  readonly examples: readonly string[];
  /** What a value is called that is none but can become one, and how. */
  readonly becoming?: (value: unknown) => { readonly what: string; readonly help: string } | undefined;
}

/** Whether a word on the command line is a file, and not the name of something built in. */
export function isFile(name: string): boolean {
  return extensions.includes(extname(name)) || name.includes("/");
}

/** The path of the file that a word on the command line names; UserError where none is there that can be imported. */
export function filePath(name: string, noun: Noun): string {
  const path = resolve(name);
  const found = existsSync(path) ? statSync(path) : undefined;
  const help = `give the path of a .ts file whose default export is a ${noun}`;
  if (found?.isFile() !== true)
    throw new UserError({
      what: `there is no file ${name}`,
      found: found?.isDirectory() === true ? "a folder" : undefined,
      help,
    });
  if (!extensions.includes(extname(path)))
    throw new UserError({
      what: `${name} is neither TypeScript nor JavaScript`,
      expected: `a file that ends in ${extensions.join(", ")}`,
      help,
    });
  return path;
}

/** The default export of a file, which `isWanted` must find right. Throws a UserError where the file is missing, does not run or exports something else. */
export async function importDefault<T>(
  name: string,
  wanted: Wanted,
  isWanted: (value: unknown) => value is T,
): Promise<{ readonly path: string; readonly value: T }> {
  const { noun } = wanted;
  const path = filePath(name, noun);
  const exported = await imported(path, noun);
  const value = exported["default"];
  if (isWanted(value)) return { path, value };
  throw noDefault(name, path, exported, wanted);
}

async function imported(path: string, noun: Noun): Promise<Readonly<Record<string, unknown>>> {
  const { createJiti } = await import("jiti");
  // The very DSL that runs here: a model from another copy of it would not be one of ours.
  const modules: Readonly<Record<keyof typeof entries, unknown>> = {
    litevae: await import("../../../dsl/index.ts"),
    "litevae/dsl": await import("../../../dsl/authoring.ts"),
    "litevae/blocks": await import("../../../dsl/blocks.ts"),
    "litevae/op": await import("../../../dsl/op.ts"),
  };
  const jiti = createJiti(path, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: modules,
  });
  try {
    return await jiti.import<Record<string, unknown>>(path);
  } catch (error) {
    throw userFault(error, path, noun);
  }
}

function noDefault(
  name: string,
  path: string,
  exported: Readonly<Record<string, unknown>>,
  { noun, examples, becoming }: Wanted,
): UserError {
  const given = Object.hasOwn(exported, "default");
  const value = exported["default"];
  const almost = becoming?.(value);
  return new UserError({
    what: `${name} has no ${noun} as its default export`,
    where: { file: path, line: given ? lineOfDefault(readFileSync(path, "utf8")) : 1 },
    expected: examples.map((example) => `export default ${example}`).join(" or "),
    found: given
      ? `export default of ${almost?.what ?? kindOf(value)}`
      : `exports: ${Object.keys(exported).join(", ") || "none"}`,
    help: given ? (almost?.help ?? `export what ${examples.join(" or ")} returns`) : `add export default before the ${noun}`,
  });
}

/** The line on which a file exports by default. */
function lineOfDefault(text: string): number {
  const at = text.search(/^[ \t]*export[ \t]+(?:default\b|\{[^}]*\bdefault\b)/m);
  return text.slice(0, Math.max(at, 0)).split("\n").length;
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "object" && "kind" in value && value.kind === "model") return "a model";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

/** An exception of the user's own code is theirs to correct: its message with their line. Anything else is ours. */
function userFault(error: unknown, path: string, noun: Noun): unknown {
  if (error instanceof UserError) return error;
  // Only the author's code throws what is not an Error; there is no stack to tell its line.
  if (!(error instanceof Error))
    return new UserError({
      what: `the ${noun}'s code throws ${typeof error === "string" ? JSON.stringify(error) : String(error)}`,
      where: { file: path, line: 1 },
      help: "throw new Error(…), which tells its line",
    });
  const parse = /^ParseError: (.*?)\s*\n\s*(.+):(\d+):(\d+)$/s.exec(error.message);
  if (parse !== null) {
    const [, what = "", file = path, line, column] = parse;
    return new UserError({
      what: `the file is not valid TypeScript: ${what}`,
      where: { file, line: Number(line), column: Number(column) + 1 },
      help: "correct the syntax here",
    });
  }
  const where = placeOf(error);
  if ("code" in error && String(error.code).includes("MODULE_NOT_FOUND")) {
    return new UserError({
      what: (error.message.split("\n")[0] ?? "").replace(/^C/, "c"),
      where: where ?? { file: path, line: 1 },
      help: `check the import's path; ${noun}s import from ${Object.keys(entries).join(", ")}`,
    });
  }
  if (where === undefined) return error;
  return new UserError({
    what: `${error.name} in the ${noun}'s code: ${error.message}`,
    where,
    // As jiti writes a call of what a module exports.
    help: /^\(0 ?, ?_dsl\d*\.\w+\) is not a function$/.test(error.message)
      ? "litevae/dsl has no such function: docs/ops.md of litevae lists them, and docs/own-ops.md is about one of your own"
      : "correct the code at this line",
  });
}
