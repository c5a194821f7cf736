/** Pages in headless Chromium that have onnxruntime-web with WebGPU over SwiftShader. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { root } from "../e2e/litevae.ts";
import { executable } from "../report-html/browser.ts";

export const flags = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
  "--enable-features=Vulkan",
  "--disable-quic",
];
const runtime = join(root, "node_modules/onnxruntime-web/dist");

/** A page whose module is `script`, which is text since a bundler would change its import of `/ort.webgpu.bundle.min.mjs`. */
export const pageOf = (script: string): string => `<!doctype html><script type="module">${script}</script>`;

/** `use` of a page. It is served `files` by their names, and `search` stands in its address, where nothing listens. */
export async function inPage<T>(
  body: string,
  files: Readonly<Record<string, string | Buffer>>,
  search: string,
  use: (page: Page) => Promise<T>,
): Promise<T> {
  const running = await chromium.launch({ executablePath: executable ?? "", args: flags });
  try {
    const page = await running.newPage();
    await page.route("http://localhost/**", (route) => {
      const name = new URL(route.request().url()).pathname.slice(1);
      if (name === "") return route.fulfill({ contentType: "text/html", body });
      const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
      return route.fulfill({ contentType, body: files[name] ?? readFileSync(join(runtime, name)) });
    });
    await page.goto(`http://localhost/${search}`);
    return await use(page);
  } finally {
    await running.close();
  }
}
