/** `litevae/dsl` as it is shipped: what it loads, and that it describes models where nothing of Node is. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { rolldown } from "rolldown";
import { ts } from "ts-morph";
import { expect, test } from "vitest";
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

test("a bundle for browsers describes a model where Node's globals are not", async () => {
  const nodes = ["process", "Buffer", "require", "module", "global", "setImmediate"];
  const build = await rolldown({ input: entry, platform: "browser" });
  const { output } = await build.generate({
    format: "esm",
    codeSplitting: false,
    banner: `const ${nodes.join(", ")};`.replaceAll(/(\w+)([,;])/g, "$1 = undefined$2"),
  });
  await build.close();
  expect(output).toHaveLength(1);
  expect(output[0].imports).toEqual([]);
  write(folder, { "dsl.mjs": output[0].code });
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
