/** Where the run stands, at a glance. */
import { compact, integer, rounded } from "../../numbers.ts";
import { markup, type Content, type Markup } from "../markup.ts";
import { readingsOf } from "./curves.ts";
import { isObject, type Run } from "./read.ts";
import { validationImages } from "./validation.ts";

export function keyFigures(run: Run): Markup {
  const { entries, recipe, evaluations } = run;
  const last = entries.at(-1);
  const total = stepsOf(recipe);
  const best = readingsOf(entries, "validation_psnr").reduce<{ step: number; value: number } | undefined>(
    (found, reading) => (found === undefined || reading.value > found.value ? reading : found),
    undefined,
  );
  const loss = readingsOf(entries, "loss").at(-1);
  const images = readingsOf(entries, "images").at(-1);
  const paces = readingsOf(entries, "images_per_second")
    .map(({ value }) => value)
    .sort((a, b) => a - b);
  const skipped = readingsOf(entries, "skipped").at(-1)?.value ?? 0;
  const measured = evaluations
    .flatMap(({ content }) => content.sizes)
    .flatMap(({ rfid, size }) => (typeof rfid === "number" ? [{ rfid, size }] : []))
    .at(-1);
  const cards = [
    last !== undefined &&
      key(
        "steps",
        integer(last.step),
        total === undefined ? "" : `of ${integer(total)}${last.step >= total ? "" : ", not finished"}`,
      ),
    best !== undefined &&
      key(
        "validation PSNR",
        `${best.value.toFixed(2)} dB`,
        `best, at step ${integer(best.step)}, on ${validationImages(recipe)}`,
      ),
    loss !== undefined && key("last loss", rounded(loss.value), `at step ${integer(loss.step)}`),
    measured !== undefined && key("rFID", rounded(measured.rfid), `at ${measured.size}×${measured.size}`),
    images !== undefined &&
      key(
        "images seen",
        compact(images.value).trim(),
        paces.length > 0 && `${rounded(paces[Math.floor(paces.length / 2)] as number)} images/s, median`,
      ),
    entries.length > 0 &&
      key(
        "skipped steps",
        integer(skipped),
        skipped > 0 ? "with a loss or gradient that was not finite" : "every number was finite",
      ),
  ];
  return markup`<div class="keys keys-small">
${cards}</div>
`;
}

function key(title: string, value: string, remark: Content): Markup {
  return markup`<section class="card key" aria-label="${title}"><h2 class="key-title">${title}</h2><p class="key-number">${value}</p><p>${remark}</p></section>
`;
}

/** The steps of the whole recipe. */
export function stepsOf(recipe: Run["recipe"]): number | undefined {
  const phases = recipe?.["phases"];
  if (!Array.isArray(phases)) return undefined;
  const steps = phases.map((phase: unknown) => (isObject(phase) ? phase["steps"] : undefined));
  return steps.every((count) => typeof count === "number") ? steps.reduce((sum, count) => sum + count, 0) : undefined;
}
