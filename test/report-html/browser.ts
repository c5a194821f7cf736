/** Opens reports in headless Chromium, as a person would from a folder, and holds every page to what all must keep. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { root } from "../e2e/litevae.ts";

const { status, stdout } = spawnSync(process.execPath, [join(root, "scripts/chromium.mjs")], { encoding: "utf8" });

/** Undefined where there is no browser: tests are skipped then, and `npm test` says so. */
export const executable = status === 0 ? stdout.trim() : undefined;

const quiet = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const flags: readonly string[] = ["--no-sandbox", "--disable-gpu", "--disable-quic", ...quiet];

export async function launch(): Promise<Browser> {
  return await chromium.launch({ executablePath: executable ?? "", args: [...flags] });
}

export interface View {
  readonly width?: number;
  readonly scheme?: "light" | "dark";
  readonly script?: boolean;
}

/** A browser for the tests of one file; its profile is new, and goes with it. */
export function browser(): (file: string, view?: View) => Promise<Page> {
  let running: Browser | undefined;
  const troubles: string[] = [];
  beforeAll(async () => {
    running = await launch();
  });
  afterAll(async () => {
    await running?.close();
    expect(troubles).toEqual([]);
  });
  return async (file, { width = 1280, scheme = "light", script = true } = {}) => {
    if (running === undefined) throw new Error("the browser has not started");
    const address = pathToFileURL(file).href;
    const page = await running.newPage({ viewport: { width, height: 900 }, colorScheme: scheme, javaScriptEnabled: script });
    // Whatever goes wrong in a page fails the file's tests, in the page's words.
    page.on("console", (message) => troubles.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", ({ message }) => troubles.push(message));
    page.on("request", (request) => {
      const url = request.url();
      if (url !== address && !url.startsWith("data:")) troubles.push(`asks for ${url}`);
    });
    await page.goto(address);
    return page;
  };
}

/** What axe finds wrong with a page, WCAG 2.2 A and AA, as `rule: element`. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Evaluated by the debugger, which the page's policy does not bind.
  await page.evaluate(source);
  return await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { readonly axe: { run(options: object): Promise<Found> } };
    interface Found {
      readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
    }
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await axe.run({ runOnly: tags });
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

/** How far the page can be scrolled sideways, in pixels. */
export async function overflow(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}
