import { existsSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";

/** Holds the process id of the command that is writing, and the folder, so that a copy of it is not taken for locked. */
export const lockName = ".litevae-lock";

/** The locks that this process holds now, by their paths: one that has its number and is not among them is of an earlier process. */
const held = new Map<string, string>();

/**
 * Takes the folder; UserError where a living process is writing it, this one among them. Locks of libraries are kept fresh by a timer, which stands
 * still while a command computes, and so are taken for stale; here the process itself is asked for.
 */
export function lock(folder: string, command: string): void {
  const path = join(folder, lockName);
  const own = `${process.pid} ${realpathSync(folder)}`;
  for (;;) {
    try {
      writeFileSync(path, own, { flag: "wx" });
      held.set(path, own);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    // Gone in between: the other one has ended.
    const [holder, ...place] = existsSync(path) ? readFileSync(path, "utf8").split(" ") : [];
    const living = Number(holder) === process.pid ? [...held.values()].includes(own) : isAlive(Number(holder));
    if (place.join(" ") === realpathSync(folder) && living) {
      throw new UserError({
        what: `${folder} is being written by another ${command}`,
        found: `process ${holder}`,
        help: `wait until it has ended, or give another -o; if that process is no ${command}, remove ${path}`,
      });
    }
    rmSync(path, { force: true });
  }
}

/** Gives the folder back, written or not. */
export function unlock(folder: string): void {
  const path = join(folder, lockName);
  held.delete(path);
  rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
