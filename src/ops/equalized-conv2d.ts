import { sidesOf } from "../ir/attributes.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { conv2d, plainConv } from "./conv2d.ts";
import { equalizedFold, equalizedParams } from "./equalized.ts";
import { convArguments, convAttributes, convMacs, convShape } from "./rules.ts";

export const equalizedConv2d = defineOp({
  name: "equalizedConv2d",
  doc: "Convolution with an equalised learning rate: normal weights, divided by √fan_in whenever they are used (Karras et al. 2018).",
  attributes: convAttributes,
  params: (attrs) => equalizedParams([attrs.out, attrs.in, ...sidesOf(attrs.kernel)], attrs.bias),
  infer: ([input], attrs) => [convShape(input, attrs)],
  macsRule: "output values · in · kernel area",
  macs: (_, outputs, attrs) => convMacs(outputs, attrs),
  fold: (attrs) => ({ op: conv2d, attrs: { ...attrs, ...plainConv }, derive: equalizedFold }),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "EqualizedConv2d"),
    args: convArguments,
  },
  sample(choose) {
    const attrs = {
      in: choose.int(1, 5),
      out: choose.int(1, 5),
      kernel: choose.pick([1, 3, 4, [1, 4]] as const),
      stride: choose.pick([1, 2]),
      padding: choose.pick([0, 1]),
      bias: choose.pick([true, false]),
    };
    return { attrs, inputs: [[choose.int(1, 2), attrs.in, 2 * choose.int(2, 5), 2 * choose.int(2, 5)]] };
  },
});
