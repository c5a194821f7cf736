/** `litevae report`, and its page in a browser. */
// @module-tag slow
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { pointLimit, thinned } from "../../src/report/html/run/thin.ts";
import { failure, litevae } from "../e2e/in-process.ts";
import { tempFolder, write } from "../e2e/litevae.ts";
import { accessibilityFaults, browser, executable, overflow } from "./browser.ts";
import { benchmark, evaluation, log, writeRun } from "./run-folder.ts";

const folder = tempFolder();
const page = join(folder, "whole/report.html");

beforeAll(async () => {
  await writeRun(join(folder, "bare"));
  cpSync(join(folder, "bare"), join(folder, "whole"), { recursive: true });
  write(join(folder, "whole"), {
    "evaluation.json": JSON.stringify(evaluation),
    "evaluation-cut.json": "",
    "evaluation-old.json": JSON.stringify({ ...evaluation, format: "litevae-evaluation-0" }),
    "benchmark.json": JSON.stringify(benchmark),
  });
  expect(await litevae(folder, "report", "whole")).toMatchObject({ code: 0, stdout: "whole/report.html\n" });
});

test("what cannot be read is told, and everything else is reported", async () => {
  const { code, stderr } = await litevae(folder, "report", "whole", "-o", "again.html");
  expect(code).toBe(0);
  expect(`\n${stderr}`).toMatchInlineSnapshot(`
    "
    note: 1 line of metrics.jsonl cannot be read and is left out
      help:     a process that is killed leaves half a line: resuming the run with --resume auto removes it
    note: evaluation-cut.json is not JSON and is left out
      found:    Unexpected end of JSON input
      help:     measure again, which writes it anew
    note: evaluation-old.json is not of a form that is known and is left out
      found:    format: Invalid input: expected "litevae-evaluation-1"
      help:     measure again with the package that this litevae compiles
    "
  `);
});

test("a broken recipe is told with what brings it back, and a corrupt image gives way to another", async () => {
  await writeRun(join(folder, "broken"));
  write(join(folder, "broken"), { "recipe.json": "{", "samples/step-00000800.png": "cut off", "metrics.jsonl": "" });
  const { code, stderr } = await litevae(folder, "report", "broken");
  expect(code).toBe(0);
  expect(`\n${stderr}`).toMatchInlineSnapshot(`
    "
    note: recipe.json cannot be read and is left out
      expected: a JSON object
      help:     delete it, and resume with --recipe FILE, or without for the package’s recipe: a run that goes on writes it anew
    note: samples/step-00000800.png is not a readable image and is left out
      help:     copy it again from where the run was trained, or delete it
    "
  `);
  const text = readFileSync(join(folder, "broken/report.html"), "utf8");
  expect([...text.matchAll(/<h3>Step (\d+)/g)].map(([, step]) => step)).toEqual(["0", "200", "500", "700"]);
});

