/** Every fenced block of the README and the guides is run, or compared with what is there, by a test that this file names; what is not stands in a short list, with the reason. */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blocksOf, commandsOf, guideOf, type Block } from "../../scripts/guides.mjs";
import { root } from "../e2e/litevae.ts";
import { commands, notRun, pages, type Page } from "./pages.ts";

type Takes = (block: Block, page: Page) => boolean;

const isA =
  (...kinds: readonly string[]): Takes =>
  ({ kind }) =>
    kinds.includes(kind);
const on =
  (guide: string, takes: Takes): Takes =>
  (block, page) =>
    page.guide === guide && takes(block, page);
const inFile: Takes = ({ kind, rest }) => kind === "ts" && rest.startsWith("file=");

/** Pages whose commands run in a test of their own. */
const own = "docs/migrating.md";

/** What each test runs or compares. */
const tests: readonly (readonly [test: string, takes: Takes])[] = [
  ["test/docs/guides.test.ts", inFile],
  ["test/docs/guides.test.ts", on("docs/own-ops.md", isA("python"))],
  ["test/docs/inventory.test.ts", on("docs/formats.md", isA("js"))],
  ["test/docs/inventory.test.ts", on("README.md", ({ kind, rest }) => kind === "ts" && rest === "")],
  ["test/docs/api.test.ts", on("docs/api.md", isA("ts", "console"))],
  ["test/docs/json.test.ts", on("docs/authoring.md", isA("json"))],
  ["test/benchmark/test_benchmark.py", on("docs/measuring.md", isA("json"))],
  ["test/docs/commands.test.ts", ({ kind, code }, { guide }) => kind === "sh" && guide !== own && commandsOf(code).some(runs)],
  [
    "test/docs/consoles.test.ts",
    // Pages that compile nothing run packages of other pages, which are not there.
    ({ kind, code }, { text }) =>
      kind === "console" && code.startsWith("$ ") && guideOf(text).consoles.some(({ program }) => program === "npx"),
  ],
  ["test/torch/test_migrating.py", on(own, () => true)],
  ["test/torch/test_deploying.py", on("docs/deploying.md", ({ kind, rest }) => kind !== "html" && rest.startsWith("file="))],
  ["test/client/deploying.test.ts", on("docs/deploying.md", isA("html"))],
  ["test/latents/test_dataset.py", on("docs/latents.md", isA("python"))],
  ["test/torch/test_published_cosmos.py", on("docs/gallery.md", isA("python"))],
  ["test/training/test_clusters.py", on("docs/clusters.md", isA("bash", "yaml"))],
];

/** Blocks that no test runs, and why. Commands that none runs stand in pages.ts. */
const unrun: readonly (readonly [guide: string, takes: Takes, reason: string])[] = [
  [
    "docs/adding-an-op.md",
    ({ kind, rest }) => kind === "ts" && rest === "",
    "lines for an index and for a file of the DSL that have other ops in them; the op itself passes every check of an op",
  ],
  [
    "docs/own-ops.md",
    ({ kind, rest }) => kind === "ts" && rest === "",
    "for a test runner other than this; test/op-test/own-ops.test.ts draws uses of the same two ops, and calls testOp",
  ],
  [
    "docs/latents.md",
    isA("console"),
    "encodes at 256×256, for seconds that differ; test/latents/test_latents.py holds what is printed",
  ],
];

/** What is neither a program nor printed by one: messages and drawings. */
const words = "text";
const kinds = new Set(["sh", "bash", "console", "ts", "js", "python", "html", "json", "yaml", words]);

function runs(command: string): boolean {
  return !notRun.some(([pattern]) => pattern.test(command));
}

const blocks = pages.flatMap((page) => blocksOf(page.text).map((block) => ({ page, block })));
const nameOf = ({ page, block }: (typeof blocks)[number]): string => `${page.guide}:${block.line} (${block.kind})`;
const testOf = ({ page, block }: (typeof blocks)[number]): string | undefined =>
  tests.find(([, takes]) => takes(block, page))?.[0];
