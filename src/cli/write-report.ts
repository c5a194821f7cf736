import { existsSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../errors/index.ts";

function isFolder(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory();
}

function cannotWrite(path: string, found: string): UserError {
  return new UserError({ what: `cannot write ${path}`, found, help: "give -o a file in a folder that can be written" });
}

/** Refuses a path that no file can have, before the report takes its time. */
export function checkReport(path: string): void {
  if (isFolder(path)) throw cannotWrite(path, "a folder of that name");
  if (!isFolder(dirname(path))) throw cannotWrite(path, `no folder ${dirname(path)}`);
}

/** Writes a report beside its place and renames it. A link stays a link; a pipe or device is written to, and never replaced. */
export function writeReport(path: string, text: string): void {
  checkReport(path);
  let partial: string | undefined;
  try {
    const place = existsSync(path) ? realpathSync(path) : path;
    if (existsSync(place) && !statSync(place).isFile()) {
      writeFileSync(place, text);
      return;
    }
    partial = `${place}.partial`;
    writeFileSync(partial, text);
    renameSync(partial, place);
  } catch (error) {
    if (partial !== undefined) rmSync(partial, { force: true });
    throw cannotWrite(path, (error as Error).message);
  }
}
