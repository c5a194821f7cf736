/** The Python that every package carries, read from where the installation keeps it. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installation } from "../ir/installation.ts";

const folder = fileURLToPath(new URL("runtime/src/litevae_runtime/", installation));

/** The modules of `runtime/` by their paths inside of it, with slashes. */
export function runtimeFiles(): readonly { readonly name: string; readonly text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".py"))
    .map((file) => ({ name: file.replaceAll("\\", "/"), text: readFileSync(join(folder, file), "utf8") }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
