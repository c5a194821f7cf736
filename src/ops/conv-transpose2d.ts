import { ShapeError } from "../errors/index.ts";
import { constantDim, fixedSize, plusDim, timesDim, type Dim } from "../ir/dim.ts";
import { sidesOf, type Pair } from "../ir/attributes.ts";
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
import { transposedReach } from "./windows.ts";

/** Kernel, stride, dilation, padding and output padding, each of height and of width. */
function windowOf(attrs: Readonly<Record<"kernel" | "stride" | "dilation" | "padding" | "outputPadding", Pair>>) {
  const { kernel, stride, dilation, padding, outputPadding } = attrs;
  return [sidesOf(kernel), sidesOf(stride), sidesOf(dilation), sidesOf(padding), sidesOf(outputPadding)] as const;
}

export const convTranspose2d = defineOp({
  name: "convTranspose2d",
  doc: "Transposed convolution: the gradient of a convolution with respect to its input, as a layer that enlarges (Zeiler et al. 2010).",
  attributes: {
    in: convAttributes.in,
    out: convAttributes.out,
    kernel: { kind: "pair", doc: "Sides of the kernel." },
    stride: { kind: "pair", default: 1, doc: "Distance in the output between what neighbouring inputs give: the enlargement." },
    dilation: { kind: "pair", default: 1, doc: "Distance between neighbouring values of the kernel." },
    padding: { kind: "pair", min: 0, default: 0, doc: "Positions taken away on every side." },
    outputPadding: {
      kind: "pair",
      min: 0,
      default: 0,
      doc: "Positions added at the bottom and at the right; fewer than stride.",
    },
    bias: convAttributes.bias,
    groups: { kind: "count", default: 1, doc: "Runs of channels that are convolved apart." },
  },
  params: ({ in: input, out, kernel, groups, bias }) => affineParams([input, out / groups, ...sidesOf(kernel)], bias, out),
  infer([input], attrs) {
    const [kernel, stride, dilation, padding, added] = windowOf(attrs);
    const [n, , h, w] = featureDims(input);
    expectChannels(input, attrs.in, "in");
    expectGroups(attrs);
    // PyTorch would take less than the dilation, too; onnxruntime does not.
    if (added[0] >= stride[0] || added[1] >= stride[1]) {
      throw new ShapeError("outputPadding adds more than one step", {
        expected: `less than stride (${JSON.stringify(attrs.stride)})`,
        found: `outputPadding: ${JSON.stringify(attrs.outputPadding)}`,
        help: "choose a smaller outputPadding",
      });
    }
    const along = (dim: Dim, side: 0 | 1): Dim => {
      const reach = dilation[side] * (kernel[side] - 1) + 1;
      return plusDim(timesDim(dim, stride[side]), reach - stride[side] - 2 * padding[side] + added[side]);
    };
    const sides = [along(h, 0), along(w, 1)] as const;
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
  macsRule: "input values · out/groups · kernel area",
  macs: ([input], _, { out, groups, kernel }) => elementCount(input) * (out / groups) * elementCount(sidesOf(kernel)),
  onnx(writer, [input], attrs) {
    const [kernel_shape, strides, dilations, pads, output_padding] = windowOf(attrs);
    const parameters = attrs.bias ? [writer.param("weight"), writer.param("bias")] : [writer.param("weight")];
    return [
      writer.node("ConvTranspose", [input, ...parameters], {
        kernel_shape,
        strides,
        pads: [...pads, ...pads],
        group: attrs.groups,
        ...(dilations.every((distance) => distance === 1) ? {} : { dilations }),
        ...(output_padding.every((count) => count === 0) ? {} : { output_padding }),
      }),
    ];
  },
  reach: transposedReach,
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
      [[1, 4], [1, 2], 1, [0, 1], 0],
      [[3, 2], [3, 2], [1, 2], 0, [2, 1]],
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
