/** What a run's page says of measures that it lacks. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { missingList } from "../../src/report/html/run/missing.ts";
import { readRun } from "../../src/report/html/run/read.ts";
import { tempFolder, write } from "../e2e/litevae.ts";
import { evaluation } from "./run-folder.ts";

const folder = tempFolder();

test("a measure is lacking for the reason that its evaluation gave", async () => {
  write(folder, { "run/evaluation.json": JSON.stringify(evaluation), "run/metrics.jsonl": "" });
  const text = missingList(await readRun(join(folder, "run")), "litevae_nano")!.text.replace(/<[^>]*>/g, "");
  for (const { metric, reason, sizes } of evaluation.missing)
    expect(text).toContain(
      `evaluation.json lacks ${metric}${sizes === undefined ? "" : " at 8, 10"}: ${reason.replaceAll("'", "&#39;")}.`,
    );
  expect(text).not.toContain("was not there");
});
