/** What settings decide together, at numbers of the author's code, and below 0 or between whole numbers: never silently another network. */
// @module-tag slow
import { expect, test } from "vitest";
import { block, conv2d, layers, model, scale, type Feature, type Model } from "../../dsl/authoring.ts";
import { reservedNames } from "../../src/targets/torch/names.ts";
import { classesOf } from "../../src/targets/torch/program/classes.ts";
import { cover } from "../../src/targets/torch/program/cover.ts";
import { silent, type FeatureMap, type Layer } from "./designs.ts";

type Numbers = readonly number[];

interface Case<C> {
  readonly create: (config: C) => Layer;
  readonly given: C;
  readonly others: readonly C[];
}

/** A block, with the configuration that a class is made for, and others; its code is where its numbers stand. */
function of<C>(create: (config: C) => Layer, given: C, ...others: readonly C[]): () => string | undefined {
  return () => firstSilent({ create: block("Asks", create), given, others });
}

function twice(out: number): Layer {
  const { a, b } = layers({ a: conv2d({ in: 3, out }), b: conv2d({ in: out, out: 4 }) });
  return (image: FeatureMap): FeatureMap => b(a(image as Feature<3, 1>));
}

/** With something behind it. */
function once(behind: Layer): Layer {
  const { a } = layers({ a: conv2d({ in: 3, out: 4 }) });
  return (image: FeatureMap): FeatureMap => behind(a(image as Feature<3, 1>));
}

function firstSilent<C>({ create, given, others }: Case<C>): string | undefined {
  const modelOf = (config: C): Model =>
    model<number>({ name: "asks", latentChannels: 2, encoder: create(config), decoder: conv2d({ in: 2, out: 3 }) });
  const classes = classesOf(
    modelOf(given).parts.map(({ graph }) => graph),
    reservedNames,
  );
  return others.map((other) => silent(classes, modelOf(other))).find((each) => each !== undefined);
}

const two = (n: number, m: number): { readonly n: number; readonly m: number } => ({ n, m });
const three = (n: number, m: number, k: number): { readonly n: number; readonly m: number; readonly k: number } => ({ n, m, k });
const listed = (l: Numbers, n: number): { readonly l: Numbers; readonly n: number } => ({ l, n });

const cases: Readonly<Record<string, () => string | undefined>> = {
  "two thresholds": of(
    ({ n, m }) => twice(n >= 256 && m > 40 ? 2 * m : m),
    two(64, 32),
    two(256, 48),
    two(256, 40),
    two(255, 64),
  ),
  "either threshold": of(({ n, m }) => twice(n >= 256 || m >= 12 ? 2 * n : n + m), two(64, 4), two(256, 4), two(64, 12)),
  "two equalities": of(({ n, m }) => twice(n === 96 && m === 5 ? 7 : n), two(64, 3), two(96, 5)),
  "three thresholds": of(
    ({ n, m, k }) => twice(n > 100 && m >= 12 && k > 40 ? 2 * n : n + m + k),
    three(64, 4, 8),
    three(101, 12, 41),
  ),
  "an equality between thresholds": of(
    ({ n, m, k }) => twice(n > 100 && m === 12 && k < 40 ? 2 * n : n + m + k),
    three(64, 4, 48),
    three(101, 12, 39),
  ),
  "an item anywhere and a threshold": of(
    ({ l, n }) => twice(l.includes(16) && n > 100 ? 2 * n : n + l.length),
    listed([1, 2], 8),
    listed([16, 2], 101),
  ),
  "a length and a threshold": of(
    ({ l, n }) => twice(l.length > 3 && n > 100 ? 2 * n : n + l.length),
    listed([1, 2], 8),
    listed([16, 2, 3, 4], 101),
  ),
  "an item and a threshold": of(
    ({ l, n }) => twice(l[0]! > 64 && n > 10 ? 2 * n : n + l.length),
    listed([1, 2], 8),
    listed([65, 2], 11),
  ),
  "items of two lists": of(
    ({ l, m }: { readonly l: Numbers; readonly m: Numbers }) => twice(l[1] === 32 && m.includes(8) ? 64 : 16 + l.length),
    { l: [1, 2], m: [1, 2] },
    { l: [1, 32], m: [3, 8] },
  ),
  "a sign": of(({ n, m }) => twice(n < 0 ? 2 * m : m + n), two(1, 8), two(-1, 8)),
  "a factor below 0": of((config) => once((x) => (config.factor ? scale(x, config) : x)), { factor: 2 }, { factor: -1 }),
  "the size of a factor": of(({ factor }) => once((x) => scale(x, { factor: Math.abs(factor) })), { factor: 2 }, { factor: -1 }),
  "a factor that is rounded": of(
    ({ factor }) => once((x) => scale(x, { factor: Math.round(factor) + 1 })),
    { factor: 2 },
    { factor: 2.5 },
  ),
};

test.each(Object.keys(cases))("a class knows what its block makes at %s", (name) => {
  expect(cases[name]!()).toBeUndefined();
});

test.each([
  { counts: [3, 2, 4, 3, 2, 5], strength: 2, most: 60 },
  { counts: [3, 3, 3, 2, 2], strength: 3, most: 80 },
])("rows have all choices of $strength columns together, few rows as they are", ({ counts, strength, most }) => {
  const rows: Numbers[] = [];
  // The last choice of the first column is refused beside the last of the second.
  const refused = (row: Numbers): boolean => row[0] === 2 && row[1] === counts[1]! - 1;
  let tried = 0;
  cover(counts, strength, (row) => {
    tried++;
    if (!refused(row)) rows.push(row);
    return !refused(row);
  });
  expect(tried).toBeLessThan(most);
  const all = counts.reduce<readonly Numbers[]>(
    (found, count) => found.flatMap((row) => Array.from({ length: count }, (_, choice) => [...row, choice])),
    [[]],
  );
  const columns = counts.map((_, i) => i);
  const seen = (row: Numbers, some: Numbers): boolean =>
    rows.some((each) => some.every((column) => each[column] === row[column]));
  for (const row of all.filter((each) => !refused(each)))
    for (const a of columns)
      for (const b of columns.slice(a + 1))
        expect(seen(row, [a, b, ...(strength === 3 && b < counts.length - 1 ? [counts.length - 1] : [])])).toBe(true);
  // None is tried of what is no longer wanted.
  let rest = 3;
  cover(counts, strength, () => (rest-- > 0 ? true : undefined));
  expect(rest).toBe(-1);
});
