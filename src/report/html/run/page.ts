/** `litevae report RUN`: a training run as one page. */
import { lossTerms } from "../../../ir/op.ts";
import { markup, type Content } from "../markup.ts";
import { pageText, type Section } from "../page.ts";
import { paperLink } from "../paper.ts";
import { paperTables } from "../paper-tables.ts";
import { benchmarkedSection } from "./benchmarked.ts";
import { curveGrid, readingsOf, type Curves } from "./curves.ts";
import { evaluatedSection } from "./evaluated.ts";
import { keyFigures } from "./key-figures.ts";
import { missingList } from "./missing.ts";
import { imageGrids } from "./images.ts";
import type { Run } from "./read.ts";
import { recipeTable } from "./recipe-table.ts";
import { validationImages } from "./validation.ts";

const one = (key: string, title: string, note?: string, unit?: string): Curves => ({
  title,
  series: [{ key, name: title }],
  ...(note === undefined ? {} : { note }),
  ...(unit === undefined ? {} : { unit }),
});

const total: Curves = { ...one("loss", "Loss of the autoencoder", "The weighted sum of its terms.") };

/** The terms of recipe.losses, all of them, by their names there. */
export const terms: readonly Curves[] = [
  one("l1", "ℓ1", "Mean absolute error."),
  one("perceptual", "Perceptual distance"),
  one("kl", "KL divergence", "Mean per latent element."),
  one("wavelet", "Wavelet loss", "High-frequency Haar bands."),
  one("gaussian", "Gaussian loss", "What a Gaussian filter removes."),
  one("ldl", "LDL loss", "Artefacts."),
  one("commitment", "Commitment", "How far quantization moves a value, squared."),
  one("codebook", "Codebook loss", "The same, for the entries."),
  one("entropy", "Entropy of codes", "Of values, less that of their mean."),
  one("moments_l1", "ℓ1 of the latent’s moments", "Means and log-variances, from the teacher’s."),
  one("moments_l2", "ℓ2 of the latent’s moments", "The same, squared."),
  one("moments_kl", "KL divergence from the teacher’s Gaussian", "Mean per latent element."),
];

const quality = (validation: string): readonly Curves[] => [
  {
    title: "PSNR",
    unit: "dB",
    note: `Training: crops, with the latent’s noise. Validation: ${validation}, without it.`,
    series: [
      { key: "psnr", name: "training" },
      { key: "validation_psnr", name: "validation" },
    ],
  },
  one("validation_l1", "ℓ1 on the validation images"),
  one("validation_perceptual", "Perceptual distance on the validation images"),
  one("validation_latent_error", "Error of the latents on the validation images", "Over the deviation of the teacher’s."),
];

const adversarial: readonly Curves[] = [
  {
    title: "Logits of the discriminator",
    note: "Far apart: it is certain. Together: it cannot tell.",
    series: [
      { key: "real_logit", name: "images" },
      { key: "fake_logit", name: "reconstructions" },
    ],
  },
  {
    title: "Adversarial losses",
    series: [
      { key: "discriminator", name: "discriminator" },
      { key: "adversarial", name: "autoencoder, unweighted" },
    ],
  },
  one("adversarial_weight", "Weight of the adversarial term"),
];

export const norms: Curves = {
  title: "Gradients at the last layer",
  note: "The norm that each weighted term contributes, at the decoder’s last layer; while the encoder is trained alone, at the encoder’s.",
  // What layers quantize reaches no last layer.
  series: [
    ...terms.flatMap(({ series }) => series.map(({ key }) => key)).filter((name) => !lossTerms.some((term) => term === name)),
    "adversarial",
  ].map((name) => ({ key: `gradient_norm_${name}`, name })),
};

const health: readonly Curves[] = [
  {
    title: "Gradient norms before clipping",
    series: [
      { key: "gradient_norm", name: "autoencoder" },
      { key: "discriminator_gradient_norm", name: "discriminator" },
    ],
  },
  one("images_per_second", "Images per second"),
  one("memory_gb", "Peak memory, GB", undefined, "GB"),
  { ...one("learning_rate", "Learning rate"), linear: true },
];

const skipped = one("skipped", "Skipped steps", "In all so far, because a loss or gradient was not finite.");

/** The page as text; `pack` is the name of the Python package that trained the run. */
export async function runPage(run: Run, pack: string): Promise<string> {
  const model = run.config?.["model"];
  const recipe = run.recipe?.["name"];
  const facts = [
    typeof recipe === "string" && `Recipe ${recipe}`,
    run.phases.length > 0 && `${run.phases.length === 1 ? "phase" : "phases"} ${run.phases.map(({ name }) => name).join(", ")}`,
    run.corruptImages > 0 && `${run.corruptImages} corrupt images replaced`,
  ].filter((fact) => fact !== false);
  const wanted: readonly Section[] = [
    { id: "losses", title: "Losses", intro: "Before their weights, of the logged steps.", body: await lossSection(run) },
    { id: "quality", title: "Quality while training", body: await curveGrid(run, quality(validationImages(run.recipe))) },
    { id: "images", title: "Images", body: run.grids.length > 0 && imageGrids(run.grids) },
    { id: "discriminator", title: "Discriminator", body: await curveGrid(run, adversarial) },
    { id: "health", title: "Gradients and pace", body: await healthSection(run) },
    {
      id: "evaluation",
      title: "Evaluation",
      intro: "Measured on this run’s weights.",
      body: run.evaluations.length > 0 && (await evaluatedSection(run.evaluations, run.folder)),
    },
    {
      id: "benchmark",
      title: "Speed",
      intro: "Measured on this run’s weights.",
      body: run.benchmarks.length > 0 && (await benchmarkedSection(run.benchmarks)),
    },
    {
      id: "paper",
      title: "The paper’s figures",
      intro: markup`Published in ${paperLink} for models trained and evaluated by its authors. They are not of this run; data, training and protocol differ.`,
      body: paperTables(),
    },
    { id: "recipe", title: "Recipe", body: run.recipe !== undefined && recipeTable(run.recipe) },
    { id: "missing", title: "What is missing", body: missingList(run, pack) },
  ];
  return pageText({
    kicker: typeof model === "string" ? `Training run of ${model}` : "Training run",
    title: run.name,
    lead: facts.join(" · "),
    headline: keyFigures(run),
    sections: wanted.filter(({ body }) => isThere(body)),
    footer: markup`<p>Written by <code>litevae report</code> from the files of the run. This page loads nothing from any network.</p>`,
  });
}

async function lossSection(run: Run): Promise<Content> {
  return [await curveGrid(run, [total]), await curveGrid(run, terms)];
}

async function healthSection(run: Run): Promise<Content> {
  const skips = readingsOf(run.entries, "skipped").some(({ value }) => value > 0);
  return [await curveGrid(run, [norms]), await curveGrid(run, skips ? [...health, skipped] : health)];
}

function isThere(content: Content): boolean {
  return Array.isArray(content) ? content.some(isThere) : content !== undefined && content !== false;
}
