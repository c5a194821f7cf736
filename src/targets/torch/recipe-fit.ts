/** Whether a model can be trained as a recipe says: sizes, discriminator, terms of the loss. */
import { UserError, type Report } from "../../errors/index.ts";
import type { Model, Network, Part } from "../../ir/model.ts";
import { inferencePartsOf } from "../../ir/walk.ts";
import { misfit } from "../../ir/size.ts";
import type { Recipe } from "../../recipe/schema.ts";

type Phase = Recipe["phases"][number];

/** What a recipe trains: the model, and networks beside it by Python module. */
export interface Trained {
  readonly model: Model;
  readonly networks: Readonly<Record<string, readonly Network[]>>;
}

/** Throws a UserError with a report for every phase that cannot be trained. */
export function checkFit(recipe: Recipe, trained: Trained): void {
  checkDiscriminator(recipe, trained.model);
  const reports = recipe.phases.flatMap((phase, i) => sizeReport(recipe, phase, i, trained));
  if (reports.length > 0) throw new UserError(...reports);
}

/** The recipe with every resolution that does not fit replaced by the nearest one that does. */
export function fitted(recipe: Recipe, trained: Trained): Recipe {
  const phases = recipe.phases.map((phase) => {
    const sizes = misfit(partsOf(recipe, phase, trained), phase.resolution, phase.resolution)?.nearest ?? [];
    const [nearest = phase.resolution] = sizes.toSorted(
      (a, b) => Math.abs(a - phase.resolution) - Math.abs(b - phase.resolution),
    );
    return { ...phase, resolution: nearest };
  });
  return { ...recipe, phases };
}

function checkDiscriminator(recipe: Recipe, model: Model): void {
  const wanting = recipe.phases.filter((phase) => phase.discriminator).map(({ name }) => name);
  if (recipe.discriminator !== "model" || wanting.length === 0 || model.autoencoder?.discriminator !== undefined) return;
  throw new UserError({
    what: `the recipe ${recipe.name} trains against the model's own discriminator, and ${model.name} has none`,
    expected: 'a model with a discriminator, or another kind in the recipe, such as discriminator: "unet"',
    found: `discriminator: "model", wanted by ${wanting.map((name) => `phase ${name}`).join(", ")}`,
    help: "set discriminator in the recipe, or discriminator: false in these phases",
  });
}

/** The graphs that a phase's crops go through. */
function partsOf({ discriminator }: Recipe, phase: Phase, { model, networks }: Trained): readonly Part[] {
  const autoencoder = inferencePartsOf(model);
  if (!phase.discriminator) return autoencoder;
  return discriminator === "model" ? model.parts : [...autoencoder, discriminatorOf(discriminator, networks)];
}

function discriminatorOf(kind: string, { discriminators = [] }: Trained["networks"]): Network {
  const found = discriminators.find(({ name }) => name === kind.replaceAll("-", "_"));
  if (found === undefined) throw new Error(`no network is the discriminator ${kind}`);
  return found;
}

function sizeReport(recipe: Recipe, phase: Phase, index: number, trained: Trained): readonly Report[] {
  const side = phase.resolution;
  const wrong = misfit(partsOf(recipe, phase, trained), side, side);
  if (wrong === undefined) return [];
  const nearest = wrong.nearest.join(" or ");
  const remedy = nearest === "" ? "choose another discriminator" : `set phases.${index}.resolution to ${nearest}`;
  const against =
    phase.discriminator && recipe.discriminator !== "model" ? ` with the discriminator ${recipe.discriminator}` : "";
  return [
    {
      what: `phase ${phase.name} of the recipe ${recipe.name} trains at ${side}×${side}, which ${trained.model.name}${against} does not take`,
      expected: nearest === "" ? "a size that both take, and there is none" : nearest,
      found: `${side}, for which ${wrong.dim} is no whole number of at least 1`,
      help: remedy,
    },
  ];
}
