/** One word for one thing, and the field's: in code, messages, comments and docs. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What is not said, and what is said instead. */
const instead: readonly (readonly [RegExp, string])[] = [
  [/picture/i, "image"],
  [/(broken|unreadable|damaged) images?/i, "corrupt image"],
  [/averaged weights|averaged copy of the weights/i, "EMA weights"],
  [/\b(critic|adversary)\b/i, "discriminator"],
  [/\bmend(s|ed|ing)?\b/i, "correct, fix, repair"],
  [/\bby heart\b/i, "overfitted"],
  [/\b(bug|fault)s? of ours\b/i, "a bug in litevae"],
  [/\bgame\b/i, "adversarial training"],
  [/\bjudg/i, "discriminator, measured by, checked"],
  [/\b(type|interface) Map\b/, "a name that does not hide the built-in Map"],
  [/function (expect|isFinite)\b/, "a name that hides nothing built in"],
];

const texts = execFileSync("git", ["ls-files", "*.ts", "*.mjs", "*.py", "*.md", "*.css", "*.html"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  // The changelog is history, and this file names the words.
  .filter((path) => path !== "" && path !== "CHANGELOG.md" && path !== "test/words.test.ts")
  .map((path) => ({ path, lines: readFileSync(`${root}${path}`, "utf8").split("\n") }));

test.each(instead)("nothing says %s: it is %s", (word) => {
  const found = texts.flatMap(({ path, lines }) =>
    lines.flatMap((line, at) => (word.test(line) ? [`${path}:${at + 1}: ${line.trim()}`] : [])),
  );
  expect(found).toEqual([]);
});
