import { sidesOf } from "../ir/attributes.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { conv2d, plainConv } from "./conv2d.ts";
import { convArguments, convAttributes, convMacs, convParams, convShape } from "./rules.ts";
import { spectralBuffers, spectralFold } from "./spectral-norm.ts";

export const spectralConv2d = defineOp({
  name: "spectralConv2d",
  doc: "Convolution whose weight is divided by its largest singular value (Miyato et al. 2018).",
  attributes: convAttributes,
  params: (attrs) => [...convParams(attrs), ...spectralBuffers([attrs.out, attrs.in, ...sidesOf(attrs.kernel)])],
  infer: ([input], attrs) => [convShape(input, attrs)],
  macsRule: "output values · in · kernel area",
  macs: (_, outputs, attrs) => convMacs(outputs, attrs),
  fold: (attrs) => ({ op: conv2d, attrs: { ...attrs, ...plainConv }, derive: spectralFold }),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "SpectralConv2d"),
    args: convArguments,
  },
  sample(choose) {
    const [kernel, padding] = choose.pick([
      [1, 0],
      [3, 1],
      [
        [3, 1],
        [1, 0],
      ],
    ] as const);
    const attrs = { in: choose.int(1, 5), out: choose.int(1, 5), kernel, stride: 1, padding, bias: true };
    return { attrs, inputs: [[choose.int(1, 2), attrs.in, choose.int(3, 8), choose.int(3, 8)]] };
  },
});
