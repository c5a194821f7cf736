import type { Recipe } from "../../recipe/schema.ts";
import type { Compilation, Emission } from "../target.ts";
import { torchProject } from "./project.ts";
import { packageName } from "./names.ts";
import { checkFit, fitted, type Trained } from "./recipe-fit.ts";
import { defaultRecipe, type TorchOptions, type TorchResources } from "./options.ts";

/** Finds the recipe and checks that the model can be trained by it. */
export async function prepareTorch(
  { model, parts, version }: Compilation,
  options: TorchOptions,
  resources: TorchResources,
): Promise<() => Promise<Emission>> {
  const networks = resources.networks(model.imageChannels);
  const recipe = await recipeFor({ model, networks }, options, resources);
  const names = parts.map(({ name }) => name);
  const project = torchProject(model, names, version, { recipe, networks, docs: resources.docs }, resources.runtime());
  const progress = { what: "the PyTorch package", within: packageName(model.name) };
  const files = project.map(({ name, text }, i) => ({ name, pieces: () => [text], ...(i === 0 ? { progress } : {}) }));
  return () => Promise.resolve({ files });
}

/** The recipe that is named, checked against the model; the default one at the sizes nearest to its own that the model takes. */
async function recipeFor(trained: Trained, { recipe: name }: TorchOptions, resources: TorchResources): Promise<Recipe> {
  const recipe = await resources.recipe(name ?? defaultRecipe);
  if (name === undefined) return fitted(recipe, trained);
  checkFit(recipe, trained);
  return recipe;
}
