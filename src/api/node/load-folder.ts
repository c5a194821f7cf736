/** The model that a folder of weights says it is of: one of diffusers', a run's, a compiled one. */
import { existsSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { diffusersFamilies } from "../../../dsl/models/diffusers.ts";
import { Unsupported, type DiffusersConfig } from "../../../dsl/models/diffusers-settings.ts";
import { builtIns, type BuiltInOptions } from "../../../dsl/models/index.ts";
import { UserError } from "../../errors/index.ts";
import type { Model } from "../../ir/model.ts";
import { flatConfig, isDiffusers, modelOf } from "../../weights/settings.ts";

/** From the folder's config.json; UserError where that names no architecture that is here. */
export function modelOfFolder(folder: string, weightKeys: BuiltInOptions["weightKeys"]): Model {
  const config = folderConfig(folder);
  const ours = modelOf(config);
  // What was compiled from a folder of diffusers' has that folder's name, and says its architecture in diffusers' words.
  if (ours !== undefined && (Object.hasOwn(builtIns, ours) || !isDiffusers(config)))
    return ownModel(folder, ours, config, weightKeys);
  const called = config["_class_name"];
  const family = typeof called === "string" ? diffusersFamilies[called] : undefined;
  if (family === undefined) {
    throw new UserError({
      what: `${folder} is of ${typeof called === "string" ? called : "no class that its config.json names"}, which litevae has no model for`,
      expected: `a config.json with _class_name ${Object.keys(diffusersFamilies).join(", ")}, or one of litevae's own`,
      help: "write the architecture in a .ts file, and give the folder's weights to --weights",
    });
  }
  try {
    return family(ours ?? basename(resolve(folder)), config);
  } catch (error) {
    if (!(error instanceof Unsupported)) throw error;
    throw new UserError({
      what: `${folder} is an ${String(called)} of another form than litevae has`,
      expected: error.expected,
      found: error.found,
      help: "write the architecture in a .ts file, and give the folder's weights to --weights",
    });
  }
}

/** What `compile`, `save_pretrained` and a run write names a built-in model, or a file that is not there to be read. */
function ownModel(folder: string, name: string, config: DiffusersConfig, weightKeys: BuiltInOptions["weightKeys"]): Model {
  const builtIn = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  if (builtIn === undefined) {
    throw new UserError({
      what: `${folder} is of ${name}, which is no built-in model`,
      expected: "the file that defines it",
      help: `compile that file with --weights ${folder}`,
    });
  }
  const latentChannels = flatConfig(config)["latent_channels"];
  return builtIn.build({ ...(typeof latentChannels === "number" ? { latentChannels } : {}), weightKeys });
}

/** What a folder of weights says of itself; UserError where it says nothing. */
export function folderConfig(folder: string): DiffusersConfig {
  const path = join(folder, "config.json");
  if (!existsSync(path)) {
    const whole = existsSync(join(folder, "model_index.json"));
    throw new UserError({
      what: `${folder} has no config.json that says what it is`,
      expected: "a folder of an autoencoder, as diffusers and litevae save them",
      found: whole ? "a whole pipeline" : undefined,
      help: whole ? `give its autoencoder, ${join(folder, "vae")}` : "give a built-in name, a .ts file or such a folder",
    });
  }
  try {
    const config: unknown = JSON.parse(readFileSync(path, "utf8"));
    if (typeof config === "object" && config !== null && !Array.isArray(config)) return config as DiffusersConfig;
    throw new Error("it is no object");
  } catch (error) {
    throw new UserError({ what: `cannot read ${path}`, found: (error as Error).message, help: "copy the folder again" });
  }
}
