import { readFileSync } from "node:fs";

/** client.ts without a model's facts. */
export function clientTemplate(): string {
  return readFileSync(new URL("../targets/client/template.mts", import.meta.url), "utf8");
}
