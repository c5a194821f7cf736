/** What the DSL says of the Python runtime is what the runtime says of itself. */
// @module-tag python
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { logvarRange } from "../../dsl/model.ts";
import { autoencoderAttributes } from "../../dsl/names.ts";
import { root } from "../e2e/litevae.ts";
import { pythonPath } from "../support/torch-server.ts";

const question = `
import json
from torch import nn
from litevae_runtime.nn.autoencoder import LOGVAR_RANGE, AutoencoderBase
names = dir(AutoencoderBase) + list(AutoencoderBase.__annotations__)
taken = {name for name in names if not name.startswith("_")} - {*dir(nn.Module()), *nn.Module.__annotations__}
print(json.dumps({"logvar": LOGVAR_RANGE, "attributes": sorted(taken)}))
`;

interface Answer {
  readonly logvar: readonly number[];
  readonly attributes: readonly string[];
}

describe("the runtime and the DSL have the same", () => {
  let answer: Answer;
  beforeAll(() => {
    const env = { ...process.env, PYTHONPATH: join(root, "runtime", "src") };
    const { status, stdout, stderr } = spawnSync(pythonPath(), ["-c", question], { encoding: "utf8", env });
    if (status !== 0) throw new Error(stderr);
    answer = JSON.parse(stdout) as Answer;
  }, 60_000);

  test("range of log-variances", () => {
    expect(answer.logvar).toEqual([logvarRange.min, logvarRange.max]);
  });
  test("names that stages leave free, since the autoencoder has them", () => {
    expect([...autoencoderAttributes].sort()).toEqual([...answer.attributes].sort());
  });
});
