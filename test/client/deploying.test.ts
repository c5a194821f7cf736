/** The pages of docs/deploying.md run in Chromium, with what compile writes and onnxruntime-web's own file. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { must } from "../../src/errors/must.ts";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder } from "../e2e/litevae.ts";
import { executable } from "../report-html/browser.ts";
import { inPage } from "../support/webgpu.ts";

const guide = readFileSync(join(root, "docs/deploying.md"), "utf8");

/** WebGPU over SwiftShader would take minutes. */
function pageOf(name: string): string {
  const [, body] = must(new RegExp(`^\`\`\`html file=${name}\n(.*?)^\`\`\`$`, "ms").exec(guide) ?? undefined, name);
  return must(body, "its text").replace('["webgpu", "wasm"]', '["wasm"]');
}

test.skipIf(executable === undefined)("docs/deploying.md: pages", { tags: ["browser", "slow"] }, async () => {
  const folder = tempFolder();
  const trained = join(root, "examples/demo/nano.safetensors");
  const compiled = await litevae(folder, "compile", "nano", "--weights", trained, "-o", "out");
  expect(compiled.code, compiled.stderr).toBe(0);
  const names = ["client.js", "worker.js", "encoder.onnx", "decoder.onnx"];
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, "out", name))]));
  // Large images would take as long.
  const page = pageOf("index.html")
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
  const photo = sharp(join(root, "examples/photos/chelsea.png")).resize(45, 30).png();
  const worked = await inPage(pageOf("worker.html"), { ...files, "photo.png": await photo.toBuffer() }, "", async (tab) => {
    const errors: string[] = [];
    tab.on("pageerror", (error) => errors.push(String(error)));
    await tab.waitForFunction(`document.title !== ""`, undefined, { timeout: 60_000 });
    const sides = `const { width, height } = document.getElementById("canvas"); return [width, height];`;
    return { errors, title: await tab.title(), sides: await tab.evaluate(`(() => { ${sides} })()`) };
  });
  expect(worked).toEqual({ errors: [], title: expect.stringMatching(/^[12]\d\.\d\d dB$/) as string, sides: [45, 30] });
});
