import { partNames } from "../../../ir/model.ts";
import type { ModelCounts } from "../../count.ts";
import { markup, type Markup } from "../markup.ts";
import { compact } from "../../numbers.ts";

/** A card per model: what its parts weigh, and what they compute. */
export function keyFigures(models: readonly ModelCounts[]): Markup {
  return markup`<div class="keys">${models.map(card)}</div>`;
}

function card({ model, latentChannels, parts }: ModelCounts): Markup {
  const rows = partNames.flatMap((name) => {
    const part = parts[name];
    if (part === undefined) return [];
    if (part === null) return [markup`<tr><th scope="row">${name}</th><td colspan="2">does not fit this size</td></tr>`];
    return [markup`<tr><th scope="row">${name}</th><td>${compact(part.params)}</td><td>${compact(part.macs)}</td></tr>`];
  });
  return markup`<article class="card key"><h2>${model}</h2><p>${latentChannels} latent channels</p>
<table><thead><tr><td></td><th scope="col">params</th><th scope="col">MACs</th></tr></thead><tbody>${rows}</tbody></table></article>
`;
}
