import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { must } from "../../src/errors/must.ts";
import {
  areaDim,
  constantDim,
  dividedDim,
  evaluateDim,
  fixedSize,
  formatDim,
  formatDimWith,
  inTermsOf,
  plusDim,
  sameDim,
  symbolDim,
  timesDim,
  type Bindings,
  type Dim,
  type DimSymbol,
} from "../../src/ir/dim.ts";

const symbols: readonly DimSymbol[] = ["N", "H", "W"];
const factor = fc.integer({ min: 1, max: 64 });
const addend = fc.integer({ min: -50, max: 50 });
const bindings: fc.Arbitrary<Bindings> = fc.record({ N: fc.integer({ min: 1, max: 64 }), H: factor, W: factor });

/** A step of arithmetic on dims, and the same step on numbers. */
const step = fc.oneof(
  factor.map((k) => ({ dim: (d: Dim) => timesDim(d, k), number: (x: number) => x * k })),
  factor.map((k) => ({ dim: (d: Dim) => dividedDim(d, k), number: (x: number) => x / k })),
  addend.map((k) => ({ dim: (d: Dim) => plusDim(d, k), number: (x: number) => x + k })),
);

const start = fc.oneof(
  fc.constantFrom(...symbols).map((symbol) => ({ dim: symbolDim(symbol), number: (at: Bindings) => at[symbol] })),
  fc.constant({ dim: must(areaDim(symbolDim("H"), symbolDim("W")), "H·W"), number: (at: Bindings) => at.H * at.W }),
  fc.integer({ min: 1, max: 1000 }).map((size) => ({ dim: constantDim(size), number: () => size })),
);

/** A dim built in up to four steps, with the same arithmetic on numbers beside it. */
const built = fc.tuple(start, fc.array(step, { maxLength: 4 })).map(([from, steps]) => ({
  dim: steps.reduce((dim, { dim: apply }) => apply(dim), from.dim),
  number: (at: Bindings) => steps.reduce((x, { number: apply }) => apply(x), from.number(at)),
}));
const anyDim = built.map(({ dim }) => dim);

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : greatestDivisor(b, a % b);
}

/** Reads what `formatDim` writes, from the grammar in its comment. */
function readDim(text: string): Dim {
  const inBrackets = /^\((.+) ([+-]) (\d+)\)\/(\d+)$/.exec(text);
  if (inBrackets !== null) {
    const [, head = "", sign, size, den] = inBrackets;
    return dividedDim(plusDim(readDim(head), Number(`${sign}${size}`)), Number(den));
  }
  const sum = /^(.+) ([+-]) (\d+)$/.exec(text);
  if (sum !== null) return plusDim(readDim(sum[1] ?? ""), Number(`${sum[2]}${sum[3]}`));
  const [head = "", den = "1"] = text.split("/");
  if (/^-?\d+$/.test(head)) return dividedDim(constantDim(Number(head)), Number(den));
  const [, num, symbol = ""] = must(/^(?:(\d+)\*)?(.+)$/.exec(head), head);
  const whole = symbol === "H*W" ? must(areaDim(symbolDim("H"), symbolDim("W")), symbol) : symbolDim(symbol as DimSymbol);
  return dividedDim(timesDim(whole, Number(num ?? 1)), Number(den));
}

