import { existsSync, readFileSync } from "node:fs";
import { must } from "../errors/must.ts";
import { installation } from "../ir/installation.ts";

/** What the build makes of template.mts and worker.mts, so that no compile waits for TypeScript; run from the sources, that of the last build. */
export function clientTemplate(): Readonly<Record<"script" | "declarations" | "worker", string>> {
  const folder = ["src/targets/client/", "dist/src/targets/client/"]
    .map((path) => new URL(path, installation))
    .find((place) => existsSync(new URL("template.mjs", place)));
  const read = (name: string): string => readFileSync(new URL(name, must(folder, "a build of the client")), "utf8");
  // One file, which imports nothing: what the template imports comes after it.
  const script = read("template.mjs").replace(/^import .* from "(.*)";\n/gm, "");
  const imported = ["tiles", "planes"].map((name) =>
    read(`../../ir/${name}.mjs`).replace(/^export (?=(?:async )?function)/gm, ""),
  );
  return {
    script: [script, ...imported].join(""),
    declarations: read("template.d.mts"),
    worker: read("worker.mjs").replace("./template.mjs", "./client.js"),
  };
}
