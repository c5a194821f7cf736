import { ShapeError } from "../errors/index.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { biasArgument, convAttributes, convMacs, convParams, convShape, windowArguments } from "./rules.ts";

export const conv2d = defineOp({
  name: "conv2d",
  doc: "Two-dimensional convolution (cross-correlation) with zero padding.",
  attributes: {
    ...convAttributes,
    groups: { kind: "count", default: 1, doc: "Runs of channels that are convolved apart." },
  },
  params: (attrs) => convParams(attrs, attrs.groups),
  infer([input], attrs) {
    if (attrs.in % attrs.groups !== 0 || attrs.out % attrs.groups !== 0) {
      throw new ShapeError("the groups do not divide the channels", {
        expected: `groups that divide in (${attrs.in}) and out (${attrs.out})`,
        found: `groups: ${attrs.groups}`,
        help: "choose groups that divide both channel counts",
      });
    }
    return [convShape(input, attrs)];
  },
  macs: (_, outputs, attrs) => convMacs(outputs, attrs, attrs.groups),
  onnx(writer, [input], attrs) {
    const parameters = attrs.bias ? [writer.param("weight"), writer.param("bias")] : [writer.param("weight")];
    const { kernel, stride, padding, groups } = attrs;
    return [
      writer.node("Conv", [input, ...parameters], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        group: groups,
      }),
    ];
  },
  torch: {
    kind: "module",
    callee: pySymbol("nn", "Conv2d"),
    args: [...windowArguments, { attr: "groups", keyword: "groups", omit: 1 }, biasArgument],
  },
  sample(choose) {
    const groups = choose.pick([1, 2]);
    const [kernel, padding] = choose.pick([
      [1, 0],
      [3, 1],
      [4, 1],
      [3, 0],
    ] as const);
    const stride = choose.pick([1, 2]);
    const attrs = {
      in: groups * choose.int(1, 4),
      out: groups * choose.int(1, 4),
      kernel,
      stride,
      padding,
      groups,
      bias: choose.pick([true, false]),
    };
    return { attrs, inputs: [[choose.int(1, 3), attrs.in, 2 * choose.int(2, 6), 2 * choose.int(2, 6)]] };
  },
});
