import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { dividedDim, evaluateDim, formatDim, plusDim, symbolDim, timesDim, type Dim } from "../../src/ir/dim.ts";
import type { Block, Part, Value } from "../../src/ir/model.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { dimsOf, fittingSizes, misfit } from "../../src/ir/size.ts";
import { captureSource } from "../../src/ir/source.ts";

const [H, W] = [symbolDim("H"), symbolDim("W")];

function valueOf(h: Dim, w: Dim): Value {
  return { shape: shapeOf("N", 3, h, w) };
}

/** A part whose values are those given: sizes are all that is looked at. */
function partOf(...values: readonly Value[]): Part {
  return {
    name: "encoder",
    modules: [],
    graph: { inputs: values, nodes: [], outputs: [] },
    inputNames: [],
    outputNames: [],
  };
}

/** Sizes divided by 2, 4 and 8, as in the three Haar levels. */
const threeLevels = partOf(...[1, 2, 4, 8].map((factor) => valueOf(dividedDim(H, factor), dividedDim(W, factor))));

/** Sizes along both axes, built alike. */
const divisor = fc.constantFrom(1, 2, 3, 4, 6, 8, 12);
const dim = fc.tuple(divisor, fc.integer({ min: 1, max: 3 }), fc.integer({ min: -2, max: 2 })).map(([k, times, offset]) => ({
  h: plusDim(dividedDim(timesDim(H, times), k), offset),
  w: plusDim(dividedDim(timesDim(W, times), k), offset),
}));
const dims = fc.array(dim, { minLength: 1, maxLength: 4 });

describe("dimsOf", () => {
  test("lists every size once, those inside of calls too", () => {
    const inside = valueOf(dividedDim(H, 32), W);
    const build = (): never => {
      throw new Error("not built again");
    };
    const definition = { name: "Inner", source: captureSource(dimsOf), code: "", parameters: [], build };
    const block: Block = {
      kind: "block",
      path: "inner",
      name: "Inner",
      config: [],
      members: [],
      children: [],
      definition,
      inputs: [],
    };
    const part = partOf(valueOf(H, W));
    const graph: Part["graph"] = {
      inputs: part.graph.inputs,
      nodes: [
        {
          kind: "call",
          block,
          body: { inputs: [inside], nodes: [], outputs: [inside] },
          returns: { kind: "one", entries: [["", 0]] },
          inputs: part.graph.inputs,
          outputs: [valueOf(dividedDim(H, 32), W)],
          source: captureSource(dimsOf),
        },
      ],
      outputs: [],
    };
    expect(dimsOf({ ...part, graph }).map(formatDim)).toEqual(["N", "3", "H", "W", "H/32"]);
  });
});

