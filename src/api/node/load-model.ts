import { existsSync, statSync } from "node:fs";
import { basename, extname } from "node:path";
import type { BuiltInOptions } from "../../../dsl/models/index.ts";
import { instanceTold } from "../../../dsl/tracing/entries.ts";
import { UserError } from "../../errors/index.ts";
import type { Model } from "../../ir/model.ts";
import { builtIn, builtInNames, noModel } from "../built-in.ts";
import { extensions, importDefault, isFile, type Wanted } from "./load-file.ts";

const wanted: Wanted = {
  noun: "model",
  examples: ["litevae({ … })", "model({ … })", "network({ … })"],
  becoming: (value) => {
    const told = instanceTold(value);
    return (
      told && {
        what: told.what,
        help: `a block is a network on its own with what it takes: export default network({ inputs: [{ channels: 3, stride: 1 }], block: ${told.call} }), with network of litevae/dsl`,
      }
    );
  },
};

export interface LoadOptions {
  /** Of a built-in model. */
  readonly latentChannels?: number | undefined;
  /** The weights that the model is to take, a safetensors file or a folder with one: their keys tell which of the options that published files differ in are on. */
  readonly weights?: string | undefined;
}

/** Whether a word is a folder of weights, whose config.json says what they are of. */
export function isFolder(name: string): boolean {
  return !builtInNames.includes(name) && statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

/**
 * The model of a built-in name, of a file whose default export is one, or of a folder of weights whose config.json says what they are of. Runs the file's
 * code. Rejects with UserError where there is no such thing, or the code is wrong.
 */
export async function loadModel(name: string, options: LoadOptions = {}): Promise<Model> {
  const { latentChannels } = options;
  if (builtInNames.includes(name)) return builtIn(name, { latentChannels, weightKeys: await keysOf(options.weights) });
  const folder = isFolder(name);
  if (!folder && !isFile(name)) {
    const there = extensions.map((extension) => name + extension).find((each) => existsSync(each));
    throw noModel(name, `a built-in name (${builtInNames.join(", ")}), a .ts file or a folder of weights`, there);
  }
  if (latentChannels !== undefined) {
    throw new UserError({
      what: `--latent applies to built-in models, and ${name} is a ${folder ? "folder" : "file"}`,
      help: folder ? "leave it out: the folder's config.json says how many there are" : "set latentChannels in the file",
    });
  }
  if (folder) {
    const { folderConfig, modelOfFolder } = await import("./load-folder.ts");
    // That it is no folder of a model is to be said before what its weights lack.
    folderConfig(name);
    return modelOfFolder(name, await keysOf(options.weights));
  }
  const { path, value } = await importDefault(name, wanted, isModel);
  return value.name === "" ? { ...value, name: basename(path, extname(path)) } : value;
}

async function keysOf(weights: string | undefined): Promise<BuiltInOptions["weightKeys"]> {
  if (weights === undefined) return undefined;
  const { openWeights, weightsPath } = await import("../../artifact/weights-file.ts");
  const { plainKeys } = await import("../../weights/weights.ts");
  return plainKeys(openWeights(weightsPath(weights)));
}

function isModel(value: unknown): value is Model {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "model";
}
