import { sidesOf } from "../ir/attributes.ts";
import { defineOp } from "../ir/op.ts";
import { pySymbol } from "../ir/python.ts";
import { elementCount } from "../ir/shape.ts";
import { bordered, evenBorder, expectBorder, paddingModes } from "./border.ts";
import {
  biasArgument,
  convAttributes,
  convMacs,
  convParams,
  convShape,
  expectGroups,
  samePadding,
  windowArguments,
} from "./rules.ts";
import { mirroredReach, windowReach } from "./windows.ts";

/** Around a convolution of no other kind. */
export const plainConv = { groups: 1, dilation: 1, paddingMode: "zeros" } as const;

export const conv2d = defineOp({
  name: "conv2d",
  doc: "Two-dimensional convolution (cross-correlation).",
  attributes: {
    in: convAttributes.in,
    out: convAttributes.out,
    kernel: convAttributes.kernel,
    stride: convAttributes.stride,
    dilation: { kind: "pair", default: 1, doc: "Distance between neighbouring values of the kernel." },
    padding: {
      kind: "pair",
      min: 0,
      default: {
        from: ["kernel", "stride", "dilation"],
        rule: samePadding,
        doc: "dilation·(kernel − 1)/2 rounded down, which keeps the size for odd kernels; 0 where stride exceeds dilation·(kernel − 1), since no windows overlap then",
        python: "same_padding",
        pythonDefaults: { stride: 1, dilation: 1 },
      },
      doc: "Positions added on every side.",
    },
    bias: convAttributes.bias,
    groups: { kind: "count", default: 1, doc: "Runs of channels that are convolved apart." },
    paddingMode: {
      kind: "choice",
      choices: paddingModes,
      default: "zeros",
      doc: "What is added: zeros, the map mirrored at its border, the value at the border, or what stands at the opposite side.",
    },
  },
  params: (attrs) => convParams(attrs, attrs.groups),
  infer([input], attrs) {
    expectGroups(attrs);
    expectBorder(input, attrs.padding, attrs.paddingMode);
    return [convShape(input, attrs)];
  },
  macsRule: "output values · in/groups · kernel area",
  macs: (_, outputs, attrs) => convMacs(outputs, attrs, attrs.groups),
  onnx(writer, [input], attrs) {
    const parameters = attrs.bias ? [writer.param("weight"), writer.param("bias")] : [writer.param("weight")];
    const { groups, paddingMode } = attrs;
    const border = evenBorder(attrs.padding);
    const dilations = sidesOf(attrs.dilation);
    return [
      writer.node("Conv", [bordered(writer, input, border, paddingMode), ...parameters], {
        kernel_shape: sidesOf(attrs.kernel),
        strides: sidesOf(attrs.stride),
        pads: paddingMode === "zeros" ? border : [0, 0, 0, 0],
        group: groups,
        ...(dilations.every((distance) => distance === 1) ? {} : { dilations }),
      }),
    ];
  },
  saves([input], _, { padding, paddingMode }) {
    if (paddingMode === "zeros") return { inputs: true };
    // The convolution keeps the map with its border, and what mirrors or repeats one keeps the map.
    const [height, width] = sidesOf(padding);
    const around = input.map((size, axis) => size + 2 * ([0, 0, height, width][axis] as number));
    return { bytes: 4 * elementCount(around), ...(paddingMode === "circular" ? {} : { inputs: true }) };
  },
  reach: (attrs) =>
    attrs.paddingMode === "circular" ? "everything" : attrs.paddingMode === "reflect" ? mirroredReach(attrs) : windowReach(attrs),
  torch: {
    kind: "module",
    callee: pySymbol("nn", "Conv2d"),
    args: [
      ...windowArguments,
      { attr: "dilation", keyword: "dilation", omit: 1 },
      { attr: "groups", keyword: "groups", omit: 1 },
      biasArgument,
      { attr: "paddingMode", keyword: "padding_mode", omit: "zeros" },
    ],
  },
  sample(choose) {
    const groups = choose.pick([1, 2]);
    const [kernel, dilation, border] = choose.pick([
      [1, 1, 0],
      [3, 2, 2],
      [3, 3, 2],
      [3, 1, 1],
      [4, 1, 1],
      [3, 1, 0],
      [[1, 7], 1, [0, 3]],
      [
        [3, 2],
        [2, 1],
        [1, 0],
      ],
    ] as const);
    const attrs = {
      in: groups * choose.int(1, 4),
      out: groups * choose.int(1, 4),
      kernel,
      stride: choose.pick([1, 2, [2, 1]] as const),
      dilation,
      padding: border,
      bias: choose.pick([true, false]),
      groups,
      paddingMode: choose.pick(["reflect", "circular", "zeros", "zeros", "replicate"] as const),
    };
    return { attrs, inputs: [[choose.int(1, 3), attrs.in, 2 * choose.int(2, 6), 2 * choose.int(2, 6)]] };
  },
});
