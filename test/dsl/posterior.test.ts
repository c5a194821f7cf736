/** What `model` makes of encoders without a distribution, and what it refuses of them once it runs. */
import { describe, expect, test } from "vitest";
import type { UserError } from "../../src/errors/index.ts";
import type { Model } from "../../src/ir/model.ts";
import { block, conv2d, layers, model, upsample, type Feature, type PosteriorKind } from "litevae/dsl";

const Encoder = block("Encoder", ({ out }: { out: number }) => {
  const { conv } = layers({ conv: conv2d({ in: 3, out, kernel: 2, stride: 2, padding: 0 }) });
  return (x: Feature<3, 1>): Feature<number, 2> => conv(x);
});
const Decoder = block("Decoder", ({ input }: { input: number }) => {
  const { conv } = layers({ conv: conv2d({ in: input, out: 3 }) });
  return (z: Feature<number, 2>): Feature<3, 1> => upsample(conv(z), { factor: 2 });
});

const make = (out: number, posterior: PosteriorKind): Model =>
  model<3, number, 2, PosteriorKind>({
    latentChannels: 4,
    posterior,
    encoder: Encoder({ out }),
    decoder: Decoder({ input: 4 }),
  });

describe("an encoder without a distribution", () => {
  test("gives the latent, which the decoder takes", () => {
    const { parts, autoencoder } = make(4, "none");
    expect(parts.map(({ name, outputNames, sources }) => [name, outputNames, sources])).toEqual([
      ["encoder", ["latent"], undefined],
      ["decoder", ["image"], { latent: { part: "encoder", output: "latent" } }],
    ]);
    expect(autoencoder).toEqual({ encoder: "encoder", decoder: "decoder" });
    // Nothing is split and nothing limited.
    expect(parts[0]?.graph.nodes.map(({ kind }) => kind)).toEqual(["call"]);
  });

  test("is not what a Gaussian posterior declares", () => {
    expect(make(8, "gaussian").autoencoder?.posterior).toEqual({ mean: "mean", logvar: "logvar" });
  });

  test.each([
    [
      () => make(8, "none"),
      {
        what: "the encoder gives another latent than the model's",
        module: "encoder",
        expected: "[N, 4, H/2, W/2]",
        found: "[N, 8, H/2, W/2]",
        help: 'make the encoder\'s last layer give latentChannels = 4 channels: the latent itself, as posterior is "none"',
      },
    ],
    [
      () => make(8, "vq" as PosteriorKind),
      { what: "the posterior of model has no such choice", expected: "gaussian, none", found: "vq" },
    ],
  ])("is refused in its words (%#)", (run, report) => {
    let caught: unknown;
    try {
      run();
    } catch (error) {
      caught = error;
    }
    expect((caught as UserError).reports[0]).toMatchObject(report);
  });
});
