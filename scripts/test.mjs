/**
 * `npm test`: everything that must hold, cheapest first. Ends at the first stage that fails; pytest's summary is the last line.
 * `npm test -- eslint vitest` runs the named stages only, after those that prepare.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findChromium } from "./chromium.mjs";
import {
  binOf,
  ensureBuild,
  ensureNodeModules,
  ensureVenv,
  filesBelow,
  progress,
  root,
  run,
  script,
  SetupError,
  venvPython,
} from "./setup.mjs";

const node = (packageName, command, ...args) => run(process.execPath, [binOf(packageName, command), ...args]);
const python = (module, ...args) => run(venvPython, ["-m", module, ...args]);

/** Folders of Python that exist and hold some. */
const pythonFolders = ["test", "src/onnxruntime"].filter(
  (folder) => existsSync(join(root, folder)) && filesBelow(join(root, folder), (file) => file.endsWith(".py")).length > 0,
);

/** A stage fails by returning another code than 0, or by throwing. */
const preparation = { "node modules": ensureNodeModules, build: ensureBuild, "python environment": ensureVenv };
const checks = {
  prettier: () => node("prettier", "prettier", "--check", "--log-level", "warn", "."),
  eslint: () => node("eslint", "eslint", "--max-warnings", "0", "."),
  tsc: () => node("typescript", "tsc", "--noEmit", "-p", "tsconfig.json"),
  "tsc of the pages' scripts": () => node("typescript", "tsc", "--noEmit", "-p", "src/report/html/client"),
  "ruff format": () => python("ruff", "format", "--check", "--quiet", "."),
  "ruff check": () => python("ruff", "check", "--quiet", "."),
  mypy: () => python("mypy", "--no-error-summary", ...pythonFolders),
  "mypy of the runtime": () => python("mypy", "--no-error-summary", "--config-file", "runtime/pyproject.toml", "runtime"),
  vitest: () => {
    if (findChromium() === undefined)
      progress("no Chromium: the tests that open reports in a browser are skipped; install it, or name one in CHROMIUM");
    return node("vitest", "vitest", "run");
  },
  // A worker for each core; more than four would want more memory than a small machine has.
  pytest: () => python("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal"),
};

script(() => {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !(name in checks));
  if (unknown !== undefined) throw new SetupError(`no stage is called "${unknown}"; there are ${Object.keys(checks).join(", ")}`);
  const chosen = Object.entries(checks).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  const stages = [...Object.entries(preparation), ...chosen];
  const names = stages.map(([name]) => name);
  for (const [name, stage] of stages) {
    const label = `[${names.indexOf(name) + 1}/${names.length}] ${name}`;
    progress(`${label} …`);
    const begin = performance.now();
    const code = stage() ?? 0;
    const seconds = ((performance.now() - begin) / 1000).toFixed(1);
    if (code !== 0) throw new SetupError(`stage "${name}" failed with exit code ${code} after ${seconds} s`);
    if (name !== "pytest") progress(`${label}: ok, ${seconds} s`);
  }
});
