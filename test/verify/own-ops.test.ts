/** `litevae verify` of a model with an op of the author's own. */
// @module-tag python
// @module-tag slow
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import type { Verification } from "../../src/onnxruntime/verify.ts";
import { litevae } from "../e2e/in-process.ts";
import { manifestOf, tempFolder, write } from "../e2e/litevae.ts";
import { warmPython } from "../support/warm-python.ts";

const folder = tempFolder();
const warm = warmPython();

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A network with an op that is not one function in ONNX and in PyTorch. */
const twoForms = `import { avgPool2d, block, conv2d, layers, network, silu, type Feature } from "litevae/dsl";
import { anyMap, apply, defineOp, elementCount, pyCall, pyInput, pySymbol } from "litevae/op";

const bent = defineOp({
  name: "bent",
  doc: "Two things.",
  infer: ([x]) => [x],
  onnx: (writer, [x]) => [writer.node("Tanh", [x])],
  torch: { kind: "function", call: (inputs) => pyCall(pySymbol("F", "relu"), [pyInput(inputs)]) },
  saves: ([x]) => ({ bytes: 4 * elementCount(x) }),
  sample: (choose) => ({ attrs: {}, inputs: [anyMap(choose)] }),
});

const Net = block("Net", () => {
  const { conv } = layers({ conv: conv2d({ in: 3, out: 4 }) });
  return (x: Feature<3, 1>) => {
    const h = silu(conv(x));
    return { right: h, wrong: apply(bent, {}, [h], bent), half: avgPool2d(x, { size: 2 }) };
  };
});

export default network({ inputs: [{ name: "image", channels: 3 }], block: Net() });
`;

test("graphs and package are told apart by the op of one's own whose forms differ, and outputs without parameters are not weighed", async () => {
  write(folder, { "forms.ts": twoForms });
  const compiled = await litevae(folder, "compile", "forms.ts", "-o", "forms", "--target", "onnx,torch");
  expect(compiled.code, compiled.stderr).toBe(0);
  expect(manifestOf(join(folder, "forms")).parts["network"]).toMatchObject({
    unlearned: ["half"],
    own_ops: { wrong: ["bent"] },
  });
  vi.stubEnv("LITEVAE_PYTHON", warm());
  const result = await litevae(folder, "verify", "forms", "--size", "32", "--format", "json");
  expect(result.code).toBe(1);
  expect(result.stderr).not.toContain("warning");
  expect(result.stderr).toMatch(/found: +network\.wrong off by/);
  expect(result.stderr).toContain(
    "the model's own bent may be another function in its torch form than in its onnx form: testOp of litevae/op/test compares them",
  );
  expect((JSON.parse(result.stdout) as Verification).outputs.map(({ output, ok }) => [output, ok])).toEqual([
    ["network.right", true],
    ["network.wrong", false],
    ["network.half", true],
  ]);
});
