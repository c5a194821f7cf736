/** The whole way from a model to the bytes of its graphs, weights and package in a page: they are those that Node writes. */
// @module-tag slow
import { join } from "node:path";
import { rolldown } from "rolldown";
import { expect, test } from "vitest";
import { builtIns, networks } from "../../dsl/models/index.ts";
import { authorDocs } from "../../src/artifact/author-docs.ts";
import { clientTemplate } from "../../src/artifact/client-template.ts";
import { runtimeFiles } from "../../src/artifact/runtime-files.ts";
import { packageVersion } from "../../src/artifact/version.ts";
import type { Definition, Graph } from "../../src/ir/model.ts";
import { entries } from "../../src/cli/entries.ts";
import { litevae, manifestOf, root, tempFolder } from "../e2e/litevae.ts";
import { executable, launch } from "../report-html/browser.ts";
import type { compiledInPage, Fetched } from "./in-page.ts";
import own from "./model.ts";

const folder = tempFolder();

/** What the authors of the blocks in the models and networks of this test say of them. */
function docsByName(): Fetched["docs"] {
  // The classes of nano know a block that only others have: attention.
  const graphs = [builtIns["nano"]!.build({}), builtIns["s"]!.build({}), own].flatMap(({ parts }) =>
    parts.map(({ graph }) => graph),
  );
  const beside = Object.values(networks(3)).flatMap((those) => those.map(({ graph }) => graph));
  const definitions = (graph: Graph): readonly Definition[] =>
    graph.nodes.flatMap((node) => (node.kind === "call" ? [node.block.definition, ...definitions(node.body)] : []));
  return Object.fromEntries([...graphs, ...beside].flatMap(definitions).map((each) => [each.name, authorDocs(each)]));
}

/** The page's script: a module, so that it knows its own address. */
async function bundled(): Promise<string> {
  const alias = Object.fromEntries(Object.entries(entries).map(([name, module]) => [`${name}$`, join(root, `dsl/${module}.ts`)]));
  const build = await rolldown({ input: join(root, "test/core/in-page.ts"), platform: "browser", resolve: { alias } });
  const { output } = await build.generate({ format: "esm", codeSplitting: false });
  await build.close();
  const [script, ...others] = output;
  expect(others).toEqual([]);
  return script.code;
}

/** What Node writes, without the manifest, by sha256. */
function compiledHere(model: string, parts: string): Readonly<Record<string, string>> {
  const args = ["--target", "onnx,torch", "--recipe", "smoke", "--seed", "3", "--parts", parts];
  const { code, stderr } = litevae(folder, "compile", model, "-o", "out", ...args);
  expect(code, stderr).toBe(0);
  return Object.fromEntries(Object.entries(manifestOf(join(folder, "out")).files).map(([name, { sha256 }]) => [name, sha256]));
}

// Skipped where there is no browser; `npm test` says so.
test.skipIf(executable === undefined)("a page compiles what Node compiles", { tags: "browser" }, async () => {
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
    const fetched: Fetched = {
      clientTemplate: clientTemplate(),
      runtime: runtimeFiles(),
      version: packageVersion(),
      docs: docsByName(),
    };
    const inPage = (name: string): Promise<Readonly<Record<string, string>>> =>
      page.evaluate(
        async ([model, brought]) => {
          const { compiledInPage: compiled } = globalThis as unknown as { readonly compiledInPage: typeof compiledInPage };
          return await compiled(model, brought);
        },
        [name, fetched] as const,
      );
    const nano = await inPage("nano");
    expect(Object.keys(nano)).toEqual(
      expect.arrayContaining(["encoder.onnx", "decoder.onnx", "model.safetensors", "client.mjs"]),
    );
    expect(nano).toEqual(compiledHere("nano", "encoder,decoder,discriminator"));
    expect(await inPage("")).toEqual(compiledHere(join(root, "test/core/model.ts"), "encoder,decoder"));
  } finally {
    await browser.close();
  }
});
