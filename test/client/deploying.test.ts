/** The page of docs/deploying.md decodes in Chromium, with what compile writes and onnxruntime-web's own file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { must } from "../../src/errors/must.ts";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder } from "../e2e/litevae.ts";
import { executable } from "../report-html/browser.ts";
import { inPage } from "../support/webgpu.ts";

test.skipIf(executable === undefined)("docs/deploying.md: index.html", { tags: ["browser", "slow"] }, async () => {
  const folder = tempFolder();
  const trained = join(root, "examples/demo/nano.safetensors");
  const compiled = await litevae(folder, "compile", "nano", "--weights", trained, "-o", "out", "--parts", "decoder");
  expect(compiled.code, compiled.stderr).toBe(0);
  const guide = readFileSync(join(root, "docs/deploying.md"), "utf8");
  const [, body] = must(/^```html file=index.html\n(.*?)^```$/ms.exec(guide) ?? undefined, "the page");
  const files = Object.fromEntries(["client.js", "decoder.onnx"].map((name) => [name, readFileSync(join(folder, "out", name))]));
  // WebGPU over SwiftShader, and large images, would take minutes.
  const page = must(body, "its text")
    .replace('["webgpu", "wasm"]', '["wasm"]')
    .replace(/\b32\b/g, "8")
    .replaceAll("256", "64");
  const seen = await inPage(page, files, "", async (tab) => {
    const errors: string[] = [];
    tab.on("pageerror", (error) => errors.push(String(error)));
    const drawn = `document.getElementById("canvas").getContext("2d").getImageData(0, 0, 64, 64).data`;
    await tab.waitForFunction(`${drawn}.some((value) => value !== 0)`, undefined, { timeout: 60_000 });
    return { errors, opaque: await tab.evaluate(`${drawn}.every((value, i) => i % 4 !== 3 || value === 255)`) };
  });
  expect(seen).toEqual({ errors: [], opaque: true });
});
