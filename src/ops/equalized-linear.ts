import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { equalizedFold, equalizedParams } from "./equalized.ts";
import { linear, linearArguments, linearAttributes, linearMacs } from "./linear.ts";
import { expectChannels, replaceChannels } from "./rules.ts";

export const equalizedLinear = defineOp({
  name: "equalizedLinear",
  doc: "Linear map of the channels with an equalised learning rate, of a vector or at every position (Karras et al. 2018).",
  attributes: linearAttributes,
  params: (attrs) => equalizedParams([attrs.out, attrs.in], attrs.bias),
  infer([input], attrs) {
    expectChannels(input, attrs.in, "in");
    return [replaceChannels(input, attrs.out)];
  },
  macsRule: "output values · in",
  macs: (_, outputs, attrs) => linearMacs(outputs, attrs),
  fold: (attrs) => ({ op: linear, attrs, derive: equalizedFold }),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "EqualizedLinear"),
    args: linearArguments,
  },
  sample: (choose) => linear.sample(choose),
});
