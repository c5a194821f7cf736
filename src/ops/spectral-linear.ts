import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { linear, linearArguments, linearAttributes, linearMacs } from "./linear.ts";
import { affineParams, expectChannels, replaceChannels } from "./rules.ts";
import { spectralBuffers, spectralFold } from "./spectral-norm.ts";

export const spectralLinear = defineOp({
  name: "spectralLinear",
  doc: "Linear map whose weight is divided by its largest singular value (Miyato et al. 2018).",
  attributes: linearAttributes,
  params: (attrs) => [...affineParams([attrs.out, attrs.in], attrs.bias), ...spectralBuffers([attrs.out, attrs.in])],
  infer([input], attrs) {
    expectChannels(input, attrs.in, "in");
    return [replaceChannels(input, attrs.out)];
  },
  macsRule: "output values · in",
  macs: (_, outputs, attrs) => linearMacs(outputs, attrs),
  fold: (attrs) => ({ op: linear, attrs, derive: spectralFold }),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "SpectralLinear"),
    args: linearArguments,
  },
  sample(choose) {
    const attrs = { in: choose.int(1, 6), out: choose.int(1, 6), bias: choose.pick([true, false]) };
    return { attrs, inputs: [[choose.int(1, 3), attrs.in]] };
  },
});
