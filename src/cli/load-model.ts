import { existsSync, statSync } from "node:fs";
import { basename, extname, resolve } from "node:path";
import { nearest, UserError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";
import { placeOf } from "../ir/source.ts";
import type { Environment } from "./environment.ts";

const extensions = [".ts", ".mts", ".js", ".mjs"];

export function isModelFile(name: string): boolean {
  return extensions.includes(extname(name)) || name.includes("/");
}

/** The model that MODEL on the command line means: a built-in name, or a file whose default export is a model. */
export async function loadModel(
  name: string,
  environment: Environment,
  options: { readonly latentChannels?: number | undefined; readonly pointwise?: boolean } = {},
): Promise<Model> {
  const { latentChannels, pointwise } = options;
  const builtIn = Object.hasOwn(environment.builtIns, name) ? environment.builtIns[name] : undefined;
  if (builtIn !== undefined) {
    return builtIn.build({
      ...(latentChannels === undefined ? {} : { latentChannels }),
      ...(pointwise === undefined ? {} : { pointwise }),
    });
  }
  if (!isModelFile(name)) {
    const names = Object.keys(environment.builtIns);
    const meant = nearest(name, names);
    throw new UserError({
      what: `no model is called ${name}`,
      expected: `a built-in name (${names.join(", ")}) or a .ts file`,
      found: name,
      help: meant === undefined ? "run litevae list for the built-in models" : `did you mean ${meant}?`,
    });
  }
  if (latentChannels !== undefined) {
    throw new UserError({
      what: `--latent applies to built-in models, and ${name} is a file`,
      help: "set latentChannels in the file",
    });
  }
  return printingToStderr(() => loadFile(name, environment));
}

/** The path of the file that MODEL names; UserError where none is there that a model can be in. */
export function modelPath(name: string): string {
  const path = resolve(name);
  const found = existsSync(path) ? statSync(path) : undefined;
  const help = "give the path of a .ts file whose default export is a model";
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

/** stdout is for what the command prints: what the model's code prints meanwhile goes to stderr. */
async function printingToStderr<T>(load: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return await load();
  } finally {
    process.stdout.write = write;
  }
}

async function loadFile(name: string, environment: Environment): Promise<Model> {
  const path = modelPath(name);
  const { createJiti } = await import("jiti");
  const jiti = createJiti(path, {
    fsCache: false,
    moduleCache: false,
    interopDefault: false,
    virtualModules: { ...environment.modules },
  });
  let exported: Record<string, unknown>;
  try {
    exported = await unlessStuck(jiti.import<Record<string, unknown>>(path), path);
  } catch (error) {
    throw userFault(error, path);
  }
  const model = exported["default"];
  if (!isModel(model)) {
    throw new UserError({
      what: `${name} has no model as its default export`,
      where: { file: path, line: 1 },
      expected: "export default litevae({ … }) or export default model({ … })",
      found:
        model === undefined ? `exports: ${Object.keys(exported).join(", ") || "none"}` : `export default of ${kindOf(model)}`,
      help: model === undefined ? "add export default before the model" : "export what litevae({ … }) or model({ … }) returns",
    });
  }
  return model.name === "" ? { ...model, name: basename(path, extname(path)) } : model;
}

/** What is loaded, or an error once nothing is left to happen that could end an await at the top level of the file. */
async function unlessStuck<T>(loading: Promise<T>, file: string): Promise<T> {
  const error = new UserError({
    what: "the model's code never ends: it awaits something that does not come",
    where: { file, line: 1 },
    help: "mend the await at the top level of this file, or of one that it imports",
  });
  let fail = (): void => undefined;
  const stuck = new Promise<never>((_, reject) => {
    fail = () => {
      reject(error);
    };
  });
  process.once("beforeExit", fail);
  try {
    return await Promise.race([loading, stuck]);
  } finally {
    process.off("beforeExit", fail);
  }
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return `${typeof value === "object" ? "an" : "a"} ${typeof value}`;
}

function isModel(value: unknown): value is Model {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "model";
}

/** An exception of the user's own code is their fault to mend: its message with their line. Anything else is ours. */
function userFault(error: unknown, path: string): unknown {
  if (error instanceof UserError) return error;
  // Only the model's code throws what is not an Error; there is no stack to tell its line.
  if (!(error instanceof Error))
    return new UserError({
      what: `the model's code throws ${typeof error === "string" ? JSON.stringify(error) : String(error)}`,
      where: { file: path, line: 1 },
      help: "throw new Error(…), which tells its line",
    });
  const parse = /^ParseError: (.*?)\s*\n\s*(.+):(\d+):(\d+)$/s.exec(error.message);
  if (parse !== null) {
    const [, what = "", file = path, line, column] = parse;
    return new UserError({
      what: `the file is not valid TypeScript: ${what}`,
      where: { file, line: Number(line), column: Number(column) + 1 },
      help: "mend the syntax at this place",
    });
  }
  const where = placeOf(error);
  if ("code" in error && String(error.code).includes("MODULE_NOT_FOUND")) {
    return new UserError({
      what: (error.message.split("\n")[0] ?? "").replace(/^C/, "c"),
      where: where ?? { file: path, line: 1 },
      help: "check the import's path; models import from litevae and litevae/dsl",
    });
  }
  if (where === undefined) return error;
  return new UserError({
    what: `${error.name} in the model's code: ${error.message}`,
    where,
    help: "mend the code at this line",
  });
}
