/**
 * `node scripts/bundle.mjs COMPILED DIST`: the modules that tsc wrote into few files, which Node loads in half of the time, and their declarations beside
 * them. Two dependencies of a hundred modules each come along, with their licences, and onnx-proto, which alone would bring an old protobufjs with a script that
 * runs when it is installed; what has native code, and what only some commands load, does not.
 */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { rolldown } from "rolldown";
import { filesBelow, inRoot } from "./setup.mjs";

const [compiled, dist] = process.argv.slice(2);
const included = ["zod", "@petamoriken/float16", "onnx-proto"];
/** onnx-proto requires a part of protobufjs, and browsers have no require: it becomes a module that imports the whole, which is loaded anyway. */
const importing = {
  name: "importing",
  transform: {
    filter: { id: /onnx-proto\/dist\/onnx\.js$/ },
    handler: (code) => {
      const lines = [
        ['var $protobuf = require("protobufjs/minimal");', 'import $protobuf from "protobufjs";'],
        ["module.exports = $root;", "export default $root;"],
      ];
      return lines.reduce((text, [found, instead]) => {
        if (!text.includes(found)) throw new Error(`onnx-proto has no line ${found}`);
        return text.replace(found, () => instead);
      }, code);
    },
  },
};
/** What is started, imported by name or run as a program of its own. */
const entries = [
  "bin/litevae",
  "dsl/index",
  "dsl/authoring",
  "dsl/blocks",
  "dsl/op",
  "src/api/index",
  "src/api/node/index",
  "src/op-test/index",
  "src/onnxruntime/benchmark-row",
  "src/onnxruntime/latents/reading-thread",
];

const bundle = await rolldown({
  input: Object.fromEntries(entries.map((entry) => [entry, join(compiled, `${entry}.js`)])),
  platform: "node",
  resolve: { modules: [inRoot("node_modules")] },
  plugins: [importing],
  external: (id) => /^[a-z@]/i.test(id) && !included.includes(id),
});
// Chunks lie where src/ir/installation.ts expects them.
const { output } = await bundle.write({
  dir: dist,
  entryFileNames: "[name].js",
  chunkFileNames: "src/chunks/[name]-[hash].js",
});
const { dependencies, peerDependencies } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
for (const id of output.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])) {
  const name = /^(?:@[^/]+\/)?[^/]+/.exec(id)[0];
  if (!/^(?:node:|bin\/|dsl\/|src\/)/.test(id) && !(name in dependencies) && !(name in peerDependencies))
    throw new Error(`${id} is not among the dependencies`);
}

for (const file of filesBelow(compiled, (name) => /\.d\.m?ts$|\.mjs$/.test(name))) {
  const copy = join(dist, relative(compiled, file));
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(file, copy);
}
for (const name of included)
  cpSync(inRoot("node_modules", name, "LICENSE"), join(dist, "licenses", `${name.replace("/", "-")}.txt`));

// To find the classes of networks beside a model takes longer than all else that a small one's compile does: src/artifact/written-networks.ts reads this.
const compiledModule = (path) => import(pathToFileURL(join(compiled, path)).href);
const [{ networks }, { networksPy }, { author }] = await Promise.all(
  ["dsl/models/index.js", "src/targets/torch/networks-py.js", "src/artifact/author.js"].map(compiledModule),
);
const writtenFor = (imageChannels) =>
  Object.fromEntries(Object.entries(networks(imageChannels)).map(([module, those]) => [module, networksPy(those, author)]));
mkdirSync(join(dist, "src/targets/torch"), { recursive: true });
writeFileSync(join(dist, "src/targets/torch/networks.json"), JSON.stringify({ 3: writtenFor(3) }));
