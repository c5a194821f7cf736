/**
 * `npm run release -- VERSION [--dry-run] [--output FOLDER]`: packs a version and tries it in an empty project with an empty HOME and no cache; then dates
 * the changelog, commits and tags. `--dry-run` leaves the checkout as it is. Publishing the packed file is for a person: the command is printed.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBuild, ensureNodeModules, inRoot, progress, root, script, SetupError } from "./setup.mjs";

const usage = "npm run release -- VERSION [--dry-run] [--output FOLDER], with a VERSION such as 0.2.0";

/** What a command prints; a code other than 0 ends the release with what it said. */
function output(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: root, encoding: "utf8", ...options });
  if (status === 0) return stdout.trim();
  throw new SetupError(`${[command, ...args].join(" ")} failed\n${error?.message ?? stdout + stderr}`);
}
const git = (...args) => output("git", args);

/** The changelog in which what stands under `## Unreleased`, or under the version without a date, stands under both. A version has at least one line. */
export function released(changelog, version, date) {
  const open = ["## Unreleased", `## ${version}`];
  const sections = changelog.split(/^(?=## )/m);
  const at = sections.findIndex((each) => open.includes(each.split("\n", 1)[0]));
  if (!/^- /m.test(sections[at] ?? ""))
    throw new SetupError(`CHANGELOG.md says nothing of ${version}: write its lines under "## Unreleased"`);
  return sections.with(at, sections[at].replace(/^.*/, `## ${version}, ${date}`)).join("");
}

/** The packed file: the build with a package.json of that version. */
function pack(version, folder) {
  const staged = mkdtempSync(join(tmpdir(), "litevae-release-"));
  try {
    for (const name of ["dist", "docs", "LICENSE", "README.md"]) cpSync(inRoot(name), join(staged, name), { recursive: true });
    // A release has nothing to build or to test with.
    const { scripts: _scripts, devDependencies: _dev, ...rest } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
    writeFileSync(join(staged, "package.json"), `${JSON.stringify({ ...rest, version }, undefined, 2)}\n`);
    mkdirSync(folder, { recursive: true });
    const [packed] = Object.values(JSON.parse(output("npm", ["pack", "--json", "--pack-destination", folder], { cwd: staged })));
    progress(`${packed.filename}: ${packed.files.length} files, ${(packed.size / 1e6).toFixed(2)} MB`);
    return join(folder, packed.filename);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
}

/** A project that `init` writes, checked and compiled, where nothing was before. */
function tryOut(file, version) {
  const folder = mkdtempSync(join(tmpdir(), "litevae-release-"));
  const project = join(folder, "project");
  mkdirSync(project);
  const env = {
    PATH: process.env.PATH,
    HOME: folder,
    npm_config_cache: join(folder, "cache"),
    // Where registries are is the person's own.
    npm_config_userconfig: process.env.npm_config_userconfig ?? join(homedir(), ".npmrc"),
  };
  const inProject = (command, ...args) => {
    progress(`$ ${[command, ...args].join(" ")}`);
    return output(command, args, { cwd: project, env });
  };
  try {
    writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
    inProject("npm", "install", "--no-audit", "--no-fund", file);
    const litevae = (...args) => inProject("npx", "--no-install", "litevae", ...args);
    if (litevae("--version") !== version) throw new SetupError(`the packed litevae calls itself ${litevae("--version")}`);
    litevae("init", "made");
    litevae("check", "made/model.ts");
    litevae("compile", "made/model.ts", "-o", "out", "--target", "onnx,torch");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function release() {
  const { values, positionals } = parseArgs({
    options: { "dry-run": { type: "boolean", default: false }, output: { type: "string", default: inRoot("out/release") } },
    allowPositionals: true,
  });
  const [version] = positionals;
  if (positionals.length !== 1 || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) throw new SetupError(usage);
  const changelog = released(readFileSync(inRoot("CHANGELOG.md"), "utf8"), version, new Date().toISOString().slice(0, 10));
  const changed = git("status", "--porcelain");
  if (changed !== "" && !values["dry-run"]) throw new SetupError(`commit these first:\n${changed}`);
  if (git("tag", "--list", `v${version}`) !== "") throw new SetupError(`v${version} is a tag already`);
  await ensureNodeModules();
  await ensureBuild();
  const file = pack(version, values.output);
  tryOut(file, version);
  if (values["dry-run"]) {
    progress(`${file} works. Nothing in the checkout was changed: this was a dry run.`);
    return;
  }
  writeFileSync(inRoot("CHANGELOG.md"), changelog);
  output("npm", ["version", version, "--no-git-tag-version", "--allow-same-version", "--ignore-scripts"]);
  git("commit", "--quiet", "-m", `Release ${version}`, "--", "CHANGELOG.md", "package.json", "package-lock.json");
  git("tag", "-a", `v${version}`, "-m", `litevae ${version}`);
  progress(`v${version} is committed and tagged. To publish it: git push --follow-tags && npm publish ${file}`);
}

if (process.argv[1] === inRoot("scripts/release.mjs")) script(release);
