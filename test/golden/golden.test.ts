/** What the compiler makes of the examples, as files to review in diffs; `npm run test:update` writes them anew. */
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { builtIns, networks } from "../../dsl/models/index.ts";
import inpainting from "../../examples/inpainting.ts";
import multipliers from "../../examples/multipliers.ts";
import sharedExtractor from "../../examples/shared-extractor.ts";
import network from "../../examples/network.ts";
import ownOps from "../../examples/own-ops.ts";
import variants from "../../examples/variants.ts";
import type { Model } from "../../src/ir/model.ts";
import { printModel } from "../../src/ir/print.ts";
import { author } from "../../src/artifact/author.ts";
import { verifyPart } from "../../src/ir/verify.ts";
import { paramsOf, topModules } from "../../src/ir/walk.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { networksPy } from "../../src/targets/torch/networks-py.ts";

const models: Readonly<Record<string, Model>> = {
  b: builtIns["b"]!.build({}),
  // The command line names a file's model by its stem.
  inpainting: { ...inpainting, name: "inpainting" },
  multipliers: { ...multipliers, name: "multipliers" },
  "shared-extractor": { ...sharedExtractor, name: "shared-extractor" },
  network: { ...network, name: "network" },
  "own-ops": { ...ownOps, name: "own-ops" },
  variants: { ...variants, name: "variants" },
};

/** A line per parameter: its path, shape and role. */
function printParams(model: Model): string {
  const params = [...paramsOf(topModules(model.parts))];
  return params.map(({ path, shape, role }) => `${path} [${shape.join(", ")}] ${role}\n`).join("");
}

describe.each(Object.entries(models))("%s", (name, model) => {
  const golden = (file: string): string => fileURLToPath(new URL(`./${name}/${file}`, import.meta.url));

  test("IR", async () => {
    await expect(printModel(model)).toMatchFileSnapshot(golden("ir.txt"));
  });

  test("parameters", async () => {
    await expect(printParams(model)).toMatchFileSnapshot(golden("params.txt"));
  });

  test("model.py", async () => {
    const text = modelPy(model, author);
    expect(text.split("\n").length).toBeLessThan(480);
    await expect(text).toMatchFileSnapshot(golden("model.py"));
  });
});

test.each(Object.entries(networks(3)))("networks in %s.py", async (module, those) => {
  const file = fileURLToPath(new URL(`./networks/${module}.py`, import.meta.url));
  those.forEach(verifyPart);
  await expect(networksPy(those, author)).toMatchFileSnapshot(file);
});