const reasonOf = ({ page, block }: (typeof blocks)[number]): string | undefined =>
  unrun.find(([guide, takes]) => guide === page.guide && takes(block, page))?.[2];

test("every block says what it is", () => {
  expect(blocks.length).toBeGreaterThan(100);
  expect(blocks.filter(({ block }) => !kinds.has(block.kind)).map(nameOf)).toEqual([]);
  // A fence that the pattern misses, such as one in a list, would escape this inventory.
  const fences = pages.map(({ guide, text }) => [guide, text.match(/^\s*```/gm)?.length ?? 0]);
  expect(fences).toEqual(pages.map(({ guide, text }) => [guide, 2 * blocksOf(text).length]));
});

test("every block is run by a test, or is in the list", () => {
  const left = blocks.filter(({ block }) => block.kind !== words && block.kind !== "sh");
  expect(left.filter((each) => testOf(each) === undefined && reasonOf(each) === undefined).map(nameOf)).toEqual([]);
  expect(left.filter((each) => testOf(each) !== undefined && reasonOf(each) !== undefined).map(nameOf)).toEqual([]);
});

test("every command runs, or is in the list", () => {
  const shell = /^(?:mkdir|cd|cp) /;
  const unknown = commands.filter(
    ({ guide, command }) =>
      runs(command) &&
      guide !== own &&
      !command.startsWith("npx litevae ") &&
      !(guide === "docs/tutorial.md" && shell.test(command)),
  );
  expect(unknown).toEqual([]);
});

test("the lists have nothing that is no longer there", () => {
  expect(notRun.filter(([pattern]) => !commands.some(({ command }) => pattern.test(command)))).toEqual([]);
  const takesNone = (takes: Takes): boolean => !blocks.some(({ page, block }) => takes(block, page));
  expect(tests.filter(([, takes]) => takesNone(takes)).map(([name]) => name)).toEqual([]);
  expect(unrun.filter(([guide, takes]) => takesNone(on(guide, takes))).map(([guide]) => guide)).toEqual([]);
  const named = [...unrun.map(([, , reason]) => reason), ...notRun.map(([, reason]) => reason)].flatMap(
    (reason) => reason.match(/\btest\/[\w/.-]*\w/g) ?? [],
  );
  expect([...tests.map(([name]) => name), ...named].filter((name) => !existsSync(join(root, name)))).toEqual([]);
});

test("a test reads the pages whose blocks it has", () => {
  const readsAll = /from "\.\/pages\.ts"|readdirSync\(join\(root, "docs"\)\)/;
  const wrong = blocks.flatMap(({ page, block }) =>
    tests
      .filter(([name, takes]) => {
        if (!takes(block, page)) return false;
        const code = readFileSync(join(root, name), "utf8");
        return !readsAll.test(code) && !code.includes(page.guide) && !code.includes(page.guide.replace("/", '" / "'));
      })
      .map(([name]) => `${name} does not read ${page.guide}`),
  );
  expect(wrong).toEqual([]);
});

test("the README's model is the example's", () => {
  const [readme] = pages;
  const shown = blocksOf(readme?.text ?? "").filter(({ kind, rest }) => kind === "ts" && rest === "");
  const example = readFileSync(join(root, "examples/litevae-b.ts"), "utf8").replace(/\n\/\*\*.*\*\/\n/, "");
  expect(shown.map(({ code }) => code)).toEqual([example]);
});

test("docs/formats.md reads a schema", () => {
  const [shown] = blocksOf(pages.find(({ guide }) => guide === "docs/formats.md")?.text ?? "");
  const program = `${shown?.code ?? ""}\nconsole.log(schema.$schema);`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { cwd: root, encoding: "utf8" });
  expect(stdout, stderr).toMatch(/^http:\/\/json-schema\.org\/draft-07\//);
});
