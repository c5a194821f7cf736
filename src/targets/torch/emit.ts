import type { Compilation, Emission } from "../target.ts";
import { torchProject, type Training } from "./project.ts";
import { packageName } from "./names.ts";
import { checkFit, fitted, type Trained } from "./recipe-fit.ts";
import { withTermsOf } from "./recipe-terms.ts";
import { describeUntrained, trainedParts, untrainable } from "./wrapped.ts";
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
    if (training === undefined) note(describeUntrained(model));
    return Promise.resolve({ files });
  };
}

/** What the package trains with; undefined where it has nothing that recipes train. */
async function trainingOf(
  { model, note }: Compilation,
  options: TorchOptions,
  resources: TorchResources,
): Promise<Training | undefined> {
  const trained = trainedParts(model);
  if (trained === undefined) {
    if (options.recipe !== undefined) throw untrainable(model, options.recipe);
    return undefined;
  }
  const networks = resources.networks(trained.imageChannels);
  const written = resources.writtenNetworks(trained.imageChannels);
  const { recipe, told } = withTermsOf(await resources.recipe(options.recipe ?? defaultRecipe), model);
  const whole: Trained = { model, networks };
  // What nobody named gives way without a word, at sizes too.
  if (options.recipe === undefined) return { recipe: fitted(recipe, whole), networks, written };
  if (told !== undefined) note(told);
  checkFit(recipe, whole);
  return { recipe, networks, written };
}
