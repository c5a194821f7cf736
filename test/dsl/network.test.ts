/** What `network` makes, and what it refuses once it runs. */
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/errors/index.ts";
import { printModel } from "../../src/ir/print.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { add, block, conv2d, layers, linear, network, silu, type Feature, type Vector } from "litevae/dsl";

const Pair = block("Pair", () => {
  const { conv, embed } = layers({
    conv: conv2d({ in: 4, out: 4, kernel: 2, stride: 2, padding: 0 }),
    embed: linear({ in: 6, out: 5 }),
  });
  return (x: Feature<4, 1>, y: Feature<4, 2>, t: Vector<6>) => ({ sum: add(conv(x), y), embedding: silu(embed(t)) });
});
const One = block("One", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 2 }) });
  return (x: Feature<4, 2>) => conv(x);
});
const Two = block("Two", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 2 }) });
  return (x: Feature<4, 1>) => [conv(x), x] as const;
});

const inputs = [{ name: "x", channels: 4 }, { name: "y", channels: 4, stride: 2 }, { features: 6 }] as const;

describe("a network", () => {
  test("has the inputs that are given and the outputs that its block names, and the keys of the block's layers", () => {
    const { parts, autoencoder, imageChannels, latentChannels } = network({ name: "pair", inputs, block: Pair() });
    expect({ autoencoder, imageChannels, latentChannels }).toEqual({ imageChannels: 4 });
    expect(parts.map(({ name, inputNames, outputNames }) => [name, inputNames, outputNames])).toEqual([
      ["network", ["x", "y", "x2"], ["sum", "embedding"]],
    ]);
    expect([...paramsOf(parts[0]?.modules ?? [])].map(({ path }) => path)).toEqual([
      "conv.weight",
      "conv.bias",
      "embed.weight",
      "embed.bias",
    ]);
  });

  test("of one value calls it as it is told, and of no image knows no channels of one", () => {
    const made = network({ inputs: [{ channels: 4, stride: 2 }], output: "logits", block: One() });
    expect(made.parts[0]).toMatchObject({ inputNames: ["x"], outputNames: ["logits"] });
    expect(printModel(made)).toMatch(/^model \nnetwork\(x: \[N, 4, H\/2, W\/2\]\):/);
  });

  test.each<readonly [run: () => unknown, what: string, help: string]>([
    [
      () => network({ inputs: [{ channels: 4 }], block: Two() }),
      '"0" is not the name of an output of a network',
      "return a record from the block, { name: feature, … }: its keys are the outputs' names",
    ],
    [
      () => network({ inputs: [{ name: "In", channels: 4, stride: 2 }], block: One() }),
      '"In" is not the name of an input of a network',
      "use small letters, digits and underscores, beginning with a letter",
    ],
    [
      () => network({ inputs: [{ name: "output", channels: 4, stride: 2 }], block: One() }),
      "two inputs or outputs of the network are called output",
      "give one of them another name",
    ],
    [
      () => network({ inputs: [{ channels: 0, stride: 2 }], block: One() as never }),
      "channels of network is not a whole number of at least 1",
      "check the arithmetic that gives this count, and round where it divides",
    ],
    [
      () => network({ inputs: [{ channels: 4, strid: 2 } as never], block: One() }),
      "an input of network has no setting strid",
      "did you mean stride?",
    ],
    ...[{ image: { channels: 3 } }, [], null, undefined].map(
      (inputs) =>
        [
          () => network({ inputs: inputs as never, block: One() }),
          "inputs of network is not a list of inputs",
          'give a map its channels, [{ name: "image", channels: 3 }], and a vector its features',
        ] as const,
    ),
    [
      () => network({ inputs: [null as never], block: One() }),
      "an input of network is not given its settings in an object",
      "write them by their names, in braces",
    ],
    [
      () => network({ inputs: [{ channels: 4, features: 3 } as never], block: One() }),
      "a vector among the inputs of network has no setting channels",
      "leave it out",
    ],
    [
      () => network({ inputs: [{ channels: 3, stride: 2 }], block: One() as never }),
      "4 channels are expected, 3 arrive",
      expect.any(String) as string,
    ],
  ])("is refused in its words (%#)", (run, what, help) => {
    let caught: unknown;
    try {
      run();
    } catch (error) {
      caught = error;
    }
    expect(caught).toBeInstanceOf(UserError);
    expect((caught as UserError).reports[0]).toMatchObject({ what, help });
  });
});
