/** What `check` adds to TypeScript's own words where parts do not fit their model. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { typeErrors } from "../../src/cli/typecheck.ts";
import { tempFolder, write } from "../e2e/litevae.ts";

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
      "7: the encoder gives 12 channels, and 24 are wanted: 2 × latentChannels, means first, then log-variances",
      "8: it takes images of 1 channels, and imageChannels is 3: make the two equal",
      "9: the decoder takes 4 channels, and latentChannels is 12: make the two equal",
      "10: the decoder gives 1 channels, and imageChannels is 3: make the two equal",
      "11: the feature has stride 2 and 1 is wanted: pool, upsample or set stride",
    ]
  `);
});
