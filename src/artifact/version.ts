import { existsSync, readFileSync } from "node:fs";

/** The version in package.json, which stands two folders up in the sources and three in the built files. */
export function packageVersion(): string {
  for (const up of ["../../package.json", "../../../package.json"]) {
    const url = new URL(up, import.meta.url);
    if (existsSync(url)) return (JSON.parse(readFileSync(url, "utf8")) as { version: string }).version;
  }
  throw new Error("package.json is not where the installation has it");
}
