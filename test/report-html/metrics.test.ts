/** The report and the docs know the metrics that the runtime's registry has. */
// @module-tag python
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { metrics } from "../../src/report/html/run/measurements.ts";
import { root } from "../e2e/litevae.ts";
import { pythonPath } from "../support/torch-server.ts";

const question = `
import json
from litevae_runtime.evaluation.instruments import _ADD
from litevae_runtime.metrics.registry import NAMES, QUALITY
figures = [{"key": figure.key, "better": figure.better} for metric in QUALITY for figure in metric.figures]
print(json.dumps({"names": NAMES, "figures": figures, "quality": [metric.name for metric in QUALITY], "built": list(_ADD)}))
`;

interface Answer {
  readonly names: readonly string[];
  readonly figures: readonly { readonly key: string; readonly better: string }[];
  readonly quality: readonly string[];
  readonly built: readonly string[];
}

describe("the registry of metrics", () => {
  let answer: Answer;
  beforeAll(() => {
    const env = { ...process.env, PYTHONPATH: join(root, "runtime", "src") };
    const { status, stdout, stderr } = spawnSync(pythonPath(), ["-c", question], { encoding: "utf8", env });
    if (status !== 0) throw new Error(stderr);
    answer = JSON.parse(stdout) as Answer;
  }, 60_000);

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
