/** The packed version, and what it does in an empty project: `npm run release` and `npm run package:matrix` try it, test/package shares the imports. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { delimiter, dirname, join, relative } from "node:path";
import { filesBelow, inRoot, progress, root, SetupError } from "./setup.mjs";

/** What a command prints; a code other than 0 ends the script with what it said. */
export function output(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  if (status === 0) return stdout.trim();
  throw new SetupError(`${[command, ...args].join(" ")} failed\n${error?.message ?? stdout + stderr}`);
}

/** The packed file: the build with a package.json of that version. */
export function pack(version, folder) {
  const staged = mkdtempSync(join(tmpdir(), "litevae-pack-"));
  try {
    // What is installed has nothing to build or to test with.
    const { scripts: _scripts, devDependencies: _dev, ...rest } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    // npm takes of a folder what `files` says of it.
    const folders = new Set(rest.files.map((pattern) => pattern.split("/", 1)[0]));
    for (const name of [...folders, "LICENSE", "README.md"]) cpSync(inRoot(name), join(staged, name), { recursive: true });
    writeFileSync(join(staged, "package.json"), `${JSON.stringify({ ...rest, version }, undefined, 2)}\n`);
    mkdirSync(folder, { recursive: true });
    const [packed] = Object.values(JSON.parse(output("npm", ["pack", "--json", "--pack-destination", folder], { cwd: staged })));
    progress(`${packed.filename}: ${packed.files.length} files, ${(packed.size / 1e6).toFixed(2)} MB`);
    return join(folder, packed.filename);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** The names that the package can be imported by. */
export const names = Object.keys(JSON.parse(readFileSync(inRoot("package.json"), "utf8")).exports)
  .filter((name) => !name.includes("*"))
  .map((path) => `litevae${path.slice(1)}`);

/** Two files that print what each of the names exports, as JSON: one imports, one requires. */
export const importers = {
  "all.mjs": `${names.map((name, i) => `import * as m${i} from "${name}";`).join("\n")}
console.log(JSON.stringify([${names.map((_, i) => `Object.keys(m${i})`).join(", ")}]));\n`,
  "all.cjs": `const keys = (name) => Object.keys(require(name)).filter((key) => key !== "__esModule" && key !== "module.exports");
console.log(JSON.stringify([${names.map((name) => `keys("${name}")`).join(", ")}]));\n`,
};

/** The hosts that install scripts download from are not to be reached; npm itself, which gets the packages, has no such event. */
const unreachable = `if (/install$/.test(process.env.npm_lifecycle_event ?? "")) {
  require("node:net").Socket.prototype.connect = function () {
    const error = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    process.nextTick(() => this.destroy(error));
    return this;
  };
}\n`;

/** What npm needs to get at a registry: where it is, and a proxy and certificates on the way; all else would not be an empty environment. */
function registryVariables() {
  const passed = /^(?:https?_proxy|no_proxy|node_extra_ca_certs|ssl_cert_(?:file|dir)|npm_config_(?:registry|globalconfig))$/i;
  return {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => passed.test(name))),
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), ".npmrc"),
  };
}

/** The sha256 of every file below a folder, by its path in it. */
function hashes(folder) {
  const sha256 = (file) => createHash("sha256").update(readFileSync(file)).digest("hex");
  return Object.fromEntries(filesBelow(folder, () => true).map((file) => [relative(folder, file), sha256(file)]));
}

/** The ways in which npm may treat the scripts of packages, by their names. */
export const ways = {
  allowed: { options: ["--ignore-scripts=false"] },
  ignored: { options: ["--ignore-scripts"] },
  "host unreachable": { options: ["--ignore-scripts=false"], preload: unreachable },
};

/**
 * Installs the file where nothing was before, with an empty HOME and no cache, imports it by every name, and checks and compiles the project that `init` writes. With `peers`,
 * those are then installed as docs/troubleshooting.md says for machines without the way to their hosts, and the graphs run. Returns the versions of
 * Node and npm, how many packages there were, and the sha256 of the compiled files. Throws a SetupError with the command that failed.
 */
export function tryOut(file, version, { node = process.execPath, way = "allowed", peers = false, told = progress } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "litevae-try-"));
  const project = join(folder, "project");
  const { options, preload } = ways[way];
  // A litevae of the checkout, which npm puts on the path of its scripts, is none of the project's.
  const path = (process.env.PATH ?? "").split(delimiter).filter((each) => !each.includes("node_modules"));
  const env = {
    ...registryVariables(),
    PATH: [dirname(node), ...path].join(delimiter),
    HOME: folder,
    npm_config_cache: join(folder, "cache"),
    ...(preload === undefined ? {} : { NODE_OPTIONS: `--require=${join(folder, "unreachable.cjs")}` }),
  };
  const tell = (command, args) => told(`$ ${[command, ...args].join(" ")}`);
  const inProject = (command, ...args) => {
    tell(command, args);
    return output(command, args, { cwd: project, env });
  };
  const litevae = (...args) => inProject("npx", "--no-install", "litevae", ...args);
  const install = (...what) => inProject("npm", "install", "--no-audit", "--no-fund", ...what);
  try {
    mkdirSync(project);
    if (preload !== undefined) writeFileSync(join(folder, "unreachable.cjs"), preload);
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
    for (const [name, text] of Object.entries(importers)) writeFileSync(join(project, name), text);
    install(...options, file);
    const { packages } = JSON.parse(readFileSync(join(project, "node_modules/.package-lock.json"), "utf8"));
    const itself = litevae("--version");
    if (itself !== version) throw new SetupError(`the packed litevae calls itself ${itself}`);
    const [imported, required] = [inProject("node", "all.mjs"), inProject("node", "--no-warnings", "all.cjs")];
    if (imported !== required) throw new SetupError(`import gives ${imported}, require ${required}`);
    litevae("init", "made");
    litevae("check", "made/model.ts");
    litevae("compile", "made/model.ts", "-o", "out", "--target", "onnx,torch");
    const compiled = hashes(join(project, "out"));
    if (peers) {
      install("--ignore-scripts", "onnxruntime-node", "sharp");
      litevae("run", "out", inRoot("examples/photos/rocket.jpg"), "-o", "seen");
    }
    const [nodeVersion, npmVersion] = [inProject("node", "-p", "process.versions.node"), inProject("npm", "--version")];
    return { node: nodeVersion, npm: npmVersion, packages: Object.keys(packages).length, compiled };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
