/** JSON that is given as weights is told with the weights that it is about. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openWeights } from "../../src/artifact/weights-file.ts";
import { UserError } from "../../src/errors/index.ts";
import { tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();
write(folder, {
  "checkpoints/best.json": '{ "step": 5, "phase": 0, "metric": "psnr", "value": 20 }',
  "checkpoints/step-00000005/average.safetensors": "",
  "checkpoints/step-00000005/state.json": "{}",
  "alone/config.json": "{}",
});
const weights = `give --weights ${join(folder, "checkpoints/step-00000005/average.safetensors")}`;

test.each([
  ["checkpoints/best.json", "JSON, which says that step 5 is the best so far", weights],
  ["checkpoints/step-00000005/state.json", "JSON", weights],
  ["alone/config.json", "JSON", "give --weights a safetensors file, or a folder with one"],
])("%s", (name, found, help) => {
  const path = join(folder, name);
  let told: unknown;
  try {
    openWeights(path);
  } catch (error) {
    told = error instanceof UserError ? error.reports : error;
  }
  expect(told).toEqual([{ what: `cannot read the weights ${path}`, found, help }]);
});
