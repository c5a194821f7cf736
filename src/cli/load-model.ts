import { statSync } from "node:fs";
import { basename, extname } from "node:path";
import { builtIns, type BuiltInOptions } from "../../dsl/models/index.ts";
import { nearest, UserError } from "../errors/index.ts";
import type { Model } from "../ir/model.ts";
import { importDefault, isFile, type Wanted } from "./load-file.ts";

const wanted: Wanted = { noun: "model", examples: ["litevae({ … })", "model({ … })", "network({ … })"] };

/** Whether MODEL is a folder of weights, whose config.json says what they are of. */
export function isFolder(name: string): boolean {
  return !Object.hasOwn(builtIns, name) && statSync(name, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The model that MODEL on the command line means: a built-in name, a file whose default export is a model, or a folder of weights. */
export async function loadModel(name: string, options: BuiltInOptions = {}): Promise<Model> {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn !== undefined) return builtIn.build(options);
  const folder = isFolder(name);
  if (!folder && !isFile(name)) {
    const names = Object.keys(builtIns);
    const meant = nearest(name, names);
    throw new UserError({
      what: `no model is called ${name}`,
      expected: `a built-in name (${names.join(", ")}), a .ts file or a folder of weights`,
      found: name,
      help: meant === undefined ? "run litevae list for the built-in models" : `did you mean ${meant}?`,
    });
  }
  if (options.latentChannels !== undefined) {
    throw new UserError({
      what: `--latent applies to built-in models, and ${name} is a ${folder ? "folder" : "file"}`,
      help: folder ? "leave it out: the folder's config.json says how many there are" : "set latentChannels in the file",
    });
  }
  if (folder) return (await import("./load-folder.ts")).modelOfFolder(name, options.weightKeys);
  const { path, value } = await importDefault(name, wanted, isModel);
  return value.name === "" ? { ...value, name: basename(path, extname(path)) } : value;
}

function isModel(value: unknown): value is Model {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "model";
}
