/** `litevae verify` of a model whose parts take more than images and latents, and share weights. */
// @module-tag python
// @module-tag slow
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Verification } from "../../src/onnxruntime/verify.ts";
import { litevae } from "../e2e/in-process.ts";
import { command, environment, root, tempFolder } from "../e2e/litevae.ts";
import { pythonPath } from "../support/python.ts";

const folder = tempFolder();

test.each([
  ["encoder,decoder", ["encoder.mean", "encoder.logvar", "encoder.skip", "decoder.image"]],
  ["decoder", ["decoder.image"]],
])("graphs and package agree, of %s", async (parts, outputs) => {
  const model = join(root, "examples/inpainting.ts");
  const compiled = await litevae(folder, "compile", model, "-o", parts, "--target", "onnx,torch", "--parts", parts);
  expect(compiled.code, compiled.stderr).toBe(0);
  const options = { cwd: folder, encoding: "utf8", env: { ...environment, LITEVAE_PYTHON: pythonPath() } } as const;
  const args = [command, "verify", parts, "--size", "16", "--format", "json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, options);
  expect(status, stderr).toBe(0);
  const found = JSON.parse(stdout) as Verification;
  expect(found.outputs.map(({ output, ok, sensitive }) => [output, ok, sensitive])).toEqual(
    outputs.map((output) => [output, true, true]),
  );
});
