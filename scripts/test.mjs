/**
 * `npm test`: everything that must hold, cheapest first. Ends when a stage fails; pytest's summary is the last line.
 * `npm test -- eslint vitest` runs the named stages only, after those that prepare; what follows a stage's name goes to it:
 * `npm test -- vitest test/ir`, `npm test -- pytest test/training -k resume`. `npm test -- unit` is the quick one.
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
const everything = process.argv.length === 2;
const orAll = (files) => (files.length === 0 ? ["."] : files);
const python = (module, ...args) => run(venvPython, ["-m", module, ...args]);

/** Folders of Python that exist and hold some. */
const pythonFolders = ["test", "src/onnxruntime", "src/op-test"].filter(
  (folder) => existsSync(join(root, folder)) && filesBelow(join(root, folder), (file) => file.endsWith(".py")).length > 0,
);

/** Vitest, with what it is told after the name of its stage: files, `-t NAME`. In a run of everything the stage tsc has read the tests of types. */
const vitest = (...args) => node("vitest", "vitest", "run", ...(everything ? ["--typecheck.enabled=false"] : []), ...args);

/** A stage fails by resolving to another code than 0, or by throwing. It gets the arguments behind its name. */
const typescriptLane = {
  prettier: (...files) => node("prettier", "prettier", "--check", "--log-level", "warn", ...orAll(files)),
  eslint: (...files) => node("eslint", "eslint", "--max-warnings", "0", ...orAll(files)),
  tsc: (...args) => node("typescript", "tsc", "--noEmit", "-p", "tsconfig.json", ...args),
  "tsc of the reports' scripts": (...args) => node("typescript", "tsc", "--noEmit", "-p", "src/report/html/client", ...args),
  "tsc of the page's scripts": (...args) => node("typescript", "tsc", "--noEmit", "-p", "src/targets/web/page", ...args),
};
const pythonLane = {
  "ruff format": (...files) => python("ruff", "format", "--check", "--quiet", ...orAll(files)),
  "ruff check": (...files) => python("ruff", "check", "--quiet", ...orAll(files)),
  mypy: (...args) => python("mypy", "--no-error-summary", ...pythonFolders, ...args),
  "mypy of the runtime": (...args) =>
    python("mypy", "--no-error-summary", "--config-file", "runtime/pyproject.toml", "runtime", ...args),
};
const tests = {
  vitest: (...args) => {
    if (findChromium() === undefined)
      progress("no Chromium: the tests that open reports in a browser are skipped; install it, or name one in CHROMIUM");
    return vitest(...args);
  },
  // A worker for each core; more than four would want more memory than a small machine has.
  pytest: (...args) => python("pytest", "-n", "auto", "--maxprocesses", "4", "--dist", "worksteal", ...args),
};
const checks = { ...typescriptLane, ...pythonLane, ...tests };

/** Stages that run when they are named alone: what they hold, another holds too. */
const shortcuts = {
  // Neither Python nor a browser, and nothing slow. The variable lets tests that forget their tag fail (test/support/unit.ts).
  unit: (...args) => {
    process.env.LITEVAE_UNIT = "1";
    const reporters = ["--reporter=default", "--reporter=./scripts/skipped.mjs"];
    return vitest("--tagsFilter", "!python && !browser && !slow", ...reporters, ...args);
  },
};

/** Stages that work without the environment of Python. */
const withoutPython = new Set([...Object.keys(typescriptLane), "unit"]);

/** The stages that a command line names, each with the arguments behind it; all of them where it names none. */
function stagesOf(args) {
  const stages = { ...checks, ...shortcuts };
  if (args.length === 0) return checks;
  const chosen = new Map();
  let last;
  for (const arg of args) {
    if (arg in stages) chosen.set((last = arg), []);
    else if (last !== undefined) chosen.get(last).push(arg);
    else throw new SetupError(`no stage is called "${arg}"; there are ${Object.keys(stages).join(", ")}`);
  }
  return Object.fromEntries(
    Object.entries(stages)
      .filter(([name]) => chosen.has(name))
      .map(([name, stage]) => [name, () => stage(...chosen.get(name))]),
  );
}

const among = (stages, names) => Object.fromEntries(Object.entries(stages).filter(([name]) => name in names));

script(async () => {
  // Images of containers forbid Python to keep what it compiled, and hundreds of processes here import the same packages.
  delete process.env.PYTHONDONTWRITEBYTECODE;
  const chosen = stagesOf(process.argv.slice(2));
  const needsPython = Object.keys(chosen).some((name) => !withoutPython.has(name));
  // Two lanes side by side, for tools of one core, each after what it needs; then what takes all cores.
  const lanes = [
    { "node modules": ensureNodeModules, build: ensureBuild, ...among(chosen, typescriptLane) },
    { ...(needsPython ? { "python environment": ensureVenv } : {}), ...among(chosen, pythonLane) },
  ];
  const together = [lanes, [among(chosen, { ...tests, ...shortcuts })]];
  const names = together.flat().flatMap(Object.keys);
  let failed = false;
  const walk = async (stages) => {
    for (const [name, stage] of Object.entries(stages)) {
      if (failed) return;
      const label = `[${names.indexOf(name) + 1}/${names.length}] ${name}`;
      progress(`${label} …`);
      const begin = performance.now();
      try {
        const code = (await stage()) ?? 0;
        const seconds = ((performance.now() - begin) / 1000).toFixed(1);
        if (code !== 0) throw new SetupError(`stage "${name}" failed with exit code ${code} after ${seconds} s`);
        if (name !== "pytest") progress(`${label}: ok, ${seconds} s`);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  for (const lanesOfStep of together) {
    // Whoever fails first is told once the other lane has ended what it was at.
    const ends = await Promise.allSettled(lanesOfStep.map(walk));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
});
