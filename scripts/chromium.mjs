/** The browser that opens reports in tests: $CHROMIUM, or the first one found on the path. As a script it prints where that is, or fails. */
import { accessSync, constants } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The browser's file, or undefined. */
export function findChromium() {
  const { CHROMIUM, PATH = "" } = process.env;
  if (CHROMIUM !== undefined && CHROMIUM !== "") return runs(CHROMIUM) ? resolve(CHROMIUM) : undefined;
  return names.flatMap((name) => PATH.split(delimiter).map((folder) => join(folder, name))).find(runs);
}

function runs(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const found = findChromium();
  if (found === undefined) process.exitCode = 1;
  else process.stdout.write(`${found}\n`);
}