describe("misfit", () => {
  test("finds nothing where every size is whole", () => {
    expect(misfit([threeLevels], 256, 256)).toBeUndefined();
    expect(misfit([threeLevels], 8, 2048)).toBeUndefined();
  });
  test("names the axis, the first size that does not come out, and the nearest that do", () => {
    expect(misfit([threeLevels], 250, 256)).toEqual({ axis: "H", size: 250, dim: "H/4", nearest: [248, 256] });
    expect(misfit([threeLevels], 256, 1023)).toEqual({ axis: "W", size: 1023, dim: "W/2", nearest: [1016, 1024] });
  });
  test("looks at the height first", () => {
    expect(misfit([threeLevels], 3, 5)?.axis).toBe("H");
  });
  test("offers no size below the smallest", () => {
    expect(misfit([threeLevels], 4, 8)).toEqual({ axis: "H", size: 4, dim: "H/8", nearest: [8] });
  });
  test("counts a size of 0 as none", () => {
    const shrinking = partOf(valueOf(plusDim(dividedDim(H, 8), -2), W));
    expect(misfit([shrinking], 16, 16)).toEqual({ axis: "H", size: 16, dim: "H/8 - 2", nearest: [24] });
    expect(misfit([shrinking], 24, 24)).toBeUndefined();
  });
  test("lets every part have a say", () => {
    const sixteenth = partOf(valueOf(dividedDim(H, 16), W));
    expect(misfit([threeLevels], 24, 24)).toBeUndefined();
    expect(misfit([threeLevels, sixteenth], 24, 24)).toEqual({ axis: "H", size: 24, dim: "H/16", nearest: [16, 32] });
  });
  test("offers nothing where nothing near fits", () => {
    expect(misfit([partOf(valueOf(dividedDim(H, 10_007), W))], 1, 1)).toEqual({
      axis: "H",
      size: 1,
      dim: "H/10007",
      nearest: [],
    });
  });

  test("offers sizes that fit, with none between that do", () => {
    fc.assert(
      fc.property(dims, fc.integer({ min: 1, max: 200 }), (sizes, height) => {
        const part = partOf(...sizes.map(({ h }) => valueOf(h, W)));
        const fits = (size: number): boolean =>
          sizes.map(({ h }) => evaluateDim(h, { N: 1, H: size, W: 1 })).every((value) => Number.isInteger(value) && value >= 1);
        const found = misfit([part], height, 1);
        expect(found === undefined).toBe(fits(height));
        if (found === undefined) return;
        const expected = [-1, 1].map((step) => {
          for (let size = height + step; size >= 1 && size <= height + 4096; size += step) if (fits(size)) return size;
          return undefined;
        });
        expect(found.nearest).toEqual(expected.filter((size) => size !== undefined));
      }),
    );
  });
  test("treats both axes alike", () => {
    fc.assert(
      fc.property(dims, fc.integer({ min: 1, max: 200 }), (sizes, size) => {
        const along = misfit([partOf(...sizes.map(({ h }) => valueOf(h, W)))], size, 1);
        const across = misfit([partOf(...sizes.map(({ w }) => valueOf(H, w)))], 1, size);
        expect(across?.nearest).toEqual(along?.nearest);
        expect(across?.dim).toBe(along?.dim.replace("H", "W"));
      }),
    );
  });
});

describe("fittingSizes", () => {
  test("gives the first size and the step", () => {
    expect(fittingSizes([threeLevels], "H")).toEqual({ minimum: 8, step: 8 });
    expect(fittingSizes([partOf(valueOf(plusDim(dividedDim(H, 8), -2), W))], "H")).toEqual({ minimum: 24, step: 8 });
    expect(fittingSizes([partOf(valueOf(dividedDim(plusDim(H, -3), 4), W))], "H")).toEqual({ minimum: 7, step: 4 });
  });
  test("asks for the axis alone", () => {
    const tall = partOf(valueOf(dividedDim(H, 32), dividedDim(W, 4)));
    expect(fittingSizes([tall], "H")).toEqual({ minimum: 32, step: 32 });
    expect(fittingSizes([tall], "W")).toEqual({ minimum: 4, step: 4 });
  });
  test("lets every part have a say", () => {
    const thirds = partOf(valueOf(dividedDim(H, 3), W));
    expect(fittingSizes([threeLevels, thirds], "H")).toEqual({ minimum: 24, step: 24 });
  });
  test("is undefined where the layers contradict each other", () => {
    const odd = partOf(valueOf(dividedDim(plusDim(H, 1), 2), W));
    expect(fittingSizes([threeLevels, odd], "H")).toBeUndefined();
  });
  test("names exactly the sizes that misfit lets pass", () => {
    fc.assert(
      fc.property(dims, fc.integer({ min: 1, max: 200 }), (sizes, height) => {
        const part = partOf(...sizes.map(({ h }) => valueOf(h, W)));
        const found = fittingSizes([part], "H");
        const named = found !== undefined && height >= found.minimum && (height - found.minimum) % found.step === 0;
        expect(misfit([part], height, 1) === undefined).toBe(named);
      }),
    );
  });
});
