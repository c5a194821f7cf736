/** The whole way from a model to the bytes of its graphs, weights and package in a page: they are those that Node writes. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { modules } from "../../src/api/entries.ts";
import { builtIn, count, installation, type Model } from "../../src/api/node/index.ts";
import { litevae, root, tempFolder } from "../e2e/litevae.ts";
import { executable, launch } from "../report-html/browser.ts";
import type { InPage, inPage } from "./in-page.ts";
import own from "./model.ts";

const folder = tempFolder();

/** The page's script: a module, so that it knows its own address. */
async function bundled(): Promise<string> {
  const alias = Object.fromEntries(Object.entries(modules).map(([name, module]) => [`${name}$`, join(root, `${module}.ts`)]));
  const build = await rolldown({ input: join(root, "test/core/in-page.ts"), platform: "browser", resolve: { alias } });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  const [script, ...others] = output;
  expect(others).toEqual([]);
  return script.code;
}

/** What Node writes, as its manifest says. */
function compiledHere(model: string, parts: string): unknown {
  const args = ["--target", "onnx,torch", "--recipe", "smoke", "--seed", "3", "--parts", parts];
  const { code, stderr } = litevae(folder, "compile", model, "-o", "out", ...args);
  expect(code, stderr).toBe(0);
  return JSON.parse(readFileSync(join(folder, "out/manifest.json"), "utf8"));
}

// Skipped where there is no browser; `npm test` says so.
test.skipIf(executable === undefined)("a page counts and compiles what Node does", { tags: "browser" }, async () => {
  const script = await bundled();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    const troubles: string[] = [];
    page.on("pageerror", ({ message }) => troubles.push(message));
    // A local address, since WebCrypto wants one that can be trusted; nothing listens there.
    await page.route("http://localhost/**", (route) =>
      route.request().url().endsWith("/page.js")
        ? route.fulfill({ contentType: "text/javascript", body: script })
        : route.fulfill({ contentType: "text/html", body: '<!doctype html><script type="module" src="/page.js"></script>' }),
    );
    await page.goto("http://localhost/");
    expect(troubles).toEqual([]);
    // The classes of nano know a block that only others have: attention.
    const brought = installation([builtIn("nano"), builtIn("s"), own]);
    const run = (name: string): Promise<InPage> =>
      page.evaluate(
        async ([model, texts]) => {
          const there = globalThis as unknown as { readonly inPage: typeof inPage };
          return await there.inPage(model, texts);
        },
        [name, brought] as const,
      );
    const same = async (model: Model, { manifest, counted, names }: InPage, path: string, parts: string): Promise<void> => {
      expect(names).toEqual(expect.arrayContaining(["encoder.onnx", "decoder.onnx", "model.safetensors", "client.js"]));
      expect(manifest).toEqual(compiledHere(path, parts));
      expect(counted).toEqual(await count(model, { size: 64 }));
    };
    await same(builtIn("nano"), await run("nano"), "nano", "encoder,decoder,discriminator");
    await same(own, await run(""), join(root, "test/core/model.ts"), "encoder,decoder");
  } finally {
    await browser.close();
  }
});
