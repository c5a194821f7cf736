/**
 * Brings a fresh clone to the point where it can be built, started and tested. Every step looks first and does nothing when its result is
 * there already, so that no network is needed then. Node, npm and Python alone are assumed.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("..", import.meta.url));

export const inRoot = (...parts) => join(root, ...parts);
const modules = inRoot("node_modules");
const dist = inRoot("dist");
const venv = inRoot(".venv");
const windows = process.platform === "win32";

/** The virtual environment's Python. */
export const venvPython = windows ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");

/** What a person can put right: its message is all they are shown. */
export class SetupError extends Error {}

export function progress(line) {
  process.stderr.write(`${line}\n`);
}

/** Runs `main` and turns a SetupError into one line and exit code 1. */
export async function script(main) {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    progress(`error: ${error.message}`);
    process.exitCode = 1;
  }
}

/** Runs a command in the checkout; `quiet` sends its stdout to stderr. Resolves to its exit code. */
export function run(command, args, { quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", quiet ? 2 : "inherit", "inherit"] });
    child.on("error", (error) => reject(new SetupError(`${basename(command)} does not start: ${error.message}`)));
    child.on("close", (status) => resolve(status ?? 1));
  });
}

/** The JavaScript file behind a command of an installed package, so that no shell is needed to run it. */
export function binOf(packageName, command = packageName) {
  const { bin } = JSON.parse(readFileSync(join(modules, packageName, "package.json"), "utf8"));
  return join(modules, packageName, typeof bin === "string" ? bin : bin[command]);
}

export function filesBelow(folder, keep) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => !file.includes("__pycache__") && keep(file))
    .sort();
}

