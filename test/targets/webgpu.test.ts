/** Convolutions that WebGPU computes as they are written, in headless Chromium over SwiftShader: against onnxruntime on the CPU. */
// @module-tag slow
import { expect, test } from "vitest";
import { floats, type Tensor } from "../../src/ir/tensor.ts";
import { conv2d, plainConv } from "../../src/ops/conv2d.ts";
import { executable } from "../report-html/browser.ts";
import { oneOpPart, symbolicShapes } from "../../src/op-test/one-op.ts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor } from "../support/random.ts";
import { inPage, pageOf } from "../support/webgpu.ts";

interface Asked {
  readonly model: string;
  readonly data: readonly number[];
  readonly shape: readonly number[];
}

/** The page: `onWebGpu` there gives what a graph gives on WebGPU; null without an adapter. */
const script = `
import * as ort from "/ort.webgpu.bundle.min.mjs";
globalThis.onWebGpu = async ({ model, data, shape }) => {
  if (!(await navigator.gpu?.requestAdapter())) return null;
  const bytes = Uint8Array.from(atob(model), (character) => character.charCodeAt(0));
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ["webgpu"] });
  const { y0 } = await session.run({ x0: new ort.Tensor("float32", Float32Array.from(data), shape) });
  const result = [...(await y0.getData())];
  await session.release();
  return result;
};
`;

test.skipIf(executable === undefined)(
  "convolutions of 6, 9 and 18 channels, and of groups of 5 and 6, give on WebGPU what they give on the CPU",
  { tags: "browser", timeout: 120_000 },
  async (context) => {
    await inPage(pageOf(script), {}, "", async (tab) => {
      for (const [channels, out, kernel, stride, groups] of [
        [6, 16, 3, 1, 1],
        [9, 8, 3, 1, 1],
        [6, 8, 2, 2, 1],
        [18, 32, 5, 1, 1],
        [15, 4, 3, 2, 1],
        [8, 24, 3, 1, 4],
        [4, 10, 1, 1, 2],
        [6, 12, 3, 2, 2],
      ] as const) {
        const random = randomOf(channels);
        const attrs = { in: channels, out, kernel, stride, padding: (kernel - 1) >> 1, bias: true, ...plainConv, groups };
        const input = randomTensor([2, channels, 12, 16], random);
        const state: Readonly<Record<string, Tensor>> = {
          weight: randomTensor([out, channels / groups, kernel, kernel], random),
          bias: randomTensor([out], random),
        };
        const part = oneOpPart(conv2d, attrs, symbolicShapes([input.shape]).shapes);
        const model = encodePart(part, ({ role }) => state[role] as Tensor);
        const expected = floats((await runOnnx(model, { x0: input }))["y0"] as Tensor);
        const asked = { model: Buffer.from(model).toString("base64"), data: [...floats(input)], shape: input.shape };
        const found = await tab.evaluate(
          (question) =>
            (globalThis as unknown as { onWebGpu(asked: Asked): Promise<readonly number[] | null> }).onWebGpu(question),
          asked,
        );
        if (found === null) return context.skip("Chromium has no WebGPU here");
        expect(found.length).toBe(expected.length);
        const error = Math.max(...found.map((value, i) => Math.abs(value - (expected[i] as number))));
        expect(error, JSON.stringify(attrs)).toBeLessThan(1e-4 * Math.max(1, ...expected.map(Math.abs)));
      }
    });
  },
);