describe("arithmetic", () => {
  test("gives what the same arithmetic on numbers gives", () => {
    fc.assert(
      fc.property(built, bindings, ({ dim, number }, at) => {
        const expected = number(at);
        expect(Math.abs(evaluateDim(dim, at) - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
      }),
    );
  });
  test("keeps whole numbers in lowest terms", () => {
    fc.assert(
      fc.property(anyDim, ({ num, offset, den }) => {
        expect([num, offset, den].every(Number.isInteger)).toBe(true);
        expect(den).toBeGreaterThanOrEqual(1);
        expect(greatestDivisor(greatestDivisor(num, offset), den)).toBe(1);
      }),
    );
  });
  test("undoes itself", () => {
    fc.assert(
      fc.property(anyDim, factor, addend, (dim, k, a) => {
        expect(timesDim(dividedDim(dim, k), k)).toEqual(dim);
        expect(dividedDim(timesDim(dim, k), k)).toEqual(dim);
        expect(plusDim(plusDim(dim, a), -a)).toEqual(dim);
      }),
    );
  });
  test("distributes", () => {
    fc.assert(
      fc.property(anyDim, factor, addend, (dim, k, a) => {
        expect(timesDim(plusDim(dim, a), k)).toEqual(plusDim(timesDim(dim, k), k * a));
        expect(dividedDim(dividedDim(dim, k), 2)).toEqual(dividedDim(dim, 2 * k));
      }),
    );
  });
  test("gives frozen records", () => {
    fc.assert(fc.property(anyDim, (dim) => Object.isFrozen(dim)));
  });
});

describe("sameDim", () => {
  test("holds for dims of equal values, however they were built", () => {
    const exact = ({ num, offset, den }: Dim, size: number): readonly [bigint, bigint] => [
      BigInt(num * size + offset),
      BigInt(den),
    ];
    fc.assert(
      fc.property(anyDim, anyDim, (a, b) => {
        // Two lines that agree at two points are one; a constant agrees with no line of a symbol, nor H with W.
        const equal =
          a.symbol === b.symbol &&
          [1, 2].every((size) => {
            const [[x, under], [y, below]] = [exact(a, size), exact(b, size)];
            return x * below === y * under;
          });
        expect(sameDim(a, b)).toBe(equal);
      }),
    );
  });
  test("tells H/8 from W/8 and from H/4", () => {
    const [h, w] = [symbolDim("H"), symbolDim("W")];
    expect(sameDim(dividedDim(h, 8), dividedDim(w, 8))).toBe(false);
    expect(sameDim(dividedDim(h, 8), dividedDim(h, 4))).toBe(false);
    expect(sameDim(dividedDim(dividedDim(h, 2), 4), dividedDim(h, 8))).toBe(true);
  });
});

describe("areaDim", () => {
  const [h, w] = [symbolDim("H"), symbolDim("W")];
  test("counts the positions of a map whose sides are multiples or parts of the image's", () => {
    fc.assert(
      fc.property(factor, factor, factor, bindings, (num, den, other, at) => {
        const [height, width] = [dividedDim(timesDim(h, num), den), dividedDim(w, other)];
        const area = must(areaDim(height, width), "an area");
        expect(evaluateDim(area, at)).toBeCloseTo(evaluateDim(height, at) * evaluateDim(width, at), 6);
      }),
    );
  });
  test("is a multiple of one side where the other is fixed", () => {
    expect(areaDim(dividedDim(h, 8), constantDim(3))).toEqual(dividedDim(timesDim(h, 3), 8));
    expect(areaDim(constantDim(5), constantDim(3))).toEqual(constantDim(15));
  });
  test("has no symbol where a side has an offset", () => {
    expect(areaDim(plusDim(h, 1), w)).toBeUndefined();
  });
});

describe("fixedSize", () => {
  test("is known exactly where there is no symbol", () => {
    fc.assert(
      fc.property(built, bindings, ({ dim }, at) => {
        expect(fixedSize(dim)).toBe(dim.symbol === null ? evaluateDim(dim, at) : undefined);
      }),
    );
  });
});

describe("evaluateDim", () => {
  test("is not a whole number where the size does not fit", () => {
    const eighth = dividedDim(symbolDim("H"), 8);
    expect(evaluateDim(eighth, { N: 1, H: 256, W: 7 })).toBe(32);
    expect(evaluateDim(eighth, { N: 1, H: 250, W: 8 })).toBe(31.25);
  });
});

describe("formatDim", () => {
  const h = symbolDim("H");
  test.each([
    [constantDim(12), "12"],
    [dividedDim(constantDim(3), 2), "3/2"],
    [h, "H"],
    [dividedDim(h, 8), "H/8"],
    [timesDim(h, 2), "2*H"],
    [dividedDim(timesDim(h, 3), 2), "3*H/2"],
    [plusDim(dividedDim(h, 8), -1), "H/8 - 1"],
    [plusDim(h, 2), "H + 2"],
    [dividedDim(plusDim(h, -3), 2), "(H - 3)/2"],
    [dividedDim(plusDim(timesDim(h, 3), 1), 2), "(3*H + 1)/2"],
  ])("writes %o as %s", (dim, text) => {
    expect(formatDim(dim)).toBe(text);
  });
  test("can be read back", () => {
    fc.assert(
      fc.property(anyDim, (dim) => {
        expect(readDim(formatDim(dim))).toEqual(dim);
      }),
    );
  });
});

describe("inTermsOf", () => {
  const h = symbolDim("H");
  const side = fc.tuple(
    fc.array(step, { maxLength: 4 }).map((steps) => steps.reduce((dim, { dim: apply }) => apply(dim), symbolDim("H"))),
    fc.array(step, { maxLength: 4 }).map((steps) => steps.reduce((dim, { dim: apply }) => apply(dim), symbolDim("H"))),
  );

  test("gives the same size when the symbol has the base's", () => {
    fc.assert(
      fc.property(side, bindings, ([dim, base], at) => {
        const found = evaluateDim(inTermsOf(dim, base), { ...at, H: evaluateDim(base, at) });
        expect(found).toBeCloseTo(evaluateDim(dim, at), 6);
      }),
    );
  });

  test.each([
    [h, dividedDim(h, 8), "8*h"],
    [dividedDim(h, 2), dividedDim(h, 8), "4*h"],
    [dividedDim(h, 8), dividedDim(h, 8), "h"],
    [dividedDim(h, 16), dividedDim(h, 8), "h/2"],
    [h, plusDim(dividedDim(h, 8), -1), "8*h + 8"],
    [plusDim(dividedDim(h, 2), 1), plusDim(dividedDim(h, 4), -3), "2*h + 7"],
  ])("case %#", (dim, base, text) => {
    expect(formatDimWith(inTermsOf(dim, base), { N: "N", H: "h", W: "w" })).toBe(text);
  });
});
