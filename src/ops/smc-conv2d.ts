import { must } from "../errors/must.ts";
import { sidesOf } from "../ir/attributes.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { floats, tensorOf, type Tensor } from "../ir/tensor.ts";
import { conv2d, plainConv } from "./conv2d.ts";
import { convArguments, convAttributes, convMacs, convParams, convShape } from "./rules.ts";

/** ε of eq. 3 (arXiv:2405.14477 §4.2 gives none; 1e-8 keeps an all-zero filter finite). */
const epsilon = 1e-8;

export const smcConv2d = defineOp({
  name: "smcConv2d",
  doc: "Self-modulated convolution: filters scaled per input channel, normalised, times a gain (arXiv:2405.14477 §4.2, eq. 3).",
  attributes: convAttributes,
  params: (attrs) => [
    ...convParams(attrs),
    { role: "scale", shape: [attrs.in], init: { kind: "constant", value: 1 } },
    { role: "gain", shape: [1], init: { kind: "constant", value: 1 } },
  ],
  infer: ([input], attrs) => [convShape(input, attrs)],
  macsRule: "output values · in · kernel area",
  macs: (_, outputs, attrs) => convMacs(outputs, attrs),
  // Nothing in eq. 3 depends on the data, so after training this is a plain convolution.
  fold: (attrs) => ({
    op: conv2d,
    attrs: { ...attrs, ...plainConv },
    derive: {
      weight(params) {
        const role = (name: string): Tensor => must(params[name], `SMC's ${name}`);
        const weight = role("weight");
        const [source, scales] = [floats(weight), floats(role("scale"))];
        const factor = must(floats(role("gain"))[0], "SMC's gain");
        const filter = source.length / attrs.out;
        const area = elementCount(sidesOf(attrs.kernel));
        const folded = new Float32Array(source.length);
        for (let start = 0; start < source.length; start += filter) {
          let sum = epsilon;
          for (let i = 0; i < filter; i++) {
            const value = (source[start + i] as number) * (scales[Math.trunc(i / area)] as number);
            folded[start + i] = value;
            sum += value * value;
          }
          const norm = factor / Math.sqrt(sum);
          for (let i = start; i < start + filter; i++) folded[i] = (folded[i] as number) * norm;
        }
        return tensorOf(weight.shape, folded);
      },
    },
  }),
  torch: {
    kind: "module",
    callee: pySymbol("layers", "SMCConv2d"),
    args: convArguments,
  },
  sample(choose) {
    const attrs = {
      in: choose.int(1, 6),
      out: choose.int(1, 6),
      kernel: choose.pick([1, 3, [2, 3]] as const),
      stride: choose.pick([1, 2]),
      padding: choose.pick([0, 1]),
      bias: choose.pick([true, false]),
    };
    return { attrs, inputs: [[choose.int(1, 2), attrs.in, 2 * choose.int(2, 5), 2 * choose.int(2, 5)]] };
  },
});