function hashOf(...files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function readIfThere(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

/** `npm ci` unless node_modules is what package-lock.json says. */
export async function ensureNodeModules() {
  const lockFile = inRoot("package-lock.json");
  const stamp = join(modules, ".litevae-stamp");
  const wanted = hashOf(lockFile);
  if (readIfThere(stamp) === wanted) return;
  if (!installedAsLocked(lockFile)) {
    const [major, minor] = process.versions.node.split(".").map(Number);
    if (major < 20 || (major === 20 && minor < 19))
      throw new SetupError(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
    progress("npm ci: installing the packages of package-lock.json …");
    // Under `npm test` npm says where it is itself; a script started by hand looks for it on the path.
    const npm = process.env.npm_execpath;
    const args = ["ci", "--include=dev", "--include=optional"];
    const code = await (npm?.endsWith("js")
      ? run(process.execPath, [npm, ...args], { quiet: true })
      : run(windows ? "npm.cmd" : "npm", args, { quiet: true }));
    if (code !== 0) throw new SetupError("npm ci failed; its messages are above");
  }
  writeFileSync(stamp, wanted);
}

/** Whether npm's own record of node_modules, written when an installation is complete, agrees with the lock file. */
function installedAsLocked(lockFile) {
  const record = readIfThere(join(modules, ".package-lock.json"));
  if (record === undefined) return false;
  const installed = JSON.parse(record).packages;
  const { "": _root, ...locked } = JSON.parse(readFileSync(lockFile, "utf8")).packages;
  const agrees = ([path, { version, integrity, optional, devOptional }]) => {
    const found = installed[path];
    if (found === undefined) return optional === true || devOptional === true;
    return (
      found.version === version && (integrity === undefined || found.integrity === undefined || found.integrity === integrity)
    );
  };
  return Object.entries(locked).every(agrees) && Object.keys(installed).every((path) => path in locked);
}

/**
 * Compiles bin, dsl and src into dist/, unless dist/ is of these: the modules bundled, with their declarations, what bundle.mjs writes ahead, and the files beside them and in runtime/
 * that are not TypeScript.
 */
export async function ensureBuild() {
  const sources = ["bin", "dsl", "src", "runtime/src/litevae_runtime"].flatMap((folder) =>
    filesBelow(inRoot(folder), () => true),
  );
  const settings = ["tsconfig.json", "tsconfig.build.json", "package-lock.json", "scripts/bundle.mjs"].map((file) =>
    inRoot(file),
  );
  const wanted = hashOf(...settings, ...sources);
  const stamp = join(dist, ".litevae-stamp");
  if (readIfThere(stamp) !== wanted) {
    progress("tsc: compiling into dist/ …");
    // Compiled aside and moved, so that dist/ is never half of one state and half of another, and holds nothing stale.
    const aside = join(modules, ".cache", `litevae-dist-${process.pid}`);
    const [compiled, fresh] = [join(aside, "compiled"), join(aside, "dist")];
    const node = (program, ...args) => run(process.execPath, [program, ...args], { quiet: true });
    try {
      mkdirSync(aside, { recursive: true });
      writeFileSync(join(aside, "package.json"), '{ "type": "module" }');
      if ((await node(binOf("typescript", "tsc"), "-p", "tsconfig.build.json", "--outDir", compiled)) !== 0)
        throw new SetupError("the TypeScript compiler found errors; they are above");
      if ((await node(inRoot("scripts", "bundle.mjs"), compiled, fresh)) !== 0)
        throw new SetupError("the modules could not be bundled; the reason is above");
      for (const file of sources.filter((source) => !/\.m?ts$/.test(source))) {
        const copy = join(fresh, relative(root, file));
        mkdirSync(dirname(copy), { recursive: true });
        cpSync(file, copy);
      }
      writeFileSync(join(fresh, ".litevae-stamp"), wanted);
      rmSync(dist, { recursive: true, force: true });
      renameSync(fresh, dist);
    } finally {
      rmSync(aside, { recursive: true, force: true });
    }
  }
  linkCommand();
}

/** node_modules/.bin/litevae, so that `npx litevae` starts this checkout. */
function linkCommand() {
  const target = join(dist, "bin", "litevae.js");
  if (windows || !existsSync(target)) return;
  chmodSync(target, 0o755);
  const link = join(modules, ".bin", "litevae");
  const to = relative(dirname(link), target);
  const there = lstatSync(link, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(link) === to) return;
  rmSync(link, { force: true });
  mkdirSync(dirname(link), { recursive: true });
  symlinkSync(to, link);
}

/** A virtual environment with the packages of requirements-dev.txt, then those of requirements-dev-no-deps.txt. */
export async function ensureVenv() {
  const requirements = inRoot("requirements-dev.txt");
  const withoutDependencies = inRoot("requirements-dev-no-deps.txt");
  const stamp = join(venv, ".litevae-stamp");
  const wanted = hashOf(requirements, withoutDependencies);
  const works = versionOf(venvPython) !== undefined;
  if (works && readIfThere(stamp) === wanted) return;
  if (!works) {
    const python = findPython();
    progress(`${python}: creating .venv …`);
    if ((await run(python, ["-m", "venv", "--clear", venv], { quiet: true })) !== 0) {
      rmSync(venv, { recursive: true, force: true });
      throw new SetupError(`${python} -m venv failed; on Debian and Ubuntu: apt install python3-venv`);
    }
  }
  progress("pip: installing the packages of requirements-dev.txt into .venv …");
  for (const args of [
    ["-r", requirements],
    ["--no-deps", "-r", withoutDependencies],
  ]) {
    // Of what is there a part is imported, which Python then compiles.
    const install = ["-m", "pip", "install", "--quiet", "--no-compile", "--disable-pip-version-check", ...args];
    if ((await run(venvPython, install, { quiet: true })) !== 0)
      throw new SetupError(
        `pip install ${args.slice(0, -1).join(" ")} ${relative(root, args.at(-1))} failed; its messages are above`,
      );
  }
  // Here once: processes that write no bytecode, as `litevae verify` starts them, would each compile all of torch again.
  const imports = "import sys; sys.dont_write_bytecode = False; import safetensors.torch, torch.utils.flop_counter";
  if ((await run(venvPython, ["-c", imports], { quiet: true })) !== 0)
    throw new SetupError("PyTorch cannot be imported from .venv; the reason is above");
  writeFileSync(stamp, wanted);
}

/** [major, minor] of a Python, or undefined when there is none that runs. */
function versionOf(python) {
  const { status, stdout } = spawnSync(python, ["-c", "import sys; print(*sys.version_info[:2])"], {
    cwd: root,
    encoding: "utf8",
  });
  return status === 0 ? stdout.trim().split(" ").map(Number) : undefined;
}

function findPython() {
  const found = ["python3.11", "python3", "python"].map((python) => ({ python, version: versionOf(python) }));
  const fitting = found.find(({ version: [major, minor] = [0, 0] }) => major === 3 && minor >= 11);
  if (fitting !== undefined) return fitting.python;
  const other = found.find(({ version }) => version !== undefined);
  throw new SetupError(
    other === undefined
      ? "no Python found: install Python 3.11 or newer as python3.11 or python3"
      : `${other.python} is Python ${other.version.join(".")}: install Python 3.11 or newer as python3.11 or python3`,
  );
}
