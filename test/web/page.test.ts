/** The page of `compile --target web`, served by `litevae serve` and used in headless Chromium as a person uses it. */
// @module-tag slow
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { chromium, type Browser, type Page } from "playwright-core";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { command, environment, litevae, photos, tempFolder, write } from "../e2e/litevae.ts";
import { accessibilityFaults, executable, overflow } from "../report-html/browser.ts";
import { pixelsOf } from "../e2e/haar-runs.ts";
import { tiledModel } from "../support/tiled-model.ts";
import { flags } from "../support/webgpu.ts";

const folder = tempFolder();
const limit = 128 * 2 ** 20;

let server: ChildProcess;
let address: string;
let running: Browser;
const troubles: string[] = [];

async function opened(query: string, width = 1440, colorScheme: "light" | "dark" = "light"): Promise<Page> {
  const page = await running.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.on("pageerror", ({ message }) => troubles.push(message));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(?:data|blob):/.test(url)) troubles.push(`asks for ${url}`);
  });
  await page.goto(`${address}${query}`);
  await expect.poll(() => page.textContent("#status"), { timeout: 60_000 }).toMatch(/^Ready/);
  return page;
}

async function choose(page: Page, file: string): Promise<void> {
  await page.setInputFiles("#file", file);
  await settled(page);
}

async function settled(page: Page): Promise<void> {
  await expect
    .poll(async () => `${await page.textContent("#status")}${await page.textContent("#fault")}`, { timeout: 100_000 })
    .toMatch(/^Done|^Decoded/);
}

/** RGBA of a canvas. */
const canvasOf = (page: Page, id: string): Promise<readonly number[]> =>
  page.evaluate(`(() => {
    const canvas = document.getElementById("${id}");
    return [...canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data];
  })()`);

const farthest = (a: readonly number[], b: ArrayLike<number>): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.skipIf(executable === undefined)("the page", { tags: "browser", timeout: 120_000 }, () => {
  beforeAll(async () => {
    write(folder, { "model.ts": tiledModel });
    const { code, stderr } = litevae(folder, "compile", "model.ts", "-o", "out", "--target", "web");
    expect(code, stderr).toBe(0);
    server = spawn(process.execPath, [command, "serve", "out", "--port", "0"], { cwd: folder, env: environment });
    const [line] = (await once(server.stdout!, "data")) as [Buffer];
    address = line.toString().trim();
    running = await chromium.launch({ executablePath: executable ?? "", args: [...flags] });
  }, 60_000);
  afterAll(async () => {
    await running.close();
    server.kill();
    expect(troubles).toEqual([]);
  });

  test("shows what run writes, of a photograph whose sides do not fit", async () => {
    const photo = join(photos, "chelsea.png");
    expect(litevae(folder, "run", "out", photo, "-o", "ran").code).toBe(0);
    const page = await opened("?backend=wasm");
    await choose(page, photo);
    const { data } = await pixelsOf(join(folder, "ran/reconstruction.png"));
    const shown = (await canvasOf(page, "reconstruction")).filter((_, i) => i % 4 !== 3);
    expect(shown.length).toBe(data.length);
    expect(farthest(shown, data)).toBeLessThanOrEqual(1);
    expect(await page.textContent("#notice")).toBe("Its last row and column were repeated up to 456 × 304, and cut off again.");
    expect(await page.textContent("#status")).toBe("Done.");
    expect(await page.evaluate("crossOriginIsolated")).toBe(true);

    // By keyboard: the divider, and a channel, which is set back to the same image.
    await page.focus("#cut");
    await page.keyboard.press("Home");
    expect(await page.evaluate("document.getElementById('comparison').style.getPropertyValue('--cut')")).toBe("0%");
    await page.focus("#channel-1");
    await page.keyboard.press("End");
    await expect.poll(() => page.textContent("#status")).toBe("Decoded with 1 changed channel.");
    expect(await canvasOf(page, "reconstruction")).not.toEqual(shown);
    await page.click("#reset");
    await expect.poll(() => page.textContent("#status")).toBe("Done.");
    expect((await canvasOf(page, "reconstruction")).filter((_, i) => i % 4 !== 3)).toEqual(shown);
    await page.close();
  });

  test("decodes 2048² in tiles where a buffer has at most 128 MiB", async () => {
    const noise = {
      width: 2048,
      height: 2048,
      channels: 3,
      background: "#808080",
      noise: { type: "gaussian", mean: 128, sigma: 60 },
    } as const;
    await sharp({ create: noise }).png({ compressionLevel: 1 }).toFile(join(folder, "large.png"));
    const page = await opened(`?backend=wasm&buffer-limit=${limit}`);
    await page.selectOption("#longest", "2048");
    await choose(page, join(folder, "large.png"));
    const tiled = await page.textContent("#notice");
    expect(tiled).toMatch(/^The decoder runs in tiles of at most (\d+) pixels, which give what the whole image gives\.$/);
    expect(12 * 4 * Number(/\d+/.exec(tiled!)?.[0]) ** 2).toBeLessThanOrEqual(limit);
    await page.close();
  });

  test("uses WebGPU where it gives WebAssembly's numbers", async (context) => {
    const page = await opened("");
    const said = (await page.textContent("#status"))!;
    if (!said.startsWith("Ready, on WebGPU")) return context.skip(said);
    expect(Number(/by (\S+) at most/.exec(said)?.[1])).toBeLessThan(1e-3);
    await page.selectOption("#longest", "256");
    await choose(page, join(photos, "coffee.png"));
    const here = await canvasOf(page, "reconstruction");
    await page.selectOption("#backend", "wasm");
    await settled(page);
    await expect.poll(async () => await page.textContent("#status")).toBe("Done.");
    const there = await canvasOf(page, "reconstruction");
    expect(farthest(here, there)).toBeLessThanOrEqual(1);
    await page.close();
  });

  test("says what it cannot read", async () => {
    write(folder, { "text.png": "no image" });
    const page = await opened("?backend=wasm");
    await page.setInputFiles("#file", join(folder, "text.png"));
    await expect.poll(() => page.textContent("#fault")).toContain("This browser cannot read text.png as an image.");
    await page.close();
  });

  test.each([
    [1440, "light"],
    [768, "dark"],
    [390, "light"],
  ] as const)("is open to all at %i px, %s", async (width, scheme) => {
    const page = await opened("?backend=wasm", width, scheme);
    await page.selectOption("#longest", "256");
    await choose(page, join(photos, "rocket.jpg"));
    expect(await accessibilityFaults(page)).toEqual([]);
    expect(await overflow(page)).toBe(0);
    await page.close();
  });
});

test("what has no page is refused in words", () => {
  const refusal = (...args: readonly string[]): string => litevae(folder, ...args).stderr;
  expect(refusal("compile", "nano", "-o", "x", "--target", "onnx,web")).toContain(
    "the web target writes what the onnx target writes",
  );
  expect(refusal("compile", "nano", "-o", "x", "--target", "web", "--parts", "decoder")).toContain(
    "has no encoder and decoder among its parts",
  );
  expect(refusal("serve", "nowhere")).toContain("nowhere has no page");
});
