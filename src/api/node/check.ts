import { UserError } from "../../errors/index.ts";
import { pause } from "../../errors/pause.ts";
import type { Model } from "../../ir/model.ts";
import { check as checkShapes, type CheckedModel } from "../check.ts";

import { checkOptions, text, wholeFrom, workingKinds, type KindsOf } from "../options.ts";
import { progressOf, type Working } from "../working.ts";
import { filePath, isFile } from "./load-file.ts";
import { isFolder, loadModel, type LoadOptions } from "./load-model.ts";

export interface CheckOptions extends LoadOptions, Working {}

const checkKinds: KindsOf<CheckOptions> = { ...workingKinds, latentChannels: wholeFrom(1), weights: text };

/**
 * Checks a model, as `litevae check` does: of a file its types and then its shapes, of what `loadModel` takes else, or of a model, the shapes. Rejects with
 * UserError, with a report and a place in a file for everything that is wrong.
 */
export async function check(model: string | Model, options: CheckOptions = {}): Promise<CheckedModel> {
  checkOptions("check", options, checkKinds);
  if (typeof model !== "string") return await checkShapes(model);
  await checkTypes(model, options);
  return await checkShapes(await loadModel(model, options));
}

/** The types of a model's file; nothing of what is none. Rejects with UserError where they are wrong. */
export async function checkTypes(name: string, options: Working = {}): Promise<void> {
  if (!isFile(name) || isFolder(name)) return;
  await pause(options.signal);
  const path = filePath(name, "model");
  const script = /\.m?js$/.test(path);
  progressOf(options)(script ? "checking types, of JavaScript where // @ts-check asks for it" : "checking types");
  const { typeErrors } = await import("./types/typecheck.ts");
  const errors = typeErrors(path);
  if (errors.length > 0) throw new UserError(...errors);
}
