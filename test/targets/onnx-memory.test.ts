/** What is counted of a graph's memory, on graphs that can be counted by hand; test/benchmark/test_memory.py holds it to onnxruntime. */
import { expect, test } from "vitest";
import { attention, block, conv2d, layers, minibatchStddev, model, silu, type Feature } from "../../dsl/authoring.ts";
import { builtIns } from "../../dsl/models/index.ts";
import { partOf } from "../../src/ir/walk.ts";
import { checkBudgets, parseBudget } from "../../src/report/budget.ts";
import { formatComparison } from "../../src/report/compare.ts";
import { countModel, countPart } from "../../src/report/count.ts";
import { partMemory } from "../../src/targets/onnx/memory.ts";
import { tiny } from "../report/tiny.ts";

const sizes = (size: number): { N: number; H: number; W: number } => ({ N: 1, H: size, W: size });

test("a tiny encoder takes its image, the map that silu is given, what silu gives and the sum, which is added up in the convolution", () => {
  const [image, features] = [4 * 3 * 4 * 4, 4 * 16 * 2 * 2];
  const { peak, largest } = partMemory(partOf(tiny({ width: 16 }), "encoder")!, sizes(4))!;
  expect({ peak, largest }).toEqual({ peak: image + 3 * features, largest: features });
});

test("convolutions of few channels give maps of 16, and what reads plain maps has a copy", () => {
  const [image, features, block] = [4 * 3 * 4 * 4, 4 * 4 * 2 * 2, 4 * 16 * 2 * 2];
  const { peak, largest } = partMemory(partOf(tiny(), "encoder")!, sizes(4))!;
  // What silu is given for the sum, what it gives, and a copy of that for a convolution that reads so few channels as they are.
  expect({ peak, largest }).toEqual({ peak: image + 2 * block + features, largest: image });
});

test("a module's activation is the most while a node inside runs", () => {
  const encoder = countPart(partOf(tiny({ width: 16 }), "encoder")!, 4, 4);
  const [root] = encoder.modules;
  const figures = root!.children.map(({ path, activationBytes }) => [path, activationBytes]);
  expect(figures).toEqual([
    ["encoder.conv_in", 192 + 256],
    ["encoder.res", 192 + 3 * 256],
    // Two channels in a block of 16.
    ["encoder.conv_out", 192 + 2 * 256],
  ]);
  expect(encoder.activationBytes).toBe(192 + 3 * 256);
});

/** An encoder, and a decoder with attention between all of its positions. */
function parts() {
  const Encoder = block("Encoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: 2 }) });
    return (x: Feature<3, 1>): Feature<2, 1> => conv(x);
  });
  const Decoder = block("Decoder", () => {
    const { conv } = layers({ conv: conv2d({ in: 1, out: 3 }) });
    return (z: Feature<1, 1>): Feature<3, 1> => {
      const x = conv(z);
      return attention(x, x, x, { heads: 3 });
    };
  });
  return { encoder: Encoder(), decoder: Decoder() };
}

test("scores of attention are counted for every head, and are the largest tensor; torch's fused kernel has none", () => {
  const { activationBytes, largestTensorBytes, torchActivationBytes } = countPart(
    partOf(model({ name: "attending", latentChannels: 1, ...parts() }), "decoder")!,
    32,
    32,
  );
  const scores = 4 * 3 * 1024 ** 2;
  expect(largestTensorBytes).toBe(scores);
  // Scores and their softmax.
  expect(activationBytes).toBeGreaterThan(2 * scores);
  expect(activationBytes).toBeLessThan(2.1 * scores);
  expect(torchActivationBytes).toBeLessThan(0.01 * scores);
});

test("the block of sd-vae at 1024² that attends takes its scores of 1 GiB twice", () => {
  const encoder = countPart(partOf(builtIns["sd-vae"]!.build({}), "encoder")!, 1024, 1024);
  expect(encoder.largestTensorBytes).toBe(2 ** 30);
  const [attentionBlock] = encoder.modules.flatMap(({ children }) => children.filter(({ kind }) => kind === "MidBlock"));
  expect(attentionBlock!.activationBytes).toBeGreaterThan(2 * 2 ** 30);
});

test("a part without a form in ONNX has no graph to count, and a budget of one says so", () => {
  const Patches = block("Patches", () => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 1 }) });
    return (x: Feature<3, 1>): Feature<1, 1> => conv(minibatchStddev(silu(x)));
  });
  const { encoder, decoder } = parts();
  const counts = countModel(model({ name: "adversarial", latentChannels: 1, encoder, decoder, discriminator: Patches() }), 16);
  expect(counts.parts["discriminator"]).toMatchObject({ activationBytes: null, largestTensorBytes: null });
  expect(counts.parts["discriminator"]!.torchActivationBytes).toBeGreaterThan(0);
  expect(() => checkBudgets([counts], [parseBudget("discriminator.activation=1M")])).toThrow("adversarial has no form in ONNX");
  expect(checkBudgets([counts], [parseBudget("discriminator.torch=1M")])).toEqual([]);
  expect(formatComparison([counts, counts], {})).toContain("not counted");
});
