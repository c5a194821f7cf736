import { spawn, type ChildProcess } from "node:child_process";
import { readdirSync, watch } from "node:fs";
import { join, relative } from "node:path";

/** Editors write a file in several steps. */
const quietMs = 100;

/**
 * Runs a command of litevae now and after every change of a file in the folder or below, until this process is ended. Each run is a process of its own: modules that
 * were imported into this one stay what they were.
 */
export function rerunOnChange(folder: string, args: readonly string[]): Promise<never> {
  let running: ChildProcess | undefined;
  let waiting: NodeJS.Timeout | undefined;
  const run = (): void => {
    running?.kill();
    running = spawn(process.execPath, [...process.execArgv, process.argv[1] ?? "", ...args], {
      stdio: ["ignore", "inherit", "inherit"],
    });
  };
  const changed = (path: string): void => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      process.stderr.write(`\n${relative(process.cwd(), path)} changed, ${new Date().toLocaleTimeString("en-GB")}\n`);
      run();
    }, quietMs);
  };
  for (const place of foldersBelow(folder)) {
    watch(place, (_, name) => {
      if (name !== null && /\.(?:[cm]?[jt]s|json|py)$/.test(name)) changed(join(place, name));
    });
  }
  process.once("exit", () => running?.kill());
  run();
  return new Promise(() => undefined);
}

/** Without what packages and tools keep there. */
function foldersBelow(folder: string): readonly string[] {
  const inside = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "node_modules" && !entry.name.startsWith("."))
    .flatMap(({ name }) => foldersBelow(join(folder, name)));
  return [folder, ...inside];
}
