/** Settings of both sides: a number, or [height, width]; and the padding that convolutions have where none is given. */
import { describe, expect, test } from "vitest";
import { block, conv2d, convTranspose2d, layers, network, smcConv2d, type Feature } from "litevae/dsl";
import type { Pair } from "../../src/ir/attributes.ts";
import { printModel } from "../../src/ir/print.ts";
import { layersOf } from "../../src/ir/walk.ts";
import { marksIn, modelOf, reportOf, type FeatureMap } from "./reports.ts";

const at = marksIn(import.meta.url);

/** The attributes of a layer of 3 channels, as the IR has them. */
function attrsOf(make: () => unknown): unknown {
  const One = block("One", () => {
    const { conv } = layers({ conv: make() as (x: FeatureMap) => FeatureMap });
    return (x: FeatureMap): FeatureMap => conv(x);
  });
  const { parts } = network({ inputs: [{ channels: 3 }], block: One() });
  const [layer] = parts.flatMap(({ modules }) => [...layersOf(modules)]);
  return layer?.attrs;
}

const io = { in: 3, out: 4 };

function withSizes(sizes: { readonly kernel?: Pair; readonly stride?: Pair; readonly dilation?: Pair }): unknown {
  return conv2d({ ...io, ...sizes });
}

describe("padding that is left out", () => {
  test.each([
    ["keeps the size at stride 1", { kernel: 5 }, 2],
    ["is half of the kernel at stride 2", { stride: 2 }, 1],
    ["is half of an even kernel, rounded down", { kernel: 4, stride: 2 }, 1],
    ["is none for patches", { kernel: 4, stride: 4 }, 0],
    ["is none where windows lie apart", { kernel: 3, stride: 4 }, 0],
    ["looks at what dilation leaves between", { kernel: 3, stride: 3, dilation: 2 }, 2],
    ["is a pair where the kernel is one", { kernel: [1, 7] }, [0, 3]],
    ["is a pair where the stride is one", { kernel: 3, stride: [1, 3] }, [1, 0]],
    ["is a pair where the dilation is one", { dilation: [1, 2] }, [1, 2]],
  ] as readonly [string, Parameters<typeof withSizes>[0], Pair][])("%s", (_, config, padding) => {
    expect(attrsOf(() => withSizes(config))).toMatchObject({ padding });
  });
  test("is the same rule for other convolutions", () => {
    expect(attrsOf(() => smcConv2d({ ...io, kernel: [4, 3], stride: [4, 1] }))).toMatchObject({ padding: [0, 1] });
  });
});

test("a pair is printed as it was written, and a number as a number", () => {
  const Encoder = block("Encoder", () => {
    const l = layers({
      wide: conv2d({ in: 3, out: 4, kernel: [1, 7], stride: [1, 2] }),
      back: convTranspose2d({ in: 4, out: 4, kernel: [1, 4], stride: [1, 2], padding: [0, 1] }),
      head: conv2d({ in: 4, out: 24, kernel: 8, stride: [8, 8] }),
    });
    return (x: Feature<3, 1>) => l.head(l.back(l.wide(x)));
  });
  const text = printModel(modelOf(Encoder()));
  for (const line of [
    "[N, 4, H, W/2] = conv2d(image) {in: 3, out: 4, kernel: [1,7], stride: [1,2], dilation: 1, padding: [0,3]",
    "[N, 4, H, W] = convTranspose2d(%0) {in: 4, out: 4, kernel: [1,4], stride: [1,2], dilation: 1, padding: [0,1]",
    "[N, 24, H/8, W/8] = conv2d(%1) {in: 4, out: 24, kernel: 8, stride: [8,8], dilation: 1, padding: [0,0]",
  ])
    expect(text).toContain(line);
});

test("what is no pair is refused", () => {
  const config = { ...io, kernel: [1, 3, 5] as never };
  const report = reportOf(() => conv2d(config)); // @three
  expect(report).toEqual({
    what: "kernel of conv2d is not a pair",
    where: at("three"),
    op: "conv2d",
    expected: "kernel: a whole number for both sides, or [height, width]",
    found: "kernel: a list of 3",
    help: "set kernel to one number or to two",
  });
  expect(reportOf(() => conv2d({ ...io, stride: [2, 0.5] }))).toMatchObject({
    what: "stride[1] of conv2d is not a whole number of at least 1",
    found: "stride[1]: 0.5",
  });
  expect(reportOf(() => convTranspose2d({ ...io, kernel: 3, padding: [0, -1] }))).toMatchObject({
    what: "padding[1] of convTranspose2d is not a whole number of at least 0",
  });
});

describe("sizes that a pair does not fit", () => {
  test("more output padding than one step", () => {
    const Narrow = block("Narrow", () => {
      const { pool, wide } = layers({
        pool: conv2d({ in: 3, out: 4, kernel: 1 }),
        wide: convTranspose2d({ in: 4, out: 4, kernel: [3, 2], stride: [2, 2], outputPadding: [1, 2] }),
      });
      return (x: Feature<3, 1>) => wide(pool(x));
    });
    expect(reportOf(() => modelOf(Narrow()))).toMatchObject({
      what: "outputPadding adds more than one step",
      expected: "less than stride ([2,2])",
      found: "outputPadding: [1,2]",
    });
  });
});
