import type { Model } from "../../ir/model.ts";
import type { Recipe } from "../../recipe/schema.ts";
import type { Compilation, Emission } from "../target.ts";
import { torchProject, type Training } from "./project.ts";
import { packageName } from "./names.ts";
import { checkFit, fitted, type Trained } from "./recipe-fit.ts";
import { describeUnwrapped, untrainable, wrappedParts } from "./wrapped.ts";
import { defaultRecipe, type TorchOptions, type TorchResources } from "./options.ts";

/** Finds the recipe and checks that the model can be trained by it. */
export async function prepareTorch(
  { model, parts, version, note }: Compilation,
  options: TorchOptions,
  resources: TorchResources,
): Promise<() => Promise<Emission>> {
  const training = await trainingOf(model, options, resources);
  const names = parts.map(({ name }) => name);
  const project = torchProject(model, names, version, { training, ...resources }, resources.runtime());
  const progress = { what: "the PyTorch package", within: packageName(model.name) };
  const files = project.map(({ name, text }, i) => ({ name, pieces: () => [text], ...(i === 0 ? { progress } : {}) }));
  return () => {
    if (training === undefined) note(describeUnwrapped(model));
    return Promise.resolve({ files });
  };
}

/** What the package trains with; undefined where it has nothing that recipes train. */
async function trainingOf(model: Model, options: TorchOptions, resources: TorchResources): Promise<Training | undefined> {
  const wrapped = wrappedParts(model);
  if (wrapped === undefined) {
    if (options.recipe !== undefined) throw untrainable(model, options.recipe);
    return undefined;
  }
  const networks = resources.networks(wrapped.imageChannels);
  const written = resources.writtenNetworks(wrapped.imageChannels);
  return { recipe: await recipeFor({ model, networks }, options, resources), networks, written };
}

/** The recipe that is named, checked against the model; the default one at the sizes nearest to its own that the model takes. */
async function recipeFor(trained: Trained, { recipe: name }: TorchOptions, resources: TorchResources): Promise<Recipe> {
  const recipe = await resources.recipe(name ?? defaultRecipe);
  if (name === undefined) return fitted(recipe, trained);
  checkFit(recipe, trained);
  return recipe;
}
