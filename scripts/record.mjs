/**
 * `npm run record -- --compare test/record.json`: whether the compiler still writes what it wrote: the bytes of every graph and weight file of the
 * built-in models and the examples, their counts, and every number that 20 steps of training log, to the last bit. Minutes; not part of `npm test`.
 *
 *   -o FILE          write a record
 *   --compare FILE   record what FILE holds again, print each difference; exit code 1 if there is one
 *   --only a,b       these entries alone
 *   --checkout DIR   of another checkout than this one
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensureNodeModules, ensureVenv, inRoot, progress, root, script, SetupError, venvPython } from "./setup.mjs";

/** Runs a command and returns its stdout; what it says on stderr is shown only if it fails. */
function output(command, args, { cwd = root, env = {} } = {}) {
  const options = { cwd, env: { ...process.env, ...env }, encoding: "utf8", maxBuffer: 2 ** 28 };
  const { status, stdout, stderr, error } = spawnSync(command, args, options);
  if (error !== undefined || status !== 0)
    throw new SetupError(`${[command, ...args].join(" ")} failed${error ? `: ${error.message}` : ` with ${status}:\n${stderr}`}`);
  return stdout;
}

function inTemporaryFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), "litevae-record-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const hashesIn = (folder) => JSON.parse(output(venvPython, [inRoot("scripts", "record.py"), folder]));

/** One thread and instructions that most machines have: the same sums in the same order. */
const SAME_SUMS = { OMP_NUM_THREADS: "1", ATEN_CPU_CAPABILITY: "avx2", ONEDNN_MAX_CPU_ISA: "AVX2", MKL_CBWR: "AVX2" };
/** What the log says of the machine instead of the training. */
const OF_THE_MACHINE = ["images_per_second", "memory_gb"];
/** 20 steps that reach both phases and the whole weight of the discriminator, every one logged. */
const TWENTY_STEPS = [
  "phases.0.steps=8",
  "phases.1.steps=12",
  "adversarial.warmup=2",
  "adversarial.ramp=4",
  "log.every=1",
  "checkpoints.every=20",
  "checkpoints.validate_every=20",
];
/** Terms and a discriminator that `smoke` leaves out. */
const OTHER_LOSSES = [
  "losses.perceptual=1",
  "perceptual.weights=random",
  "losses.ldl=1",
  "adversarial.mode=adaptive",
  "discriminator=patchgan",
  "optimizer.weight_decay=0.01",
  "accumulation=2",
];

/** The entries of a record by name: each a function that makes it. */
function entriesOf(checkout) {
  const cli = (...args) => output(process.execPath, [join(checkout, "dist", "bin", "litevae.js"), ...args], { cwd: checkout });
  const photos = join(checkout, "examples", "photos");

  const compiled = (model, ...options) =>
    inTemporaryFolder((folder) => {
      const [{ parts }] = JSON.parse(cli("compare", model, "--format", "json"));
      cli("compile", model, "--parts", Object.keys(parts).join(","), "-o", folder, ...options);
      const counts = Object.entries(parts).map(([part, { params, macs }]) => [part, { params, macs }]);
      return { parts: Object.fromEntries(counts), files: hashesIn(folder) };
    });

  const trained = (...settings) =>
    inTemporaryFolder((folder) => {
      const run = join(folder, "run");
      cli("compile", "nano", "--target", "torch", "--recipe", "smoke", "-o", join(folder, "nano"));
      const train = ["-m", "litevae_nano.train", "--cpu", "--data", photos, "--output", run, "--set", ...settings];
      output(venvPython, train, { cwd: join(folder, "nano"), env: SAME_SUMS });
      const steps = {};
      for (const line of readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n")) {
        const { step, ...logged } = JSON.parse(line);
        const values = Object.entries(logged).filter(([name]) => !OF_THE_MACHINE.includes(name));
        steps[step] = { ...steps[step], ...Object.fromEntries(values) };
      }
      return { steps, files: hashesIn(run) };
    });

  const builtIns = cli("list")
    .split("\n\n")[0]
    .split("\n")
    .map((line) => line.split(" ")[0]);
  const examples = readdirSync(join(checkout, "examples"))
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `examples/${file}`);
  return {
    ...Object.fromEntries([...builtIns, ...examples].map((model) => [model, () => compiled(model, "--target", "onnx,torch")])),
    ...Object.fromEntries(
      ["nano", "s"].map((model) => [`${model} fp16`, () => compiled(model, "--precision", "fp16", "--calibrate", photos)]),
    ),
    "nano opset 21": () => compiled("nano", "--opset", "21", "--external-data"),
    "training smoke": () => trained(...TWENTY_STEPS),
    "training other losses": () => trained(...TWENTY_STEPS, ...OTHER_LOSSES),
  };
}

