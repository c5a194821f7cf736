import { spawn, type ChildProcess } from "node:child_process";
import { basename, relative, resolve } from "node:path";
import { watch } from "chokidar";

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
  const watcher = watch(folder, {
    ignoreInitial: true,
    // Packages and tools keep much in these, and the folder itself may lie in one.
    ignored: (path, stats) =>
      resolve(path) !== resolve(folder) &&
      (/^(?:node_modules$|\.)/.test(basename(path)) || (stats?.isFile() === true && !/\.(?:[cm]?[jt]s|json|py)$/.test(path))),
  });
  for (const event of ["add", "change", "unlink"] as const) watcher.on(event, changed);
  process.once("exit", () => running?.kill());
  run();
  return new Promise(() => undefined);
}
