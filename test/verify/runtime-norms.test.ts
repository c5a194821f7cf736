/** `litevae verify` of graphs whose norms are the runtime's own, which that rounds: neither graph nor model is wrong. */
// @module-tag python
// @module-tag slow
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { tempFolder, write } from "../e2e/litevae.ts";
import { warmPython } from "../support/warm-python.ts";

const folder = tempFolder();
const warm = warmPython();

beforeAll(() => {
  vi.stubEnv("LITEVAE_PYTHON", warm());
  const text = `import { block, conv2d, groupNorm, layers, network, type Feature } from "litevae/dsl";
const Block = block("Block", () => {
  const { conv, norm } = layers({ conv: conv2d({ in: 3, out: 4, kernel: 1 }), norm: groupNorm({ channels: 4, groups: 4 }) });
  return (x: Feature<3, 1>) => norm(conv(x));
});
export default network({ name: "own", inputs: [{ name: "image", channels: 3 }], block: Block() });`;
  write(folder, { "own.ts": text });
});

afterAll(() => {
  vi.unstubAllEnvs();
});

test("is told what may be off, where another --for is exact", async () => {
  const flags = ["--target", "onnx,torch", "--opset", "21"];
  for (const audience of ["gpu", "web"])
    expect((await litevae(folder, "compile", "own.ts", "-o", audience, "--for", audience, ...flags)).code).toBe(0);
  const result = await litevae(folder, "verify", "gpu", "--size", "256");
  expect(result.code).toBe(1);
  expect(result.stderr).toContain(
    "help:     --for gpu leaves norms to the runtime, and onnxruntime's on a processor round on flat",
  );
  expect((await litevae(folder, "verify", "web", "--size", "256")).code).toBe(0);
});
