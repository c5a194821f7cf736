/** What the guides show works: models compile, the example of an op passes every check, commands and options exist. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Op } from "../../src/ir/op.ts";
import { program } from "../cli/reference.ts";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";
import { testOp } from "../ops/check-op.ts";
import { torchServer } from "../support/torch-server.ts";

const guides = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
];
const texts = guides.map((guide) => [guide, readFileSync(join(root, guide), "utf8")] as const);

interface Listing {
  readonly guide: string;
  readonly file: string;
  readonly code: string;
}

/** Fenced blocks of a language that name a file. */
const listed = (language: string): readonly Listing[] =>
  texts.flatMap(([guide, text]) =>
    [...text.matchAll(new RegExp(`^\`\`\`${language} file=(\\S+)\\n(.*?)^\`\`\`$`, "gms"))].map(([, file = "", code = ""]) => ({
      guide,
      file,
      code,
    })),
  );
const [listings, python] = [listed("ts"), listed("python")];
// What wrong.ts says stands behind it; consoles.test.ts runs that.
const models = listings.filter(({ file }) => !file.includes("/") && file !== "wrong.ts");

test("models are there to be checked", () => {
  expect(models.length).toBeGreaterThan(1);
});

test.each(models)("$guide: $file checks and compiles", { tags: "slow" }, async ({ guide, file }) => {
  const folder = tempFolder();
  // A guide's files import each other.
  const beside = [...listings, ...python].filter((each) => each.guide === guide);
  write(folder, Object.fromEntries(beside.map((each) => [each.file, each.code])));
  const check = await litevae(folder, "check", file);
  expect(check.code, check.stderr).toBe(0);
  const compiled = await litevae(folder, "compile", file, "-o", "out", "--target", "onnx,torch");
  expect(compiled.code, compiled.stderr).toBe(0);
});

test("docs/own-ops.md shows the example as it is", () => {
  const shown = [...listings, ...python].filter(({ guide }) => guide === "docs/own-ops.md");
  expect(shown.map(({ file }) => file)).toEqual(["own-ops.ts", "swish.py"]);
  for (const { file, code } of shown) expect(code).toBe(readFileSync(join(root, "examples", file), "utf8"));
});

const opListings = listings.filter(({ file }) => file.startsWith("src/ops/"));

/** The op that a listing exports, from a file outside of the repository with the same imports. */
async function opOf({ file, code }: Listing): Promise<Op> {
  const path = join(tempFolder(), basename(file));
  writeFileSync(
    path,
    code.replace(/(?<= from ")\.[^"]*/g, (specifier) => join(root, dirname(file), specifier)),
  );
  const exported = Object.values((await import(path)) as Readonly<Record<string, Op>>);
  expect(exported).toHaveLength(1);
  return exported[0]!;
}

describe.each(opListings)("$guide: $file", { tags: "python" }, async (listing) => {
  const op = await opOf(listing);
  testOp(op, torchServer());
});

test("an op is there to be checked", () => {
  expect(opListings).toHaveLength(1);
});

/** What every command takes. */
const known = new Map(
  program.commands.map((command) => [command.name(), command.options.flatMap(({ short, long }) => [short, long])] as const),
);

test.each(texts)("%s: what it links to is there", (guide, text) => {
  // A call of what a table holds, `table[key]({ … })`, is no link.
  const prose = text.replace(/^```.*?^```$/gms, "").replace(/`[^`\n]*`/g, "");
  const links = [...prose.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = ""]) => target);
  expect(links.filter((target) => !existsSync(join(root, dirname(guide), target)))).toEqual([]);
});

/** `litevae COMMAND …` in code, the command's name and the options that stand there. */
const shown = texts.flatMap(([guide, text]) =>
  [...text.matchAll(new RegExp(`litevae (${[...known.keys()].join("|")})\\b([^\`\\n#]*)`, "g"))].map(
    ([line, command = "", rest = ""]) => ({
      guide,
      line,
      command,
      options: [...rest.matchAll(/(?<=[\s[])--?[a-z][a-z-]*/g)].map(([option]) => option),
    }),
  ),
);

test("every command is shown", () => {
  expect(new Set(shown.map(({ command }) => command))).toEqual(new Set(known.keys()));
});

test.each(shown)("$guide: $line", ({ command, options }) => {
  expect(options.filter((option) => known.get(command)?.includes(option) !== true)).toEqual([]);
});
