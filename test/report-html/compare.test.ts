/** `compare --format html`, opened in a browser. */
// @module-tag slow
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Locator, Page } from "playwright-core";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { tempFolder, tinyModel, write } from "../e2e/litevae.ts";
import { accessibilityFaults, browser, executable, overflow } from "./browser.ts";

const folder = tempFolder();
const report = join(folder, "report.html");
const hostile = `<script>document.title = "owned"</script><b title="'">&amp; ${"x".repeat(200)}`;

interface Costs {
  readonly model: string;
  readonly parts: Readonly<
    Record<
      string,
      { readonly params: number; readonly macs: number; readonly flops: number; readonly [memory: `${string}Bytes`]: number }
    >
  >;
}

beforeAll(async () => {
  const named = tinyModel.replace("model({", `model({ name: ${JSON.stringify(hostile)},`);
  write(folder, { "tiny.ts": tinyModel, "hostile.ts": named });
  const written = await litevae(folder, "compare", "s", "tiny.ts", "--format", "html", "-o", "report.html");
  expect(written).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("one input gives one file, on stdout too, which names nothing to load", async () => {
  const text = readFileSync(report, "utf8");
  expect((await litevae(folder, "compare", "s", "tiny.ts", "--format", "html")).stdout).toBe(text);
  const addresses = [...text.matchAll(/\b(?:https?:)?\/\/[a-z][^\s"'<)]*/g)].map(([address]) => address);
  expect([...new Set(addresses)]).toEqual(["https://arxiv.org/abs/2405.14477"]);
  const loading = [...text.matchAll(/<[^>]*\s(?:src|srcset|poster|data)=[^>]*>|@import|\burl\(/g)].map(([found]) => found);
  expect(loading).toEqual([]);
});

test("four models of hundreds of modules stay below 2 MB, and a budget that is not kept is told as ever", async () => {
  const args = ["compare", "s", "b", "m", "sd-vae", "--budget", "encoder=7M", "--format", "html", "-o", "four.html"];
  const { code, stderr } = await litevae(folder, ...args);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^error: m: encoder has 32,754,748 parameters, 25,754,748 over the budget of 7,000,000$/m);
  expect(statSync(join(folder, "four.html")).size).toBeLessThan(2e6);
  const text = readFileSync(join(folder, "four.html"), "utf8");
  expect(text).toContain('aria-label="m; 32,754,748 parameters; 25,754,748 over the budget"');
  // By module as well: 1,686,220 of 7,000,000.
  expect(text).toContain('aria-label="b: extractors.0; 1,686,220 parameters; 24.1 % of the budget"');
});

describe.skipIf(executable === undefined)("in a browser", { tags: "browser" }, () => {
  const open = browser();
  const table = (page: Page, caption: string): Locator => page.locator(`table:has(caption:text-is("${caption}"))`);

  test("values read there are those of --format json", async () => {
    const page = await open(report);
    const models = JSON.parse((await litevae(folder, "compare", "s", "tiny.ts", "--format", "json")).stdout) as readonly Costs[];
    const rows = await table(page, "Cost of every part").locator("tbody tr").all();
    const shown = await Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
    const expected = models.flatMap(({ model, parts }) =>
      Object.entries(parts).map(([part, { params, macs, flops, ...memory }]) => {
        const figures = [params, macs, flops, ...Object.values(memory)].map((value) => value.toLocaleString("en-US"));
        return [model, part, ...figures];
      }),
    );
    expect(shown.map(([model, part, _, ...figures]) => [model, part, ...figures])).toEqual(expected);
  });

  test("a table sorts by clicks and by keys", async () => {
    const page = await open(report);
    const costs = table(page, "Cost of every part");
    const column = (await costs.locator("thead th button").allTextContents()).indexOf("MACs");
    const heading = costs.locator("thead th").nth(column);
    const values = async (): Promise<readonly number[]> => {
      const texts = await costs.locator(`tbody tr > :nth-child(${column + 1})`).allTextContents();
      return texts.map((text) => Number(text.replaceAll(",", "")));
    };
    const original = await values();
    await heading.locator("button").click();
    expect(await heading.getAttribute("aria-sort")).toBe("descending");
    expect(await values()).toEqual(original.toSorted((a, b) => b - a));
    await heading.locator("button").focus();
    await page.keyboard.press("Enter");
    expect(await heading.getAttribute("aria-sort")).toBe("ascending");
    expect(await values()).toEqual(original.toSorted((a, b) => a - b));
    await page.keyboard.press("Space");
    expect(await heading.getAttribute("aria-sort")).toBe(null);
    expect(await values()).toEqual(original);
  });

  test("a chart is read by keys, and by pointing at it", async () => {
    const page = await open(report);
    const chart = page.getByRole("group", { name: "Chart: Parameters of the encoder. Arrow keys read its values." });
    const reading = page.getByRole("status");
    await chart.focus();
    await page.keyboard.press("ArrowRight");
    expect(await reading.innerText()).toBe("s\n1,038,012 parameters");
    await page.keyboard.press("ArrowRight");
    expect(await reading.innerText()).toMatch(/^tiny\n/);
    await page.keyboard.press("Escape");
    expect(await reading.isVisible()).toBe(false);
    await chart.locator(".plot-wide path[aria-label^='s;']").hover();
    expect(await reading.innerText()).toBe("s\n1,038,012 parameters");
  });

  test("the graph of modules opens and closes by keys, and a block leads to what is inside it", async () => {
    const page = await open(report);
    const encoder = page.locator("[id='m0-part-encoder']");
    await encoder.locator("> summary").focus();
    await page.keyboard.press("Enter");
    expect(await encoder.getAttribute("open")).toBe("");
    await page.keyboard.press("Enter");
    expect(await encoder.getAttribute("open")).toBe(null);
    await page.keyboard.press("Enter");
    await encoder.locator("> .drawing a").focus();
    await page.keyboard.press("Enter");
    await page.locator("[id='m0-encoder'] > .drawing a").first().focus();
    await page.keyboard.press("Enter");
    const inside = page.locator("[id='m0-encoder.extractors.0']");
    await inside.locator("> summary").waitFor();
    // Every line ends in an arrow.
    const lines: string[] = await page.evaluate(
      "[...document.querySelectorAll('.graph path')].map((path) => path.getAttribute('d'))",
    );
    expect(lines.length).toBeGreaterThan(100);
    expect(lines.filter((line) => !/L([\d.-]+ [\d.-]+)M[\d.-]+ [\d.-]+L\1L/.test(line))).toEqual([]);
    expect(await inside.locator("> summary").innerText()).toMatch(
      /extractors\.0 UNet\s+12×128×128 · 258 k parameters · 4\.18 GMACs/,
    );
  });

  test("the theme follows the system, and the button", async () => {
    const ground = (page: Page): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    const [light, dark] = [await open(report), await open(report, { scheme: "dark" })];
    const [white, black] = [await ground(light), await ground(dark)];
    expect(white).not.toBe(black);
    await light.getByRole("button", { name: "Dark theme" }).click();
    expect(await ground(light)).toBe(black);
    await light.reload();
    expect(await ground(light)).toBe(black);
    await dark.getByRole("button", { name: "Light theme" }).click();
    expect(await ground(dark)).toBe(white);
  });

  test("without its script a page shows every figure", async () => {
    const page = await open(report, { script: false });
    expect(await table(page, "Cost of every part").innerText()).toContain("1,038,012");
    expect(await page.locator("figure svg").first().isVisible()).toBe(true);
    // As the caption says: from line to line four times the bytes.
    const lines = await page.locator("#memory .plot-wide").first().locator(".role-axis-label text").allTextContents();
    expect(lines.filter((line) => line.endsWith("iB")).slice(0, 5)).toEqual(["64 KiB", "256 KiB", "1 MiB", "4 MiB", "16 MiB"]);
    expect(await page.getByRole("button", { name: "theme" }).count()).toBe(0);
  });

  test("a model's name is text, whatever it is", async () => {
    await litevae(folder, "compare", "hostile.ts", "tiny.ts", "--format", "html", "-o", "hostile.html");
    const page = await open(join(folder, "hostile.html"));
    expect(await page.title()).toBe(`${hostile} and tiny · litevae`);
    expect(await page.locator("h1").innerText()).toBe(`${hostile} and tiny`);
    expect(await page.locator("main script, main b").count()).toBe(0);
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 });
      expect(await overflow(page)).toBe(0);
    }
    // Where they cost alike, names of models stand one above the other.
    const names = page
      .locator("#paper .plot-narrow")
      .first()
      .locator("text")
      .filter({ hasText: /^(?:tiny|<script>.*…)$/ });
    const boxes = await Promise.all((await names.all()).map((name) => name.boundingBox()));
    expect(new Set(boxes.map((box) => box?.y)).size).toBe(2);
    expect((await table(page, "Modules that differ").count()) + (await page.getByText("No module differs").count())).toBe(1);
  });

  test.each([
    ["light", 1280],
    ["dark", 390],
  ] as const)("nothing is inaccessible or wider than the window: %s, %i pixels", async (scheme, width) => {
    const page = await open(report, { scheme, width });
    await page.evaluate(
      "for (const fold of document.querySelectorAll('details')) fold.open = fold.closest('#graph, .data') === null || fold.matches('#graph > * > details, [id=m0-part-encoder]')",
    );
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    const table = page.locator("#figures .table-frame");
    await page.evaluate("document.querySelector('#figures .table-frame').scrollBy(1000, 0)");
    const [frame, name] = [await table.boundingBox(), await table.locator("tbody th").first().boundingBox()];
    expect(name?.x).toBe(frame?.x);
  });
});
