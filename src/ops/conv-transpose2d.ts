import { ShapeError } from "../errors/index.ts";
import { constantDim, fixedSize, plusDim, timesDim, type Dim } from "../ir/dim.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount, formatShape } from "../ir/shape.ts";
import {
  affineParams,
  biasArgument,
  convAttributes,
  expectChannels,
  expectGroups,
  featureDims,
  windowArguments,
} from "./rules.ts";

export const convTranspose2d = defineOp({
  name: "convTranspose2d",
  doc: "Transposed convolution: the gradient of a convolution with respect to its input, as a layer that enlarges (Zeiler et al. 2010).",
  attributes: {
    in: convAttributes.in,
    out: convAttributes.out,
    kernel: { kind: "count", doc: "Side of the square kernel." },
    stride: { kind: "count", default: 1, doc: "Distance in the output between what neighbouring inputs give: the enlargement." },
    dilation: { kind: "count", default: 1, doc: "Distance between neighbouring values of the kernel." },
    padding: { kind: "count", min: 0, default: 0, doc: "Positions taken away on every side." },
    outputPadding: {
      kind: "count",
      min: 0,
      default: 0,
      doc: "Positions added at the bottom and at the right; fewer than stride.",
    },
    bias: convAttributes.bias,
    groups: { kind: "count", default: 1, doc: "Runs of channels that are convolved apart." },
  },
  params: ({ in: input, out, kernel, groups, bias }) => affineParams([input, out / groups, kernel, kernel], bias, out),
  infer([input], attrs) {
    const { kernel, stride, dilation, padding, outputPadding } = attrs;
    const [n, , h, w] = featureDims(input);
    expectChannels(input, attrs.in, "in");
    expectGroups(attrs);
    // PyTorch would take less than the dilation, too; onnxruntime does not.
    if (outputPadding >= stride) {
      throw new ShapeError("outputPadding adds more than one step", {
        expected: `less than stride (${stride})`,
        found: `outputPadding: ${outputPadding}`,
        help: "choose a smaller outputPadding",
      });
    }
    const along = (dim: Dim): Dim =>
      plusDim(timesDim(dim, stride), dilation * (kernel - 1) + 1 - stride - 2 * padding + outputPadding);
    const sides = [along(h), along(w)] as const;
    for (const dim of sides) {
      const size = fixedSize(dim);
      if (size !== undefined && size < 1) {
        throw new ShapeError("the padding takes everything away", {
          expected: "at least 1 position along each side of the output",
          found: `${size} of an input of ${formatShape(input)}`,
          help: "use less padding or a larger kernel",
        });
      }
    }
    return [[n, constantDim(attrs.out), ...sides]];
  },
  // What every input gives: a kernel for each output channel of its group.
  macs: ([input], _, { out, groups, kernel }) => elementCount(input) * (out / groups) * kernel * kernel,
  onnx(writer, [input], { kernel, stride, dilation, padding, outputPadding, groups, bias }) {
    const parameters = bias ? [writer.param("weight"), writer.param("bias")] : [writer.param("weight")];
    return [
      writer.node("ConvTranspose", [input, ...parameters], {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        group: groups,
        ...(dilation === 1 ? {} : { dilations: [dilation, dilation] }),
        ...(outputPadding === 0 ? {} : { output_padding: [outputPadding, outputPadding] }),
      }),
    ];
  },
  torch: {
    kind: "module",
    callee: pySymbol("nn", "ConvTranspose2d"),
    args: [
      ...windowArguments,
      { attr: "outputPadding", keyword: "output_padding", omit: 0 },
      { attr: "groups", keyword: "groups", omit: 1 },
      biasArgument,
      { attr: "dilation", keyword: "dilation", omit: 1 },
    ],
  },
  sample(choose) {
    const groups = choose.pick([1, 2]);
    const [kernel, stride, dilation, padding, outputPadding] = choose.pick([
      [1, 1, 1, 0, 0],
      [3, 1, 1, 1, 0],
      [2, 2, 1, 0, 0],
      [4, 2, 1, 1, 0],
      [3, 2, 1, 1, 1],
      [3, 2, 2, 1, 1],
      [3, 3, 1, 0, 2],
      [3, 1, 2, 0, 0],
    ] as const);
    const attrs = {
      in: groups * choose.int(1, 3),
      out: groups * choose.int(1, 3),
      kernel,
      stride,
      dilation,
      padding,
      outputPadding,
      bias: choose.pick([true, false]),
      groups,
    };
    return { attrs, inputs: [[choose.int(1, 2), attrs.in, choose.int(2, 6), choose.int(2, 6)]] };
  },
});
