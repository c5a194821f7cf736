/** Sketches of JSON in the guides have the keys and values of what the commands print; … stands for what is left out. */
// @module-tag slow
import { expect, test } from "vitest";
import { blocksOf } from "../../scripts/guides.mjs";
import { litevae } from "../e2e/in-process.ts";
import { root } from "../e2e/litevae.ts";
import { pages } from "./pages.ts";

const more = "…";

/** A sketch as JSON: … behind a colon is a value, and any other is a key. */
function read(sketch: string): unknown {
  const json = sketch.replace(/"[^"]*"|…/g, (found, at: number) => {
    if (found !== more) return found;
    return sketch.slice(0, at).trimEnd().endsWith(":") ? `"${more}"` : `"${more}": ""`;
  });
  return JSON.parse(json);
}

type Fields = Readonly<Record<string, unknown>>;

/** Where what is shown is not what is there. */
function differences(shown: unknown, there: unknown, path = ""): readonly string[] {
  if (shown === more && there !== undefined) return [];
  if (typeof shown === "string" && typeof there === "string" && shown.endsWith(more) && there.startsWith(shown.slice(0, -1)))
    return [];
  if (Array.isArray(shown) && Array.isArray(there)) {
    return shown.flatMap((each: unknown, i) =>
      there.some((other) => differences(each, other).length === 0) ? [] : differences(each, there[i], `${path}[${i}]`),
    );
  }
  if (typeof shown !== "object" || shown === null || typeof there !== "object" || there === null)
    return Object.is(shown, there) ? [] : [`${path}: ${JSON.stringify(shown)}, and there is ${JSON.stringify(there)}`];
  const [sketch, found] = [shown as Fields, there as Fields];
  const untold = more in sketch ? [] : Object.keys(found).filter((key) => !(key in sketch));
  return [
    ...untold.map((key) => `${path}.${key} is not shown`),
    ...Object.keys(sketch)
      .filter((key) => key !== more)
      .flatMap((key) => differences(sketch[key], found[key], `${path}.${key}`)),
  ];
}

const sketches = (guide: string): readonly unknown[] =>
  blocksOf(pages.find((page) => page.guide === guide)?.text ?? "")
    .filter(({ kind }) => kind === "json")
    .map(({ code }) => read(code));

async function printed(...args: readonly string[]): Promise<unknown> {
  return JSON.parse((await litevae(root, ...args)).stdout);
}

test("what is compared can differ", () => {
  const shown = read('{ "a": 1, "b": [{ "c": …, "d": "x.…" }], … }');
  expect(differences(shown, { a: 1, b: [{ c: 2, d: "x.y" }], e: 3 })).toEqual([]);
  expect(differences(shown, { a: 2, b: [{ d: "y", f: 1 }] })).toEqual([
    ".a: 1, and there is 2",
    ".b[0].f is not shown",
    '.b[0].c: "…", and there is undefined',
    '.b[0].d: "x.…", and there is "y"',
  ]);
  expect(differences(read('{ "a": 1 }'), { a: 1, b: 2 })).toEqual([".b is not shown"]);
});

test("docs/authoring.md: compare --format json", async () => {
  const [, b] = (await printed("compare", "s", "b", "--budget", "encoder=7M", "--format", "json")) as readonly unknown[];
  expect(sketches("docs/authoring.md").map((sketch) => differences(sketch, b))).toEqual([[]]);
});
