/**
 * `npm run release -- VERSION [--dry-run] [--output FOLDER]`: packs a version and tries it in an empty project with an empty HOME and no cache; then dates
 * the changelog, commits and tags. `--dry-run` leaves the checkout as it is. Publishing the packed file is for a person: the command is printed.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { output, pack, tryOut } from "./package.mjs";
import { ensureBuild, ensureNodeModules, inRoot, progress, script, SetupError } from "./setup.mjs";

const usage = "npm run release -- VERSION [--dry-run] [--output FOLDER], with a VERSION such as 0.2.0";

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
