import type { Model } from "../../../ir/model.ts";
import { markup, type Markup } from "../markup.ts";
import { inferenceParts, type Compared } from "./compared.ts";
import { activation, macs, params, readable } from "./metrics.ts";

/** A card per model: what the parts that run at inference weigh and compute. */
export function keyFigures(models: readonly Compared[]): Markup {
  return markup`<div class="keys">
${models.map(card)}</div>
`;
}

/** What a model's latent is; nothing where it has none. */
function latentOf({ latentChannels, stride }: Model): Markup {
  return latentChannels === undefined ? markup`` : markup`<p>${latentChannels} × 1/${stride ?? 1} latent</p>`;
}

function card(compared: Compared): Markup {
  const { model, counts } = compared;
  const groups = inferenceParts([compared]).flatMap((name) => {
    const part = counts.parts[name];
    if (part === undefined || part === null) return [];
    const [weight, work, memory] = [params, macs, activation].map((metric) => readable(part[metric.key], metric));
    return [
      markup`<div class="key-part"><h3>${name}</h3><p class="key-number">${weight} <span>params</span></p><p>${work}</p><p>${memory} activation</p></div>
`,
    ];
  });
  return markup`<section class="card key" aria-label="${counts.model}"><h2>${counts.model}</h2>${latentOf(model)}
<div class="key-parts">${groups}</div></section>
`;
}
