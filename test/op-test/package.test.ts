/** Ops of one's own through the built command line and the package's own entries: what a user has. */
// @module-tag python
// @module-tag slow
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Verification } from "../../src/onnxruntime/verify.ts";
import { environment, litevae, photos, root, tempFolder, write, type Result } from "../e2e/litevae.ts";
import { pythonPath, runPython, strictMypy } from "../support/python.ts";
import { warmPython } from "../support/warm-python.ts";

const folder = tempFolder();
const warm = warmPython();
const model = fileURLToPath(new URL("./model.ts", import.meta.url));

function done(...args: readonly string[]): Result {
  const result = litevae(folder, ...args);
  expect(result.code, result.stderr).toBe(0);
  return result;
}

/** Runs Node in the folder, with a Python that has torch. */
function node(python: string, ...args: readonly string[]): Result {
  const env = { ...environment, LITEVAE_PYTHON: python };
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8", env });
  return { code: status, stdout, stderr };
}

test("a model of them is checked, counted, compiled, verified and run", () => {
  done("check", model);
  const [counts] = JSON.parse(done("compare", model, "--size", "64", "--format", "json").stdout) as {
    parts: Record<string, { macs: number }>;
  }[];
  // Attention over 8 × 8 positions of 8 channels, and the convolutions.
  const convolutions = 32 * 32 * 8 * 9 * (3 + 6 * 8) + 8 * 8 * 8 * 16 * 8;
  expect(counts?.parts["encoder"]?.macs).toBe(convolutions + 2 * 8 * (8 * 8) ** 2);
  done("compile", model, "-o", "out", "--target", "onnx,torch");
  const verified = node(pythonPath(), join(root, "dist/bin/litevae.js"), "verify", "out", "--size", "64", "--format", "json");
  expect(verified.code, verified.stderr).toBe(0);
  const { outputs, reference } = JSON.parse(verified.stdout) as Verification;
  expect(reference?.package).toBe("litevae_model");
  for (const { difference, bound } of outputs) expect(difference).toBeLessThan(bound as number);
  done("run", "out", join(photos, "chelsea.png"), "-o", "image");
  done("compare", model, "--format", "html", "-o", "report.html");
  mkdirSync(join(folder, "images"));
  copyFileSync(join(photos, "chelsea.png"), join(folder, "images/chelsea.png"));
  done("compile", model, "-o", "half", "--precision", "fp16", "--calibrate", "images");
});

test("the package has their Python, and nothing that tools find", () => {
  const own = join(folder, "out/litevae_model/ops");
  expect(readFileSync(join(own, "gates.py"), "utf8")).toBe(readFileSync(join(root, "test/op-test/python/gates.py"), "utf8"));
  expect(readFileSync(join(folder, "out/pyproject.toml"), "utf8")).toContain('"litevae_model.ops"');
  const files = ["out/litevae_model/model.py", "out/litevae_model/ops"];
  const settings = ["--isolated", "--line-length", "110", "--target-version", "py311", "--no-cache"];
  runPython(["-m", "ruff", "format", "--check", ...settings, ...files], { cwd: folder });
  runPython(["-m", "ruff", "check", ...settings, "--select", "E,F,I,UP,B", ...files], { cwd: folder });
  runPython([...strictMypy, ...files], { cwd: folder });
});

test("entries of the package go together", () => {
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules/litevae"));
  write(folder, {
    "test.mjs": `import { apply, defineOp, pyBinary, pyConstant, pyInput } from "litevae/op";
import { testOp, OpFault } from "litevae/op/test";
import { block, network } from "litevae/dsl";
const op = (factor) => defineOp({
  name: "doubled", doc: "2x.", infer: ([x]) => [x], saves: () => ({}),
  onnx: (writer, [x]) => [writer.node("Mul", [x, writer.constant("factor", [], [factor])])],
  torch: { kind: "function", call: (inputs) => pyBinary("*", pyConstant(2), pyInput(inputs)) },
  sample: (choose) => ({ attrs: {}, inputs: [[1, choose.int(1, 4)]] }),
});
const Body = block("Body", () => (x) => apply(op(2), {}, [x], Body));
console.log(network({ inputs: [{ channels: 3 }], block: Body() }).parts[0].graph.nodes.length);
console.log((await testOp(op(2), { samples: 3 })).python === process.env.LITEVAE_PYTHON);
await testOp(op(3)).catch((error) => console.log(error instanceof OpFault, error.message.split("\\n")[0].slice(0, 60)));
`,
  });
  const { code, stdout, stderr } = node(warm(), "test.mjs");
  expect(code, stderr).toBe(0);
  expect(stdout).toBe("1\ntrue\ntrue doubled: output 0 in operator set 18 differs from PyTorch by\n");
});
