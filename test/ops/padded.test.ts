/** Zero padding before what runtimes fuse it with: the zeros are values like others. */
// @module-tag python
import { nonEmpty } from "../../src/errors/must.ts";
import { expect, it } from "vitest";
import type { OpNode, Part, Value } from "../../src/ir/model.ts";
import type { Op } from "../../src/ir/op.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { ops } from "../../src/ops/index.ts";
import { expectClose } from "../support/close.ts";
import { encodePart, opsets, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

const padding = { top: 1, left: 1, bottom: 1, right: 1 };

/** `pad`, then an op that has no parameters. */
function paddedPart(op: Op, attrs: OpNode["attrs"], shape: readonly number[]): Part {
  const node = (step: Op, given: OpNode["attrs"], inputs: readonly Value[]): OpNode => {
    const outputs = step
      .infer(
        nonEmpty(
          inputs.map((input) => input.shape),
          "an input",
        ),
        given,
      )
      .map((inferred): Value => ({ shape: inferred }));
    return {
      kind: "op",
      op: step,
      attrs: given,
      defaulted: [],
      layer: undefined,
      inputs,
      outputs,
      scope: "",
      source: { trace: {} },
    };
  };
  const x: Value = { shape: shapeOf(...shape) };
  const padded = node(ops.pad, padding, [x]);
  const last = node(op, attrs, padded.outputs);
  return {
    name: "encoder",
    modules: [],
    graph: { inputs: [x], nodes: [padded, last], outputs: last.outputs },
    inputNames: ["x"],
    outputNames: ["y"],
  };
}

const cells = { size: 2, stride: 2 } as const;

it.each([
  ["maxPool2d", ops.maxPool2d, { ...cells, padding: 0 }, "F.max_pool2d(F.pad(x0, (1, 1, 1, 1)), 2)"],
  ["maxPool2d with padding", ops.maxPool2d, { size: 3, stride: 1, padding: 1 }, "F.max_pool2d(F.pad(x0, (1, 1, 1, 1)), 3, 1, 1)"],
  ["avgPool2d", ops.avgPool2d, { ...cells, padding: 0, countIncludePad: true }, "F.avg_pool2d(F.pad(x0, (1, 1, 1, 1)), 2)"],
  [
    "avgPool2d with padding",
    ops.avgPool2d,
    { ...cells, padding: 1, countIncludePad: true },
    "F.avg_pool2d(F.pad(x0, (1, 1, 1, 1)), 2, 2, 1)",
  ],
  [
    "avgPool2d without its own padding",
    ops.avgPool2d,
    { ...cells, padding: 1, countIncludePad: false },
    "F.avg_pool2d(F.pad(x0, (1, 1, 1, 1)), 2, 2, 1, count_include_pad=False)",
  ],
  [
    "avgPool2d whose last window reaches beyond",
    ops.avgPool2d,
    { size: 3, stride: 3, padding: 1, ceilMode: true, countIncludePad: true },
    "F.avg_pool2d(F.pad(x0, (1, 1, 1, 1)), 3, 3, 1, ceil_mode=True)",
  ],
  [
    "avgPool2d whose last window reaches beyond the map",
    ops.avgPool2d,
    { size: 3, stride: 3, padding: 0, ceilMode: true, countIncludePad: true },
    "F.avg_pool2d(F.pad(x0, (1, 1, 1, 1)), 3, 3, ceil_mode=True)",
  ],
  [
    "maxPool2d whose last window reaches beyond the map",
    ops.maxPool2d,
    { size: [3, 4], stride: [3, 4], padding: 0, ceilMode: true },
    "F.max_pool2d(F.pad(x0, (1, 1, 1, 1)), (3, 4), (3, 4), 0, ceil_mode=True)",
  ],
] as const)("%s sees the zeros of padding", async (_, op, attrs, expression) => {
  // Below 0 throughout, so that a maximum over the border is one of the zeros.
  const x = randomTensor([2, 3, 6, 4], randomOf(1), { middle: -2 });
  const { outputs } = await torch().expression(expression, [x]);
  for (const opset of opsets) {
    const bytes = encodePart(
      paddedPart(op, attrs, x.shape),
      () => {
        throw new Error("no parameters");
      },
      opset,
    );
    const { y } = await runOnnx(bytes, { x });
    expect(y).toBeDefined();
    expectClose(y!, outputs[0]!, 1e-6);
  }
});
