/** Conditions of passes over parts are looked for in the part itself, whatever ran before. */
import { expect, test } from "vitest";
import { block, conv2d, dropout, layers, model, smcConv2d, type Feature } from "litevae/dsl";
import type { Part } from "../../src/ir/model.ts";
import { deadCode, dropTrainingOnly, foldWeights, inline, runPasses, type PartPass } from "../../src/passes/index.ts";

const Inner = block("Inner", () => {
  const { conv, drop } = layers({ conv: smcConv2d({ in: 3, out: 8 }), drop: dropout({ rate: 0.1 }) });
  return (x: Feature<3, 1>): Feature<8, 1> => drop(conv(x));
});
const Encoder = block("Encoder", () => {
  const { inner } = layers({ inner: Inner() });
  return (x: Feature<3, 1>): Feature<8, 1> => inner(x);
});
const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
  return (z: Feature<4, 1>): Feature<3, 1> => conv(z);
});
const [encoder] = model({ name: "small", latentChannels: 4, encoder: Encoder(), decoder: Decoder() }).parts as [Part];
const lazy = (pass: PartPass): PartPass => ({ ...pass, run: (part) => part });

test.each<readonly [string, readonly PartPass[]]>([
  ["foldWeights cannot take the encoder: it is not flat, encoder is called", [foldWeights]],
  ["the encoder is broken after inline: it is not flat, encoder is called", [lazy(inline)]],
  [
    "is broken after inline → dropTrainingOnly: it is not free of what training alone needs, it has dropout",
    [inline, lazy(dropTrainingOnly)],
  ],
  ["is broken after inline → foldWeights: it is not folded, it has smcConv2d in encoder.inner.conv", [inline, lazy(foldWeights)]],
])("%s", (message, passes) => {
  expect(() => runPasses(encoder, passes)).toThrow(message);
});

test("dead code is found where it was left", () => {
  const doubled: PartPass = {
    ...lazy(inline),
    run(part) {
      const flat = inline.run(part);
      const [first] = flat.graph.nodes;
      const copy = { ...first!, outputs: first!.outputs.map((value) => ({ ...value })) };
      return { ...flat, graph: { ...flat.graph, nodes: [...flat.graph.nodes, copy] } };
    },
  };
  expect(() => runPasses(encoder, [doubled, lazy(deadCode)])).toThrow("it is not free of dead code, nothing uses smcConv2d");
  expect(runPasses(encoder, [doubled, deadCode]).graph.nodes).toEqual(runPasses(encoder, [inline]).graph.nodes);
});
