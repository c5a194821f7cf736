/** What a run does not have yet, and the command that makes it. */
import type { Report } from "../../../errors/index.ts";
import { markup, type Content, type Markup } from "../markup.ts";
import { stepsOf } from "./key-figures.ts";
import type { Run } from "./read.ts";

/** `pack` is the name of the Python package that trained the run. */
export function missingList(run: Run, pack: string): Markup | undefined {
  const { entries, grids, recipe, evaluations, benchmarks } = run;
  const total = stepsOf(recipe);
  const done = entries.at(-1)?.step ?? 0;
  const train = `python -m ${pack}.train --data IMAGES --output ${run.name}`;
  const items: readonly Content[] = [
    entries.length === 0 && item("No losses: nothing was logged.", train),
    recipe === undefined && item("No recipe.json: the recipe is not known."),
    (!run.finished || (total !== undefined && done < total)) &&
      entries.length > 0 &&
      item("The run has not come to its end.", `${train} --resume auto`),
    grids.length === 0 &&
      item("No image grids; log.samples_every says how often they are drawn.", `${train} --set log.samples_every=500`),
    evaluations.length === 0 &&
      item(
        "Not evaluated: rFID, LPIPS, PSNR and SSIM by image size.",
        `python -m ${pack}.evaluate --data IMAGES --weights ${run.name}`,
      ),
    ...evaluations.flatMap(({ file, content }) =>
      (content.missing ?? []).map(({ metric, reason, sizes }) =>
        item(`${file} lacks ${metric}${sizes ? ` at ${sizes.join(", ")}` : ""}: ${reason}.`),
      ),
    ),
    benchmarks.length === 0 &&
      item("No benchmark: images per second and memory over batch sizes.", `python -m ${pack}.benchmark --weights ${run.name}`),
    ...run.notes.map(noteItem),
  ];
  const present = items.filter((content) => content !== false);
  return present.length === 0
    ? undefined
    : markup`<ul class="panel missing">
${present}</ul>
`;
}

function item(text: string, command?: string): Markup {
  return markup`<li><p>${text}</p>${command !== undefined && markup`<pre tabindex="0"><code>${command}</code></pre>`}</li>
`;
}

function noteItem({ what, expected, found }: Report): Markup {
  const facts = [
    expected !== undefined && `expected: ${expected}`,
    found !== undefined && found !== "" && `found: ${found}`,
  ].filter((fact) => fact !== false);
  return item(`${what}${facts.length === 0 ? "" : ` (${facts.join("; ")})`}.`);
}
