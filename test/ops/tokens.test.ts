/** Sequences of tokens: what the generic test of ops does not see. */
import { expect, test } from "vitest";
import { must } from "../../src/errors/must.ts";
import { areaDim, dividedDim, plusDim, symbolDim } from "../../src/ir/dim.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { tensorOf } from "../../src/ir/tensor.ts";
import { ops } from "../../src/ops/index.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";
import { runPasses } from "../../src/passes/index.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { fixed } from "../../src/targets/onnx/passes/fixed.ts";
import { encodeModel } from "../../src/targets/onnx/serde.ts";
import { sidesOf } from "../../src/targets/onnx/sides.ts";
import { oneOpPart } from "../../src/op-test/one-op.ts";
import { runOnnx } from "../../src/op-test/run-onnx.ts";

const [h, w] = [dividedDim(symbolDim("H"), 8), dividedDim(symbolDim("W"), 8)];
const length = must(areaDim(h, w), "an area");
const sequence = shapeOf("N", 4, length);
const map = shapeOf("N", 2, h, w);

test("untokens asks for sides in graphs for any size, and for nothing in one for a single size", async () => {
  const part = oneOpPart(ops.untokens, {}, [sequence, map]);
  const graph = lowerPart(
    runPasses(part, onnxPasses),
    () => {
      throw new Error("it has no weights");
    },
    18,
  );
  expect(graph.nodes.map(({ type }) => type)).toEqual(["Shape", "Concat", "Reshape"]);
  const ofOneSize = fixed({ N: 1, H: 16, W: 24 }).run(graph);
  expect(ofOneSize.nodes.map(({ type }) => type)).toEqual(["Reshape"]);
  const info = { irVersion: 8, producer: "litevae", producerVersion: "test", metadata: {} };
  const values = Float32Array.from({ length: 24 }, (_, i) => i);
  const { y0 } = await runOnnx(Buffer.concat([...encodeModel(ofOneSize, info)]), {
    x0: tensorOf([1, 4, 6], values),
    x1: tensorOf([1, 2, 2, 3], new Float32Array(12)),
  });
  expect(y0).toMatchObject({ shape: [1, 4, 2, 3], data: values });
});

test("a graph says a sequence's length by its own sides", () => {
  const { nameOf } = sidesOf({ inputs: [{ name: "x", dims: map }] });
  const whole = must(areaDim(symbolDim("H"), symbolDim("W")), "an area");
  expect([length, plusDim(length, 32), whole].map(nameOf)).toEqual(["h*w", "h*w + 32", "64*h*w"]);
});

test.each<[shapes: string, infer: () => unknown, message: string]>([
  ["a map of another size", () => ops.untokens.infer([sequence, shapeOf("N", 2, "H", "W")], {}), "one token for every position"],
  ["a map in place of a sequence", () => ops.untokens.infer([map, map], {}), "a token sequence is needed here"],
  ["a side with an offset", () => ops.tokens.infer([shapeOf("N", 2, plusDim(h, 1), w)], {}), "cannot be counted in H·W"],
  ["a sequence beside a map", () => ops.add.infer([sequence, shapeOf("N", 4, h, w)], {}), "a feature map and a token sequence"],
  [
    "a sequence for a norm of maps",
    () => ops.groupNorm.infer([sequence], { channels: 4, groups: 1, eps: 1e-5 }),
    "a feature map is",
  ],
])("%s is refused", (_, infer, message) => {
  expect(infer).toThrow(message);
});
