/**
 * Loaded into the command with `--import`: copies the folder SNAPSHOTS_OF to SNAPSHOTS_IN/0, 1, 2, … before the command starts, after every
 * change that it makes there, and in the middle of every write. Each copy is what a crash at that moment leaves.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join, resolve, sep } from "node:path";

const folder = resolve(process.env.SNAPSHOTS_OF);
const { cpSync, existsSync, mkdirSync, writeFileSync } = fs;
const steps = [];
let busy = false;

function snapshot(step) {
  busy = true;
  const copy = join(process.env.SNAPSHOTS_IN, String(steps.length));
  steps.push(step);
  mkdirSync(copy, { recursive: true });
  if (existsSync(folder)) cpSync(folder, copy, { recursive: true });
  busy = false;
}

const isOurs = (path) => !busy && typeof path === "string" && `${resolve(path)}${sep}`.startsWith(`${folder}${sep}`);
const files = new Map();

/** Calls the function as it is, then takes a snapshot when it changed something below the folder. */
function watch(name, touches, after = () => undefined) {
  const original = fs[name];
  fs[name] = (...args) => {
    const ours = touches(...args);
    const result = original(...args);
    after(args, result);
    if (ours) snapshot(`${name} ${typeof args[0] === "number" ? files.get(args[0]) : resolve(args[0]).slice(folder.length + 1)}`);
    return result;
  };
}

for (const name of ["mkdirSync", "renameSync", "rmSync", "rmdirSync", "writeFileSync", "appendFileSync"]) watch(name, isOurs);
watch(
  "openSync",
  (path, flags) => isOurs(path) && flags !== "r",
  ([path], file) => files.set(file, isOurs(path) ? resolve(path).slice(folder.length + 1) : undefined),
);

const { writeSync } = fs;
/** Files whose last write was short. */
const halved = new Set();
fs.writeSync = (file, bytes, offset, length, ...rest) => {
  if (busy || files.get(file) === undefined || halved.delete(file) || length < 2)
    return writeSync(file, bytes, offset, length, ...rest);
  // A short write is what the system may answer; the caller goes on with the rest.
  const written = writeSync(file, bytes, offset, length >> 1, ...rest);
  halved.add(file);
  snapshot(`writeSync ${files.get(file)}`);
  return written;
};
syncBuiltinESMExports();

snapshot("before");
process.on("exit", () => {
  snapshot("after");
  writeFileSync(join(process.env.SNAPSHOTS_IN, "steps.json"), JSON.stringify(steps));
});
