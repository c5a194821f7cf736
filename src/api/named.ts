import type { Model } from "../ir/model.ts";

/** Of a model that has no name, which its file would give it, one that stands for it. */
export function named(model: Model): Model {
  return model.name === "" ? { ...model, name: "model" } : model;
}
