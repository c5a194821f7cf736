/** Attention against PyTorch's own forms of it. */
// @module-tag python
import { expect, test } from "vitest";
import type { Tensor } from "../../src/ir/tensor.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { ops } from "../../src/ops/index.ts";
import { expectClose } from "../support/close.ts";
import { runOneOp } from "../../src/op-test/one-op.ts";
import { randomOf, randomTensor } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

const random = randomOf(5);
const [query, key, value] = [
  [2, 6, 5],
  [2, 6, 7],
  [2, 9, 7],
].map((shape) => randomTensor(shape, random)) as [Tensor, Tensor, Tensor];

async function expectEqual(found: Promise<readonly Tensor[]>, expression: string, ...inputs: readonly Tensor[]): Promise<void> {
  const { outputs } = await torch().expression(expression, inputs);
  const [expected] = outputs;
  expectClose((await found)[0] as Tensor, expected!, 1e-5);
}

test("cross-attention with values of other channels is scaled_dot_product_attention of heads", async () => {
  const heads = (x: string, size: number): string => `${x}.unflatten(1, (3, ${size})).transpose(2, 3)`;
  await expectEqual(
    runOneOp(ops.attention, { heads: 3 }, [query, key, value]),
    `F.scaled_dot_product_attention(${heads("x0", 2)}, ${heads("x1", 2)}, ${heads("x2", 3)}).transpose(2, 3).flatten(1, 2)`,
    query,
    key,
    value,
  );
});

test("between linear layers it is nn.MultiheadAttention", async () => {
  const [weight, out] = [randomTensor([18, 6], random), randomTensor([6, 6], random)];
  const projected = async (x: Tensor, rows: string): Promise<Tensor> => {
    const { outputs } = await torch().expression(`x1[${rows}] @ x0`, [x, weight]);
    return { ...x, shape: outputs[0]!.shape, data: Float32Array.from(outputs[0]!.data) };
  };
  const attended = await runOneOp(ops.attention, { heads: 2 }, [
    await projected(query, ":6"),
    await projected(key, "6:12"),
    await projected(key, "12:"),
  ]);
  await expectEqual(
    runOneOp(ops.linear, { in: 6, out: 6, bias: false }, attended, { weight: out }),
    "F.multi_head_attention_forward(x0.permute(2, 0, 1), x1.permute(2, 0, 1), x1.permute(2, 0, 1), 6, 2, x2, None, None, None, False, 0.0, x3, None)[0].permute(1, 2, 0)",
    query,
    key,
    weight,
    out,
  );
});

test.each<[what: string, shapes: Parameters<typeof ops.attention.infer>[0], message: string]>([
  [
    "keys of other channels",
    [shapeOf("N", 6, 4), shapeOf("N", 3, 5), shapeOf("N", 6, 5)],
    "queries and keys have different channels",
  ],
  ["fewer values than keys", [shapeOf("N", 6, 4), shapeOf("N", 6, 5), shapeOf("N", 6, 4)], "every key wants one value"],
  ["values in other heads", [shapeOf("N", 6, 4), shapeOf("N", 6, 5), shapeOf("N", 4, 5)], "3 heads do not divide 4 channels"],
  ["keys of other images", [shapeOf("N", 6, 4), shapeOf(1, 6, 5), shapeOf(1, 6, 5)], "queries and keys are of different batches"],
])("%s are refused", (_, shapes, message) => {
  expect(() => ops.attention.infer(shapes, { heads: 3 })).toThrow(message);
});
