/** docs/troubleshooting.md quotes messages that the code has: a reworded one is found here. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../e2e/litevae.ts";

/** Lines of blocks of text, each a message with … for what varies. */
const quoted = [...readFileSync(join(root, "docs/troubleshooting.md"), "utf8").matchAll(/^```text\n(.*?)^```$/gms)].flatMap(
  ([, lines = ""]) => lines.trimEnd().split("\n"),
);

/** What the program is made of, with texts joined that stand in several literals. */
const sources = execFileSync("git", ["ls-files", "src", "dsl", "runtime/src", "scripts"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((path) => /\.(m?ts|mjs|py)$/.test(path))
  .map((path) => readFileSync(join(root, path), "utf8").replace(/["'`]\s*\+?\s*\n\s*\+?\s*f?["'`]/g, ""));

/** Whether one file says all the parts of a message, in their order and close to each other. */
function isSaid(message: string): boolean {
  const parts = message.split("…").filter((part) => part.trim() !== "");
  const pattern = new RegExp(parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("[^\\n]{1,200}?"));
  return sources.some((source) => pattern.test(source));
}

test("messages are there to be looked for, each with words of its own", () => {
  expect(quoted.length).toBeGreaterThan(50);
  expect(quoted.filter((message) => message.replace(/[^a-z]/gi, "").length < 7)).toEqual([]);
  expect(isSaid("the weights in … are not the ones of …")).toBe(false);
});

test("every message that is quoted is one of the code's", () => {
  expect(quoted.filter((message) => !isSaid(message))).toEqual([]);
});
