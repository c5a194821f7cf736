/** Loading for the command line: what the files' code does meanwhile must not end up in what the command prints. */
import { loadModel as load, type LoadOptions } from "../api/node/load-model.ts";
import { isFile } from "../api/node/load-file.ts";
import { UserError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";
import type { Recipe } from "../recipe/schema.ts";

/** The model that MODEL on the command line means. */
export async function loadModel(name: string, options: LoadOptions = {}): Promise<Model> {
  return await guarded(name, "model", () => load(name, options));
}

/** The recipe that --recipe names: a preset, or a file whose default export is a recipe. */
export async function loadRecipe(name: string): Promise<Recipe> {
  const { loadRecipe: loading } = await import("../api/node/load-recipe.ts");
  return await guarded(name, "recipe", () => loading(name));
}

/** Runs what may run a person's file: what its code prints goes to stderr, since stdout is for what the command prints, and an await that never ends is told. */
export async function guarded<T>(name: string, noun: string, run: () => Promise<T>): Promise<T> {
  const { write } = process.stdout;
  process.stdout.write = process.stderr.write.bind(process.stderr);
  try {
    return isFile(name) ? await unlessStuck(run(), name, noun) : await run();
  } finally {
    process.stdout.write = write;
  }
}

/** What is loaded, or an error once nothing is left to happen that could end an await at the top level of the file. */
async function unlessStuck<T>(loading: Promise<T>, name: string, noun: string): Promise<T> {
  const { resolve } = await import("node:path");
  const error = new UserError({
    what: `the ${noun}'s code never ends: it awaits something that does not come`,
    where: { file: resolve(name), line: 1 },
    help: "correct the await at the top level of this file, or of one that it imports",
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
