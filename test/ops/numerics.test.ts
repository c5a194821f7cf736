/** What single ops compute, against definitions of their own. */
// @module-tag python
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { floats, tensorOf, type Tensor } from "../../src/ir/tensor.ts";
import { ops } from "../../src/ops/index.ts";
import { expectClose, largestError } from "../support/close.ts";
import { runOneOp } from "../../src/op-test/one-op.ts";
import { randomOf, randomState, randomTensor } from "../support/random.ts";
import type { Reference } from "../../src/op-test/torch-server.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

const haar = fileURLToPath(new URL("../support/pywt_haar.py", import.meta.url));

async function only<T>(outputs: Promise<readonly T[]>): Promise<T> {
  const [output, ...others] = await outputs;
  expect(others).toEqual([]);
  return output as T;
}

async function reference(expression: string, ...inputs: readonly Tensor[]): Promise<Reference> {
  return only(
    torch()
      .expression(expression, inputs, { files: { pywt_haar: haar } })
      .then(({ outputs }) => outputs),
  );
}

test("groupNorm stays within 1e-3 of float64 where the mean is 100 times the deviation", async () => {
  const attrs = { channels: 16, groups: 4, eps: 1e-6 };
  const random = randomOf(1);
  // Uniform in 100 ± √3: deviation 1.
  const x = randomTensor([2, 16, 24, 20], random, { middle: 100, spread: Math.sqrt(3) });
  const state = randomState(ops.groupNorm.params?.(attrs) ?? [], random);
  const found = await only(runOneOp(ops.groupNorm, attrs, [x], state));
  const expected = await reference("F.group_norm(x0, 4, x1, x2, 1e-6)", x, state["weight"] as Tensor, state["bias"] as Tensor);
  expect(largestError(found, expected)).toBeLessThan(1e-3);
});

describe("the Haar transform", () => {
  const shape = [2, 3, 10, 6];
  const x = randomTensor(shape, randomOf(2));

  test("has PyWavelets' four bands, names and signs", async () => {
    const bands = await only(runOneOp(ops.haarDwt, { scale: 1 }, [x]));
    expectClose(bands, await reference("ops.pywt_haar.dwt2(x0)", x), 1e-6);
  });

  test("is scaled as asked", async () => {
    const bands = await only(runOneOp(ops.haarDwt, { scale: 0.5 }, [x]));
    expectClose(bands, await reference("ops.pywt_haar.dwt2(x0) / 2", x), 1e-6);
  });

  test("comes back through its inverse to float precision", async () => {
    const bands = await only(runOneOp(ops.haarDwt, { scale: 1 }, [x]));
    const restored = await only(runOneOp(ops.haarIdwt, { scale: 1 }, [bands]));
    expectClose(restored, x, 1e-6);
  });

  test("comes back in PyTorch too", async () => {
    expectClose(await reference("haar_idwt(haar_dwt(x0, scale=0.25), scale=4.0)", x), x, 1e-14);
  });
});

/** eq. 3 of arXiv:2405.14477 §4.2 and the convolution it goes into, term by term; stride 1. */
function selfModulatedConvolution(x: Tensor, state: Readonly<Record<string, Tensor>>, padding: number): Tensor {
  const [w, b, s, [g = NaN]] = ["weight", "bias", "scale", "gain"].map((role) => floats(state[role] as Tensor)) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const [outs = 0, ins = 0, kernel = 0] = (state["weight"] as Tensor).shape;
  const [batch = 0, , height = 0, width = 0] = x.shape;
  const [rows, columns] = [height + 2 * padding - kernel + 1, width + 2 * padding - kernel + 1];
  const weight = (i: number, j: number, ky: number, kx: number): number =>
    w[((j * ins + i) * kernel + ky) * kernel + kx] as number;
  const pixel = (n: number, i: number, row: number, column: number): number =>
    row < 0 || column < 0 || row >= height || column >= width
      ? 0
      : (floats(x)[((n * ins + i) * height + row) * width + column] as number);

  const y: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let j = 0; j < outs; j++) {
      let energy = 1e-8;
      for (let i = 0; i < ins; i++) {
        for (let k = 0; k < kernel * kernel; k++)
          energy += ((s[i] as number) * weight(i, j, Math.floor(k / kernel), k % kernel)) ** 2;
      }
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = b[j] as number;
          for (let i = 0; i < ins; i++) {
            for (let ky = 0; ky < kernel; ky++) {
              for (let kx = 0; kx < kernel; kx++) {
                const modulated = (g * (s[i] as number) * weight(i, j, ky, kx)) / Math.sqrt(energy);
                sum += modulated * pixel(n, i, row + ky - padding, column + kx - padding);
              }
            }
          }
          y.push(sum);
        }
      }
    }
  }
  return tensorOf([batch, outs, rows, columns], Float32Array.from(y));
}

test("smcConv2d is eq. 3, in onnxruntime and in PyTorch", async () => {
  const attrs = { in: 4, out: 3, kernel: 3, stride: 1, padding: 1, bias: true };
  const random = randomOf(3);
  const x = randomTensor([2, 4, 5, 6], random);
  const state = randomState(ops.smcConv2d.params?.(attrs) ?? [], random);
  const expected = selfModulatedConvolution(x, state, 1);
  expectClose(await only(runOneOp(ops.smcConv2d, attrs, [x], state)), expected, 1e-5);
  const call = "SMCConv2d(4, 3, 3, padding=1)";
  expectClose(
    await only(
      torch()
        .module(call, [x], state)
        .then(({ outputs }) => outputs),
    ),
    expected,
    1e-6,
  );
});

test("the buffers of a new spectral-normalised layer find its weight's largest singular value", async () => {
  const attrs = { in: 3, out: 8, kernel: 3, stride: 1, padding: 1, bias: true };
  const random = randomOf(4);
  const state: Record<string, Tensor> = {};
  for (const { role, shape, init } of ops.spectralConv2d.params?.(attrs) ?? []) {
    state[role] = init.kind === "computed" ? init.compute(state, random) : randomTensor(shape, random);
  }
  const [weight, u, v] = [state["weight"], state["u"], state["v"]] as [Tensor, Tensor, Tensor];
  const ratio = await reference("(x1 @ x0.flatten(1) @ x2) / torch.linalg.matrix_norm(x0.flatten(1), 2)", weight, u, v);
  expect(ratio.data[0]).toBeGreaterThan(0.9);
  expect(ratio.data[0]).toBeLessThan(1 + 1e-6);
});
