/** Terms of the loss that a recipe weighs and a model's latents have. */
import type { Note } from "../../errors/index.ts";
import { lossTerms, type LossTerm } from "../../ir/op.ts";
import type { Model } from "../../ir/model.ts";
import { inferencePartsOf, stepsOf } from "../../ir/walk.ts";
import type { Recipe } from "../../recipe/schema.ts";

/** What quantization weighs where a recipe says nothing of it: a codebook as in arXiv:1711.00937 §3.2, codes as in arXiv:2310.05737. */
const usual: Readonly<Record<LossTerm, number>> = { commitment: 0.25, codebook: 1, entropy: 0.1 };

/** The terms that layers of encoder and decoder have. */
export function lossTermsOf(model: Pick<Model, "parts">): readonly LossTerm[] {
  const found = new Set(
    inferencePartsOf(model).flatMap(({ graph }) =>
      [...stepsOf(graph)].flatMap(({ node: { op, attrs } }) => op.lossTerms?.(attrs) ?? []),
    ),
  );
  return lossTerms.filter((term) => found.has(term));
}

/**
 * The recipe without the terms that the latents do not have, and with the usual weights of those of quantization where they have them and it weighs none;
 * and what a person is told of that.
 */
export function withTermsOf(recipe: Recipe, model: Model): { readonly recipe: Recipe; readonly told: Note | undefined } {
  const quantization = lossTermsOf(model);
  const has = new Set<string>([...quantization, ...(model.autoencoder?.posterior === undefined ? [] : ["kl"])]);
  const without = (["kl", ...lossTerms] as const).filter((term) => recipe.losses[term] > 0 && !has.has(term));
  const left = { ...recipe.losses, ...Object.fromEntries(without.map((term) => [term, 0])) };
  const unweighed = quantization.every((term) => left[term] === 0) ? quantization : [];
  const losses = { ...left, ...Object.fromEntries(unweighed.map((term) => [term, usual[term]])) };
  const written = [...without, ...unweighed].map((term) => `losses.${term} ${losses[term]}, not ${recipe.losses[term]}`);
  if (written.length === 0) return { recipe, told: undefined };
  const why = [
    ...(without.includes("kl") ? ["have no distribution"] : []),
    ...(without.some((term) => term !== "kl") ? ["are not quantized so"] : []),
    ...(unweighed.length > 0 ? ["are quantized"] : []),
  ].join(" and ");
  return {
    recipe: { ...recipe, losses },
    told: { what: `${model.name}'s latents ${why}: the recipe ${recipe.name} is written with ${written.join(", ")}` },
  };
}
