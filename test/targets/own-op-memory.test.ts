/** The memory of an author's own op, whatever operators it is written in; where no rule of ours knows a value's size, nothing is counted and no figure is made up. */
import { expect, test } from "vitest";
import { block, conv2d, layers, network, type Feature } from "../../dsl/authoring.ts";
import { apply, defineOp, pyAttribute, pyCall, pyInput } from "../../dsl/op.ts";
import type { OnnxWriter } from "../../src/ir/onnx.ts";
import { countModel } from "../../src/report/count.ts";
import { formatSummary, summaryOf } from "../../src/report/summary.ts";

type Form = (writer: OnnxWriter, x: string) => string;

/** [N, 4, H, W] to the same, by these nodes. */
function counted(onnx: Form): ReturnType<typeof countModel> {
  const op = defineOp({
    name: "own",
    doc: "An op for this test.",
    infer: ([x]) => [x],
    onnx: (writer, [x]) => [onnx(writer, x)],
    torch: { kind: "function", call: (inputs) => pyCall(pyAttribute(pyInput(inputs), "own")) },
    sample: () => ({ attrs: {}, inputs: [[1, 4, 2, 2]] }),
  });
  const Net = block("Net", () => {
    const { conv } = layers({ conv: conv2d({ in: 3, out: 4 }) });
    return (x: Feature<3, 1>): Feature<4, 1> => apply(op, {}, [conv(x)], counted);
  });
  const model = network({ name: "own", inputs: [{ name: "image", channels: 3 }], block: Net() });
  return countModel(model, 16);
}

const sum = (writer: OnnxWriter, x: string, more: string): string => writer.node("Add", [x, more]);

test.each<readonly [string, Form]>([
  ["Cos", (writer, x) => sum(writer, x, writer.node("Cos", [x]))],
  ["Max and Softsign", (writer, x) => sum(writer, x, writer.node("Max", [x, writer.node("Softsign", [x])]))],
  ["ReduceL2", (writer, x) => sum(writer, x, writer.node("ReduceL2", [x, writer.ints("axes", [2, 3])]))],
  [
    "Resize to the sizes of another",
    (writer, x) => {
      const small = writer.node("AveragePool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
      return sum(writer, x, writer.node("Resize", [small, "", "", writer.node("Shape", [x])], { mode: "linear" }));
    },
  ],
  [
    "Expand and Squeeze",
    (writer, x) => {
      const mean = writer.node("ReduceMean", [x, writer.ints("axes", [2, 3])]);
      const vector = writer.node("Squeeze", [mean, writer.ints("axes", [2, 3])]);
      const map = writer.node("Unsqueeze", [vector, writer.ints("axes", [2, 3])]);
      return sum(writer, x, writer.node("Expand", [map, writer.node("Shape", [x])]));
    },
  ],
])("%s is counted", (_, form) => {
  const part = counted(form).parts["network"];
  // A map of four channels for the input, what is added and the sum, in blocks of 16 or as it is.
  expect(part!.activationBytes).toBeGreaterThanOrEqual(2 * 4 * 4 * 16 * 16);
  expect(part!.activationBytes).toBeLessThanOrEqual(5 * 4 * 16 * 16 * 16);
});

test("what no rule gives the size of is not counted, and the summary has no figure", () => {
  const counts = counted((writer, x) => sum(writer, x, writer.node("Einsum", [x], { equation: "nchw->nchw" })));
  expect(counts.parts["network"]!.activationBytes).toBeNull();
  expect(counts.parts["network"]!.largestTensorBytes).toBeNull();
  expect(formatSummary(summaryOf(counts))).toContain(
    "; activation not counted; largest tensor not counted; activation in torch ",
  );
});
