/** What an author is told of a block or model that is wrong, and where. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { UserError, type Report } from "../../src/errors/index.ts";
import type { Model } from "../../src/ir/model.ts";
import { block, conv2d } from "litevae/dsl";
import { layers, model, upsample } from "litevae/dsl";
import type { Feature } from "litevae/dsl";

export type FeatureMap = Feature<number, number>;
export type Body = (x: FeatureMap) => FeatureMap;

/** Finds, in the test file at `url`, the line that ends in the comment `// @mark`. */
export function marksIn(url: string): (mark: string) => Report["where"] {
  const file = fileURLToPath(url);
  const lines = readFileSync(file, "utf8").split("\n");
  return (mark) => {
    const found = lines.flatMap((line, i) => (line.endsWith(`// @${mark}`) ? [i + 1] : []));
    expect(found).toHaveLength(1);
    return { file, line: found[0]! };
  };
}

/** The one report of the UserError that `run` throws. */
export function reportOf(run: () => unknown): Report {
  try {
    run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    expect(error.reports).toHaveLength(1);
    return error.reports[0]!;
  }
  throw new Error("nothing was thrown");
}

export const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 12, out: 3 }) });
  return (z: Feature<12, 8>): Feature<3, 1> => upsample(conv(z), { factor: 8 });
});

/** A model whose encoder is the block given. */
export function modelOf(encoder: Body): Model {
  return model({ latentChannels: 12, encoder, decoder: Decoder() });
}
