/** `litevae/dsl` and `litevae/api` as they are shipped: what they load, and that they work where nothing of Node is. */
import { readFileSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { rolldown } from "rolldown";
import { ts } from "ts-morph";
import { expect, test } from "vitest";
import { builtIn, check, compile, count } from "../../src/api/node/index.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();
const entry = join(root, "dist/dsl/authoring.js");

/** The files that loading `file` loads, and what is not in a file of ours, by import and export of any kind. */
function loadedBy(file: string, loaded = new Set<string>()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  const code = readFileSync(file, "utf8");
  for (const { fileName } of ts.preProcessFile(code).importedFiles) {
    if (fileName.startsWith(".")) loadedBy(join(dirname(file), fileName), loaded);
    else loaded.add(fileName);
  }
  // The build puts some packages into its own files, each module under its path.
  for (const [, name = ""] of code.matchAll(/^\/\/.*node_modules\/((?:@[\w-]+\/)?\w[\w-]*)\//gm)) loaded.add(name);
  return loaded;
}

const foreign = (file: string): readonly string[] => [...loadedBy(file)].filter((name) => !name.startsWith(root)).sort();

test("it loads one package, which compares words, and neither zod nor anything of Node", () => {
  expect(foreign(entry)).toEqual(["fastest-levenshtein"]);
  // The walk finds what is there to find: recipes are checked by zod, and the command line is of Node.
  expect(foreign(join(root, "dist/dsl/index.js"))).toContain("zod");
  expect(foreign(join(root, "dist/bin/litevae.js"))).toContain("node:fs");
});

test("the API loads packages that run in a browser, and nothing of Node", () => {
  const loaded = foreign(join(root, "dist/src/api/index.js"));
  expect(loaded.filter((name) => name.startsWith("node:"))).toEqual([]);
  const packages = new Set(loaded.map((name) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0]));
  expect([...packages]).toEqual([
    ...["@petamoriken/float16", "fastest-levenshtein", "onnx-proto", "protobufjs", "pure-rand", "string-width", "zod"],
  ]);
  expect(foreign(join(root, "dist/src/api/node/index.js"))).toContain("node:fs");
});

/** One file for browsers, in which Node's globals are not. */
async function bundled(input: string): Promise<string> {
  const nodes = ["process", "Buffer", "require", "module", "global", "setImmediate"];
  const build = await rolldown({ input, platform: "browser" });
  const { output } = await build.generate({
    format: "esm",
    codeSplitting: false,
    banner: `const ${nodes.join(", ")};`.replaceAll(/(\w+)([,;])/g, "$1 = undefined$2"),
  });
  await build.close();
  expect(output).toHaveLength(1);
  expect(output[0].imports).toEqual([]);
  return output[0].code;
}

test("in a worker, from one file for browsers, the API counts and compiles what it does here", async () => {
  write(folder, {
    "api.mjs": await bundled(join(root, "dist/src/api/index.js")),
    "worker.mjs": `import { parentPort } from "node:worker_threads";
import { builtIn, check, compile, count, UserError } from "./api.mjs";
const nano = builtIn("nano");
const stopped = await compile(nano, { signal: AbortSignal.abort("no need") }).catch((reason) => reason);
const refused = await compile(nano, { targets: { torch: {} } }).catch((error) => [error instanceof UserError, error.reports[0].expected]);
const { manifest, notes } = await compile(nano, { seed: 3 });
parentPort.postMessage({ counted: await count(nano), checked: await check(nano), files: manifest.files, notes, stopped, refused });
`,
  });
  const [answer] = (await once(new Worker(join(folder, "worker.mjs")), "message")) as [Readonly<Record<string, unknown>>];
  const nano = builtIn("nano");
  const { manifest } = await compile(nano, { seed: 3 });
  const client = ["client.js", "client.d.ts", "worker.js", "package.json"];
  expect(answer).toEqual({
    counted: await count(nano),
    checked: await check(nano),
    files: Object.fromEntries(Object.entries(manifest.files).filter(([name]) => !client.includes(name))),
    notes: [{ what: "the graphs get no client.js, which is made of files of the installation" }],
    stopped: "no need",
    refused: [true, "compile(model, { installation })"],
  });
  expect(Object.keys(manifest.files)).toEqual(expect.arrayContaining(client));
});

test("a bundle for browsers describes a model where Node's globals are not", async () => {
  write(folder, { "dsl.mjs": await bundled(entry) });
  const { block, conv2d, layers, model, upsample } = (await import(join(folder, "dsl.mjs"))) as typeof import("litevae/dsl");
  const Encoder = block("Encoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: 8, kernel: 4, stride: 4 }) });
    return (image: Parameters<typeof conv>[0]) => conv(image);
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
    return (latent: Parameters<typeof conv>[0]) => upsample(conv(latent), { factor: 4 });
  });
  expect(model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() })).toMatchObject({ stride: 4, latentChannels: 4 });
  expect(() => conv2d({ in: 3, out: 8, ...{ paddin: 1 } })).toThrow("conv2d has no setting paddin");
});
