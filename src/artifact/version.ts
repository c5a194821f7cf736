import { existsSync, readFileSync } from "node:fs";
import { installation } from "../ir/installation.ts";

/** The version in package.json, which stands above `dist/` and in the repository beside `src/`. */
export function packageVersion(): string {
  for (const up of ["package.json", "../package.json"]) {
    const url = new URL(up, installation);
    if (existsSync(url)) return (JSON.parse(readFileSync(url, "utf8")) as { version: string }).version;
  }
  throw new Error("package.json is not where the installation has it");
}
