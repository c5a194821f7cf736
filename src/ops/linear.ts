import type { NonEmpty } from "../errors/must.ts";
import type { Attributes, AttrsOf } from "../ir/attributes.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import { defineOp, type TorchArgument } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { affineParams, biasArgument, expectChannels, replaceChannels } from "./rules.ts";

export const linearAttributes = {
  in: { kind: "count", doc: "Channels of the input." },
  out: { kind: "count", doc: "Channels of the output." },
  bias: { kind: "flag", default: true, doc: "Whether a learned number is added to every output channel." },
} as const satisfies Attributes;

export const linearArguments = [{ attr: "in" }, { attr: "out" }, biasArgument] as const satisfies readonly TorchArgument[];

type LinearAttrs = AttrsOf<typeof linearAttributes>;

export function linearMacs([output]: NonEmpty<readonly number[]>, attrs: LinearAttrs): number {
  return elementCount(output) * attrs.in;
}

function lowerLinear(writer: OnnxWriter, input: string, attrs: LinearAttrs): string {
  const bias = attrs.bias ? [writer.param("bias")] : [];
  // Over the positions of a map or sequence it is a convolution of kernel 1: the same weight seen as [out, in, 1, 1] or [out, in, 1].
  const kernel = writer.inputShapes[0].slice(2).map(() => 1);
  if (kernel.length > 0) {
    const weight = writer.param("weight", [attrs.out, attrs.in, ...kernel]);
    return writer.node("Conv", [input, weight, ...bias], { kernel_shape: kernel });
  }
  return writer.node("Gemm", [input, writer.param("weight"), ...bias], { transB: 1 });
}

export const linear = defineOp({
  name: "linear",
  doc: "Linear map of the channels, of a vector or at every position of a feature map or token sequence.",
  attributes: linearAttributes,
  params: (attrs) => affineParams([attrs.out, attrs.in], attrs.bias),
  infer([input], attrs) {
    expectChannels(input, attrs.in, "in");
    return [replaceChannels(input, attrs.out)];
  },
  macsRule: "output values · in",
  macs: (_, outputs, attrs) => linearMacs(outputs, attrs),
  onnx: (writer, [input], attrs) => [lowerLinear(writer, input, attrs)],
  reach: () => "place",
  torch: {
    kind: "module",
    callee: pySymbol("layers", "ChannelLinear"),
    args: linearArguments,
  },
  sample(choose) {
    const attrs = { in: choose.int(1, 6), out: choose.int(1, 6), bias: choose.pick([true, false]) };
    const batch = choose.int(1, 3);
    return {
      attrs,
      inputs: [
        choose.pick([
          [batch, attrs.in],
          [batch, attrs.in, choose.int(1, 5), choose.int(1, 5)],
          [batch, attrs.in, choose.int(1, 9)],
        ]),
      ],
    };
  },
});
