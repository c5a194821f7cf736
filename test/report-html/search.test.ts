/** `search --format html`, opened in a browser. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder } from "../e2e/litevae.ts";
import { accessibilityFaults, browser, executable, overflow } from "./browser.ts";

const folder = tempFolder();
const page = join(folder, "search.html");
const args = [
  ...["search", join(root, "examples/searchable.ts"), "--vary", "channels=8..32:4,multipliers=1-2-4|1-1-2|2-2-2"],
  ...["--budget", "encoder=150k", "--size", "64", "--more", "params"],
];

beforeAll(async () => {
  const { code, stderr } = await litevae(folder, ...args, "--format", "html", "-o", "search.html");
  expect(code, stderr).toBe(0);
});

test("one input gives one file, which loads nothing", async () => {
  const text = readFileSync(page, "utf8");
  expect((await litevae(folder, ...args, "--format", "html")).stdout).toBe(text);
  expect([...text.matchAll(/\b(?:https?:)?\/\/[a-z][^\s"'<)]*/g)].map(([address]) => address)).toEqual([]);
});

describe.skipIf(executable === undefined)("in a browser", { tags: "browser" }, () => {
  const open = browser();

  test("the table has the variants of --format json, the chart a mark for each", async () => {
    const opened = await open(page);
    const { variants } = JSON.parse((await litevae(folder, ...args, "--format", "json")).stdout) as {
      readonly variants: readonly { readonly front: boolean; readonly costs: { readonly params: number } }[];
    };
    const rows = await opened.locator('table:has(caption:text-is("Variants that fit")) tbody tr').all();
    const shown = await Promise.all(rows.map((row) => row.locator("th, td").allTextContents()));
    expect(shown.map(([, front, params]) => [front === "yes", Number(params?.replaceAll(",", ""))])).toEqual(
      variants.map(({ front, costs }) => [front, costs.params]),
    );
    expect(await opened.locator(".plot-wide path[aria-label*='MACs']").count()).toBe(variants.length);
    expect(await opened.locator(".plot-wide path[aria-label$='on the front']").count()).toBe(
      variants.filter(({ front }) => front).length,
    );
    expect(variants.some(({ front }) => !front)).toBe(true);
  });

  test.each([
    ["light", 1280],
    ["dark", 400],
  ] as const)("in %s, %d pixels wide, everyone can read it and nothing is cut off", async (scheme, width) => {
    const opened = await open(page, { scheme, width });
    expect(await overflow(opened)).toBe(0);
    expect(await accessibilityFaults(opened)).toEqual([]);
  });
});