test("one run gives one file, which names nothing to load and is small", async () => {
  const text = readFileSync(page, "utf8");
  await litevae(folder, "report", "whole", "-o", "again.html");
  expect(readFileSync(join(folder, "again.html"), "utf8")).toBe(text);
  const loading = [...text.matchAll(/<[^>]*\s(?:src|srcset|poster|data)="(?!data:image\/webp;base64,)[^>]*>|@import|\burl\(/g)];
  expect(loading.map(([found]) => found)).toEqual([]);
  expect(text.match(/<img /g)).toHaveLength(4);
  expect(statSync(page).size).toBeLessThan(2e6);
});

test("a curve has a bounded number of points, whose means and spreads are those of the log", () => {
  const readings = log.map(({ step, l1 }) => ({ step, value: Number(l1) }));
  const points = thinned(readings);
  expect(points.length).toBeLessThanOrEqual(pointLimit);
  expect(points.reduce((sum, { count }) => sum + count, 0)).toBe(readings.length);
  expect(points.reduce((sum, { value, count }) => sum + value * count, 0)).toBeCloseTo(
    readings.reduce((sum, { value }) => sum + value, 0),
    9,
  );
  expect(points.at(-1)?.step).toBe(readings.at(-1)?.step);
  expect(points[0]).toMatchObject({ high: 0.5, count: 17 });
  const few = [
    { step: 1, value: 2 },
    { step: 5, value: 7 },
  ];
  expect(thinned(few)).toEqual(few.map((reading) => ({ ...reading, low: reading.value, high: reading.value, count: 1 })));
});

test("a folder that is no run, or none", async () => {
  mkdirSync(join(folder, "other"), { recursive: true });
  writeFileSync(join(folder, "other/notes.txt"), "");
  expect(await failure(folder, 1, "report", "other")).toMatchInlineSnapshot(`
    "
    error: other is not the folder of a training run
      expected: metrics.jsonl or recipe.json in it
      found:    notes.txt
      help:     give the folder that was the trainer's --output
    "
  `);
  expect(await failure(folder, 1, "report", "nowhere")).toMatchInlineSnapshot(`
    "
    error: nowhere is not a folder
      expected: what the trainer wrote: the folder of its --output
      help:     check the path; python -m litevae_….train --data IMAGES --output RUN makes a run
    "
  `);
});

describe.skipIf(executable === undefined)("in a browser", { tags: "browser" }, () => {
  const open = browser();
  const table = (at: Page, caption: string): Locator => at.locator(`table:has(caption:text-is("${caption}"))`);
  const rowsOf = async (at: Page, caption: string): Promise<readonly string[][]> => {
    const rows = await table(at, caption).locator("tbody tr").all();
    return await Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
  };

  test("key figures, evaluation and benchmark read as in the files", async () => {
    const at = await open(page);
    const key = (name: string): Promise<string> => at.getByRole("region", { name, exact: true }).innerText();
    expect(await key("steps")).toMatch(/20,000\s+of 20,100/);
    expect(await key("validation PSNR")).toMatch(/27\.50 dB\s+best, at step 10,000, on training images/);
    expect(await at.locator("#quality").innerText()).toContain("Validation: training images (data.validation_share is 0)");
    const norms = at.locator("figure", { hasText: "Gradient norms before clipping" }).locator(".plot-wide");
    // The second phase begins after step 12,000, and was logged at 12,010 first.
    const place = async (line: Locator): Promise<number> =>
      Number(/translate\(([\d.]+),/.exec((await line.getAttribute("transform")) ?? "")?.[1]);
    const [mark, end] = [
      norms.locator("line[stroke-dasharray]").first(),
      norms.locator(".role-axis-label text").filter({ hasText: "20,000" }),
    ];
    expect((await place(mark)) / (await place(end))).toBeCloseTo(0.6, 4);
    expect(await norms.locator(".role-legend").textContent()).toBe("autoencoder");
    expect(await rowsOf(at, "Distance of the latents to a standard Gaussian, MMD²")).toEqual([["25", "0.00125"]]);
    expect(await key("skipped steps")).toMatch(/\b3\b/);
    expect(await rowsOf(at, "Measured quality, evaluation.json")).toEqual([
      ["128", "50", "0.1250", "24.50", "0.7500"],
      ["256", "50", "0.06250", "25.50", "0.8750"],
    ]);
    expect(await rowsOf(at, "Measured speed, benchmark.json")).toEqual([
      ["encoder", "eager, fp32", "1", "12.50", "0.08000", "1.00 MiB", "6"],
      ["encoder", "eager, fp32", "8", "out of memory", "", "", "0"],
    ]);
    expect(
      (await rowsOf(at, "PSNR")).filter(([, curve]) => curve === "validation").map(([step, , value]) => [step, value]),
    ).toEqual([
      ["5,000", "22.13"],
      ["10,000", "27.50"],
      ["20,000", "25.25"],
    ]);
  });

  test("the recipe shows what was changed from its default", async () => {
    const at = await open(page);
    const rows = await rowsOf(at, "Recipe: what it had to choose, and what it changed");
    expect(rows).toContainEqual(["losses.kl", "0.0001", "0.001", "changed"]);
    expect(rows).toContainEqual(["phases.1.resolution", "128", "", ""]);
    expect(rows.map(([field]) => field)).not.toContain("losses.l1");
  });

  test("the paper's figures are in a section of their own, and in no table or chart of what was measured", async () => {
    const at = await open(page);
    expect(await at.locator("#paper h2").innerText()).toBe("The paper’s figures");
    expect(await at.locator("section:not(#paper)").getByText("LiteVAE-B").count()).toBe(0);
    expect(await at.locator("#paper").getByText("nano").count()).toBe(0);
  });

  test("what a run lacks is said, with the command that makes it", async () => {
    rmSync(join(folder, "bare/samples"), { recursive: true });
    await litevae(folder, "report", "bare");
    const at = await open(join(folder, "bare/report.html"));
    const missing = await at.locator("#missing").innerText();
    expect(missing).toContain("python -m litevae_nano.evaluate --data IMAGES --weights bare");
    expect(missing).toContain("python -m litevae_nano.benchmark --weights bare");
    expect(missing).toContain("1 line of metrics.jsonl cannot be read");
    expect(missing).toContain("No image grids");
    expect(await at.locator("#images, #evaluation, #benchmark").count()).toBe(0);
  });

  test("names from a run are text, whatever they are", async () => {
    const phase = `<script>document.title = "owned"</script>`;
    write(folder, {
      "hostile/metrics.jsonl": [1, 2, 3]
        .map((step) => JSON.stringify({ step, phase: `${phase}${step > 1 ? "2" : ""}`, loss: step, [`"><b>`]: 1 }))
        .join("\n"),
      "hostile/config.json": JSON.stringify({ model: `<img src=x onerror=alert(1)>` }),
      "hostile/recipe.json": JSON.stringify({ name: phase, [phase]: [{ a: phase }] }),
    });
    expect(await litevae(folder, "report", "hostile")).toMatchObject({ code: 0 });
    const at = await open(join(folder, "hostile/report.html"));
    expect(await at.title()).toBe("hostile · litevae");
    expect(await at.locator("main script, main b, main img").count()).toBe(0);
    expect(await at.locator(".lead").innerText()).toContain(phase);
  });

  test.each([
    ["light", 1280],
    ["dark", 390],
  ] as const)("nothing is inaccessible or wider than the window: %s, %i pixels", async (scheme, width) => {
    const at = await open(page, { scheme, width });
    await at.evaluate(
      "for (const fold of document.querySelectorAll('details')) fold.open = !fold.matches('.data') || fold === document.querySelector('.data')",
    );
    expect(await accessibilityFaults(at)).toEqual([]);
    expect(await overflow(at)).toBe(0);
    const cut = "[...document.querySelectorAll('.image-columns span')].filter((one) => one.scrollWidth > one.clientWidth)";
    expect(await at.evaluate(`${cut}.length`)).toBe(0);
    expect(await at.locator("#losses .plot:visible").first().textContent()).toContain("reconstruction");
  });
});
