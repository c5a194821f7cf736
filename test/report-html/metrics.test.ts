/** The report, the docs and the recipe know the metrics and the losses that the runtime has. */
// @module-tag python
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { metrics } from "../../src/report/html/run/measurements.ts";
import { norms, terms } from "../../src/report/html/run/page.ts";
import { recipeSchema } from "../../src/recipe/schema.ts";
import { root } from "../e2e/litevae.ts";
import { askPython } from "../support/python.ts";

const question = `
import json
from litevae_runtime.evaluation.instruments import _ADD
from litevae_runtime.losses.reconstruction import OF_LAYERS, TERMS
from litevae_runtime.metrics.registry import NAMES, QUALITY
figures = [{"key": figure.key, "better": figure.better} for metric in QUALITY for figure in metric.figures]
print(json.dumps({"names": NAMES, "figures": figures, "quality": [metric.name for metric in QUALITY], "built": list(_ADD), "terms": list(TERMS), "layers": list(OF_LAYERS)}))
`;

interface Answer {
  readonly names: readonly string[];
  readonly figures: readonly { readonly key: string; readonly better: string }[];
  readonly quality: readonly string[];
  readonly built: readonly string[];
  readonly terms: readonly string[];
  readonly layers: readonly string[];
}

let answer: Answer;
beforeAll(() => {
  answer = askPython(question) as Answer;
}, 60_000);

describe("the registry of metrics", () => {
  test("has what builds each of them", () => {
    expect(answer.built).toEqual(answer.quality);
  });
  test("gives the report its columns", () => {
    expect(metrics.map(({ key, better }) => ({ key, better }))).toEqual(answer.figures);
  });
  test("is what docs/evaluation.md lists", () => {
    const docs = readFileSync(join(root, "docs", "evaluation.md"), "utf8");
    expect(docs).toContain(`some of \`${answer.names.join(",")}\``);
  });
});

describe("the terms of the loss", () => {
  test("are the weights that a recipe has", () => {
    const { losses } = recipeSchema.parse({ name: "any", phases: [{ name: "one", resolution: 64, steps: 1, batch: 1 }] });
    expect(Object.keys(losses)).toEqual(answer.terms);
  });
  test("have a curve each, and one of their gradients where they reach a last layer", () => {
    expect(terms.flatMap(({ series }) => series.map(({ key }) => key))).toEqual(answer.terms);
    const reaching = answer.terms.filter((name) => !answer.layers.includes(name));
    expect(norms.series.map(({ key }) => key)).toEqual([...reaching, "adversarial"].map((name) => `gradient_norm_${name}`));
  });
});
