/** Numbers that blocks take from around them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { block, conv2d, layers, model, type Feature } from "../../dsl/authoring.ts";
import { authorNumbers } from "../../src/artifact/author-numbers.ts";
import { author } from "../../src/artifact/author.ts";
import type { Definition, Model } from "../../src/ir/model.ts";
import { reservedNames } from "../../src/targets/torch/names.ts";
import { classesOf } from "../../src/targets/torch/program/classes.ts";
import { silent, type FeatureMap, type Layer } from "./designs.ts";

const folder = mkdtempSync(join(tmpdir(), "litevae-numbers-"));
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** The numbers of a block with this code in the file. */
function numbersOf(code: string, file: string): readonly number[] {
  const trace = { stack: `Error\n    at Object.<anonymous> (${file}:1:1)` };
  return [...authorNumbers({ source: { trace }, code } as unknown as Definition)].sort((a, b) => a - b);
}

test("what code names is a number, computed of some, in a list, a record or a function of its file", () => {
  const file = fileOf(
    "model.ts",
    `import { block } from "litevae/dsl";
const LIMIT: number = 300, // and 301
  FAR = 2 * LIMIT - 100;
const small = 1e-6;
let sizes = [70, 71] as const;
export const limits = { least: 80, "81": "82" };
const groupsOf = (channels: number): number =>
  channels > 96
    ? channels / 13
    : LIMIT;
function widthOf(c: number): number {
  const unit = 17;
  return c > FAR ? unit : c;
}
const table = [1, 2, 3, 4, 5, 6, 7, 8, 9];
const Other = block("Other", () => 999);
const a = block("A", () => 1000);
`,
  );
  expect(numbersOf("({ c }) => c > LIMIT", file)).toEqual([300]);
  expect(numbersOf("({ c }) => c > 2 * FAR", file)).toEqual([2, 500, 1000]);
  expect(numbersOf("({ c }) => c > small", file)).toEqual([1e-6]);
  expect(numbersOf("({ c }) => sizes.includes(c)", file)).toEqual([70, 71]);
  expect(numbersOf("({ c }) => c > limits.least", file)).toEqual([80]);
  expect(numbersOf("({ c }) => groupsOf(c)", file)).toEqual([13, 96, 300]);
  expect(numbersOf("({ c }) => widthOf(c)", file)).toEqual([17, 500]);
  expect(numbersOf("({ c, limit = LIMIT }) => c > limit", file)).toEqual([300]);
  // Tables, blocks, and names of the code's own.
  expect(numbersOf("({ LIMIT }) => { const FAR = LIMIT; return table[FAR] + Other(c.small) + a; }", file)).toEqual([]);
});

test("of files beside it, and of compiled modules and bundles", () => {
  fileOf("limits.ts", "const unit = 32;\nexport const LIMIT = 9 * unit;\n");
  for (const from of ["./limits.ts", "./limits.js", "./limits"]) {
    const file = fileOf("importing.ts", `import { LIMIT as MOST } from "${from}";\n`);
    expect(numbersOf("({ c }) => c > MOST", file)).toEqual([288]);
    // As loaders write it.
    expect(numbersOf("({ c }) => c > _limits.LIMIT", file)).toEqual([288]);
  }
  const bundle = fileOf("bundle.js", 'var t=.5,e=300,n=r("A",({c:o})=>o>e?s(o):t),i=[7];function s(r){return r*11}');
  expect(numbersOf("({c:o})=>o>e?s(o):t", bundle)).toEqual([0.5, 11, 300]);
  expect(numbersOf("({ c }) => c > LIMIT", join(folder, "none.ts"))).toEqual([]);
});

const LIMIT = 4 * 83;

function widthOf(ch: number): number {
  return ch > 532 ? 2 * ch : ch;
}

function twice(out: number): Layer {
  const { a, b } = layers({ a: conv2d({ in: 3, out }), b: conv2d({ in: out, out: 4 }) });
  return (image: FeatureMap): FeatureMap => b(a(image as Feature<3, 1>));
}

const blocks = {
  "a constant": block("Limited", ({ ch }: { ch: number }) => twice(ch > LIMIT ? 2 * ch : ch)),
  "a multiple of one": block("Limited", ({ ch }: { ch: number }) => twice(ch >= 3 * LIMIT ? 2 * ch : ch)),
  "a function": block("Limited", ({ ch }: { ch: number }) => twice(widthOf(ch))),
};

test.each(Object.entries(blocks))("a class knows what its block makes on both sides of %s", (_, Limited) => {
  const of = (ch: number): Model =>
    model<number>({ name: "limited", latentChannels: 2, encoder: Limited({ ch }), decoder: conv2d({ in: 2, out: 3 }) });
  const edges = [LIMIT, 3 * LIMIT, 532].flatMap((edge) => [edge - 2, edge, edge + 2]);
  for (const given of [4, 2048]) {
    const graphs = of(given).parts.map(({ graph }) => graph);
    const classes = classesOf(graphs, reservedNames, { author });
    for (const ch of edges) expect(silent(classes, of(ch)), `${given} ${ch}`).toBeUndefined();
    expect(classes.programs[0]?.parameters.map(({ name }) => name)).toEqual(["ch"]);
  }
});
