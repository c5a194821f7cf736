/** `compare --format html`, opened in a browser. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae, tempFolder, tinyModel, write } from "../e2e/litevae.ts";
import { accessibilityFaults, browser, executable, overflow } from "./browser.ts";

const folder = tempFolder();
const report = join(folder, "report.html");
const costs = "table:has(caption:text-is('Cost of every part'))";

interface Costs {
  readonly model: string;
  readonly parts: Readonly<Record<string, { readonly params: number; readonly macs: number }>>;
}

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
  const written = litevae(folder, "compare", "s", "b", "tiny.ts", "--format", "html", "-o", "report.html");
  expect(written).toEqual({ code: 0, stdout: "", stderr: "" });
});

test("one input gives one file, on stdout too, and the file names nothing to load", () => {
  const text = readFileSync(report, "utf8");
  expect(litevae(folder, "compare", "s", "b", "tiny.ts", "--format", "html").stdout).toBe(text);
  const addresses = [...text.matchAll(/\b(?:https?:)?\/\/[a-z][^\s"'<)]*/g)].map(([address]) => address);
  expect(addresses).toEqual([]);
});

describe.skipIf(executable === undefined)("in a browser", () => {
  const open = browser();

  test("a value read there is that of --format json", async () => {
    const page = await open(report);
    const models = JSON.parse(litevae(folder, "compare", "s", "b", "tiny.ts", "--format", "json").stdout) as readonly Costs[];
    for (const { model, parts } of models) {
      const row = page.locator(costs).locator("tbody tr", { hasText: model }).filter({ hasText: "encoder" });
      const cells = await row.locator("th, td").allTextContents();
      expect(cells).toEqual(expect.arrayContaining([parts["encoder"]?.macs.toLocaleString("en-US")]));
    }
  });

  test("a table sorts by clicks and by keys", async () => {
    const page = await open(report);
    const titles = await page.locator(costs).locator("thead th button").allTextContents();
    const column = titles.indexOf("MACs");
    const heading = page.locator(costs).locator("thead th").nth(column);
    const values = async (): Promise<readonly number[]> => {
      const texts = await page
        .locator(costs)
        .locator(`tbody tr > :nth-child(${column + 1})`)
        .allTextContents();
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

  test.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("nothing is inaccessible or wider than the window: %s, %i pixels", async (scheme, width) => {
    const page = await open(report, { scheme, width });
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
  });
});
