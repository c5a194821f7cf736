import type { Compilation, Emission } from "../target.ts";
import { torchProject, type Training } from "./project.ts";
import { packageName } from "./names.ts";
import { checkFit, fitted, withoutDivergence, type Trained } from "./recipe-fit.ts";
import { describeUnwrapped, untrainable, wrappedParts } from "./wrapped.ts";
import { defaultRecipe, type TorchOptions, type TorchResources } from "./options.ts";

/** Finds the recipe and checks that the model can be trained by it. */
export async function prepareTorch(
  compilation: Compilation,
  options: TorchOptions,
  resources: TorchResources,
): Promise<() => Promise<Emission>> {
  const { model, parts, version, note } = compilation;
  const training = await trainingOf(compilation, options, resources);
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
async function trainingOf(
  { model, note }: Compilation,
  options: TorchOptions,
  resources: TorchResources,
): Promise<Training | undefined> {
  const wrapped = wrappedParts(model);
  if (wrapped === undefined) {
    if (options.recipe !== undefined) throw untrainable(model, options.recipe);
    return undefined;
  }
  const networks = resources.networks(wrapped.imageChannels);
  const written = resources.writtenNetworks(wrapped.imageChannels);
  const { recipe, told } = withoutDivergence(await resources.recipe(options.recipe ?? defaultRecipe), model);
  const trained: Trained = { model, networks };
  // What nobody named gives way without a word, at sizes too.
  if (options.recipe === undefined) return { recipe: fitted(recipe, trained), networks, written };
  if (told !== undefined) note(told);
  checkFit(recipe, trained);
  return { recipe, networks, written };
}
