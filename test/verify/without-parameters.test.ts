/** `litevae verify` of a part that has no parameters: no weights are said to be told little of. */
// @module-tag python
// @module-tag slow
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import type { Verification } from "../../src/onnxruntime/verify.ts";
import { litevae } from "../e2e/in-process.ts";
import { command, environment, tempFolder, write } from "../e2e/litevae.ts";
import { pythonPath } from "../support/python.ts";

const folder = tempFolder();

test("a wavelet transform is compared, and nothing is warned of", async () => {
  write(folder, {
    "wavelet.ts": `import { block, haarDwt, network, type Feature } from "litevae/dsl";
const Wavelet = block("Wavelet", () => (x: Feature<3, 1>) => haarDwt(x));
export default network({ inputs: [{ channels: 3 }], block: Wavelet() });
`,
  });
  const compiled = await litevae(folder, "compile", "wavelet.ts", "-o", "out", "--target", "onnx,torch");
  expect(compiled.code, compiled.stderr).toBe(0);
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "verify", "out", "--size", "16", "--format", "json"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...environment, LITEVAE_PYTHON: pythonPath() },
  });
  expect(status, stderr).toBe(0);
  expect(stderr).not.toContain("warning");
  const { outputs } = JSON.parse(stdout) as Verification;
  expect(outputs.map(({ ok, sensitive }) => [ok, sensitive])).toEqual(outputs.map(() => [true, undefined]));
  expect(outputs.length).toBeGreaterThan(0);
});
