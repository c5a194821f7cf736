/** What `check` adds to TypeScript's own words where parts do not fit their model. */
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { nearestConfig, typeErrors } from "../../src/api/node/types/typecheck.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();

const program = `import { model, type Feature } from "litevae/dsl";

declare const encoder: (x: Feature<3, 1>) => Feature<24, 8>;
declare const decoder: (z: Feature<12, 8>) => Feature<3, 1>;

export const models = [
  model({ latentChannels: 12, encoder: encoder as unknown as (x: Feature<3, 1>) => Feature<12, 8>, decoder }),
  model({ latentChannels: 12, encoder: encoder as unknown as (x: Feature<1, 1>) => Feature<24, 8>, decoder }),
  model({ latentChannels: 12, encoder, decoder: decoder as unknown as (z: Feature<4, 8>) => Feature<3, 1> }),
  model({ latentChannels: 12, encoder, decoder: decoder as unknown as (z: Feature<12, 8>) => Feature<1, 1> }),
  model({ latentChannels: 12, encoder, decoder: decoder as unknown as (z: Feature<12, 8>) => Feature<3, 2> }),
];
`;

test("each mismatch is told in the words of model's settings", () => {
  write(folder, { "parts.ts": program });
  const reports = typeErrors(join(folder, "parts.ts"));
  expect(reports.map(({ where, help }) => `${where?.line}: ${help}`)).toMatchInlineSnapshot(`
    [
      "7: the encoder gives 12 channels, and 24 are wanted: 2 × latentChannels, means first, then log-variances; latentChannels where posterior is "none"",
      "8: it takes images of 1 channel, and imageChannels is 3: make the two equal",
      "9: the decoder takes 4 channels, and latentChannels is 12: make the two equal",
      "10: the decoder gives 1 channel, and imageChannels is 3: make the two equal",
      "11: the feature has stride 2 and 1 is wanted: pool, upsample or set stride",
    ]
  `);
});

test("the nearest tsconfig.json of the file counts, and what is unused is no error under any", () => {
  const unused = `import { model, conv2d, type Feature } from "litevae/dsl";
import { join } from "./other.ts";
const encoder = (x: Feature<3, 1>, spare: number): Feature<3, 1> => { const left = 1; here: for (;;) return x; };
export const f = (x) => x;
export default 3;
`;
  write(folder, {
    "own/model.ts": unused,
    "own/other.ts": "export const join = 1;\nconst never = 2;\n",
    "own/tsconfig.json": JSON.stringify({
      compilerOptions: { noUnusedLocals: true, noUnusedParameters: true, allowUnusedLabels: false, noImplicitAny: false },
    }),
    "bare/model.ts": unused,
    "bare/other.ts": "export const join = 1;\n",
  });
  expect(nearestConfig(join(folder, "own"))).toBe(join(folder, "own/tsconfig.json"));
  expect(typeErrors(join(folder, "own/model.ts"))).toEqual([]);
  expect(typeErrors(join(folder, "bare/model.ts")).map(({ what }) => what)).toEqual([
    "Parameter 'x' implicitly has an 'any' type. (TS7006)",
  ]);
});

test("what is Node's is known in a folder that has no types of it", () => {
  write(folder, {
    "node.ts": `import { readFileSync } from "node:fs";
import path from "path";
export const n: number = Number(process.env["N"]);
export default Buffer.from(readFileSync(path.join("a", "b")));
export const wrong: number = path.join("a");
`,
  });
  expect(typeErrors(join(folder, "node.ts")).map(({ what, where }) => [where?.line, what])).toEqual([
    [5, "Type 'string' is not assignable to type 'number'. (TS2322)"],
  ]);
});

test("the tsconfig.json of this installation is not its users'", () => {
  expect(nearestConfig(dirname(join(root, "package.json")))).toBeUndefined();
  expect(nearestConfig(join(root, "examples"))).toBeUndefined();
});

test.each([
  ["{ broken", "'}' expected."],
  [`{ "extends": "./gone.json" }`, "gone.json"],
])("a tsconfig.json that cannot be read is said to be the fault: %s", (config, found) => {
  write(folder, { "unreadable/tsconfig.json": config, "unreadable/a.ts": "export const a = 1;\n" });
  const report: unknown = expect.objectContaining({
    what: `cannot read ${join(folder, "unreadable/tsconfig.json")}, by which the types of models beside it are checked`,
    found: expect.stringContaining(found) as unknown,
  });
  expect(() => typeErrors(join(folder, "unreadable/a.ts"))).toThrow(expect.objectContaining({ reports: [report] }) as Error);
});