/** Losses are sums whose order is the machine's: elsewhere, or under another torch, they may differ without anything being wrong. */
const machine = () => ({
  cpu: cpus()[0]?.model ?? "unknown",
  node: process.version,
  torch: output(venvPython, ["-c", "import torch; print(torch.__version__)"]).trim(),
});

/** `{"a": {"b": 1}}` as [["a > b", 1]]. */
const leaves = (value, path = []) =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]))
    : [[path.join(" > "), value]];

function differences(recorded, found) {
  const [before, after] = [recorded, found].map((side) => new Map(leaves(side)));
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path}: ${before.get(path) ?? "nothing"} -> ${after.get(path) ?? "nothing"}`);
}

/** An entry; a comparison tells of one that cannot be made and goes on with the others. */
function make(name, makers, must) {
  try {
    if (makers[name] === undefined) throw new SetupError(`${name} is not there`);
    return makers[name]();
  } catch (error) {
    if (must || !(error instanceof SetupError)) throw error;
    progress(error.message);
    return {};
  }
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        output: { type: "string", short: "o" },
        compare: { type: "string" },
        only: { type: "string" },
        checkout: { type: "string", default: root },
      },
    });
    if ((values.output === undefined) === (values.compare === undefined)) throw new SetupError("give -o FILE or --compare FILE");
    return values;
  } catch (error) {
    throw new SetupError(error.message);
  }
}

script(async () => {
  const { output: target, compare, only, checkout } = options();
  if (compare !== undefined && !existsSync(compare)) throw new SetupError(`there is no ${compare}`);
  const recorded = compare === undefined ? undefined : JSON.parse(readFileSync(compare, "utf8"));
  await ensureNodeModules();
  await ensureVenv();
  if (!existsSync(join(checkout, "scripts", "build.mjs"))) throw new SetupError(`${checkout} is no checkout`);
  output(process.execPath, [join(resolve(checkout), "scripts", "build.mjs")]);

  const makers = entriesOf(resolve(checkout));
  const known = Object.keys(recorded?.entries ?? makers);
  const wanted = only?.split(",") ?? known;
  const unknown = wanted.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new SetupError(`there is no entry "${unknown}"; there are ${known.join(", ")}`);

  const here = machine();
  const found = {};
  let different = 0;
  for (const name of wanted) {
    const begin = performance.now();
    found[name] = make(name, makers, recorded === undefined);
    const lines = recorded === undefined ? [] : differences({ [name]: recorded.entries[name] }, { [name]: found[name] });
    for (const line of lines) process.stdout.write(`${line}\n`);
    different += lines.length;
    const verdict = recorded === undefined ? "recorded" : lines.length === 0 ? "equal" : `differs in ${lines.length}`;
    progress(`${name}: ${verdict}, ${((performance.now() - begin) / 1000).toFixed(1)} s`);
  }
  if (target !== undefined) writeFileSync(target, `${JSON.stringify({ machine: here, entries: found }, undefined, 2)}\n`);
  if (different === 0) return;
  for (const line of differences(recorded.machine, here)) progress(`not the machine of the record: ${line}`);
  throw new SetupError(`not as in ${compare}: values that differ: ${different}`);
});
