/**
 * Symbolic sizes. A Dim is (num · symbol + offset) / den in whole numbers, in lowest terms; a constant has no symbol.
 * N is the batch, H and W the height and width of the *image*, whatever part of the model the Dim belongs to; HW is H·W, of which the positions of a map
 * are counted.
 */
export type DimSymbol = "N" | "H" | "W";

export interface Dim {
  readonly symbol: DimSymbol | "HW" | null;
  readonly num: number;
  readonly offset: number;
  readonly den: number;
}

/** Concrete values of the symbols. */
export type Bindings = Readonly<Record<DimSymbol, number>>;

export function gcd(a: number, b: number): number {
  return b === 0 ? Math.abs(a) : gcd(b, a % b);
}

function reduced(symbol: Dim["symbol"], num: number, offset: number, den: number): Dim {
  const divisor = gcd(gcd(num, offset), den) || 1;
  return Object.freeze({ symbol, num: num / divisor, offset: offset / divisor, den: den / divisor });
}

export function constantDim(size: number): Dim {
  return reduced(null, 0, size, 1);
}

export function symbolDim(symbol: DimSymbol): Dim {
  return reduced(symbol, 1, 0, 1);
}

export function timesDim(dim: Dim, factor: number): Dim {
  return reduced(dim.symbol, dim.num * factor, dim.offset * factor, dim.den);
}

/** Exact division: that the result is whole is a condition on the symbols, checked when they get values. */
export function dividedDim(dim: Dim, divisor: number): Dim {
  return reduced(dim.symbol, dim.num, dim.offset, dim.den * divisor);
}

export function plusDim(dim: Dim, addend: number): Dim {
  return reduced(dim.symbol, dim.num, dim.offset + addend * dim.den, dim.den);
}

/** The positions of a map; undefined where a side is no multiple of an image's, whose product with the other has no symbol. */
export function areaDim(height: Dim, width: Dim): Dim | undefined {
  for (const [fixed, other] of [
    [height, width],
    [width, height],
  ] as const) {
    const size = fixedSize(fixed);
    if (size !== undefined) return timesDim(other, size);
  }
  if (height.symbol !== "H" || width.symbol !== "W" || height.offset !== 0 || width.offset !== 0) return undefined;
  return reduced("HW", height.num * width.num, 0, height.den * width.den);
}

export function sameDim(a: Dim, b: Dim): boolean {
  return a.symbol === b.symbol && a.num === b.num && a.offset === b.offset && a.den === b.den;
}

/** The size as a number when it depends on no symbol. */
export function fixedSize(dim: Dim): number | undefined {
  return dim.symbol === null ? dim.offset / dim.den : undefined;
}

/** The value for the given symbols; not a whole number where the sizes do not fit. */
export function evaluateDim(dim: Dim, bindings: Bindings): number {
  const { symbol } = dim;
  const value = symbol === null ? 0 : symbol === "HW" ? bindings.H * bindings.W : bindings[symbol];
  return (dim.num * value + dim.offset) / dim.den;
}

const symbols: Readonly<Record<string, DimSymbol | "HW">> = { N: "N", H: "H", W: "W", "H*W": "HW" };

/** What `formatDim` wrote, such as a manifest holds; undefined where it is something else. */
export function parseDim(text: string): Dim | undefined {
  const found =
    /^\(?(?:(?<num>\d+)\*)?(?<symbol>H\*W|[NHW])(?:\/(?<den>\d+))?(?: (?<sign>[+-]) (?<offset>\d+))?(?:\)\/(?<all>\d+))?$/.exec(
      text,
    );
  if (found?.groups === undefined) return undefined;
  const { num = 1, symbol = "", den = 1, sign, offset = 0, all = 1 } = found.groups;
  const scaled = dividedDim(reduced(symbols[symbol] ?? null, Number(num), 0, 1), Number(den));
  const dim = dividedDim(plusDim(scaled, (sign === "-" ? -1 : 1) * Number(offset)), Number(all));
  return formatDim(dim) === text ? dim : undefined;
}

/** A size as a function of another along the same axis, whose symbol stands for that one then: where H/8 is `base`, H is 8·H. */
export function inTermsOf(dim: Dim, base: Dim): Dim {
  const num = dim.num * base.den;
  return reduced(base.symbol, num, dim.offset * base.num - dim.num * base.offset, dim.den * base.num);
}

/** What symbols are called. */
export type DimNames = Readonly<Record<DimSymbol, string>>;

/** `H`, `H/8`, `2*H`, `H/8 - 1`, `(H - 3)/2`, `H*W/64`. */
export function formatDim(dim: Dim): string {
  return formatDimWith(dim, { N: "N", H: "H", W: "W" });
}

/** The same under other names. */
export function formatDimWith(dim: Dim, names: DimNames): string {
  if (dim.symbol === null) return dim.den === 1 ? String(dim.offset) : `${dim.offset}/${dim.den}`;
  const symbol = dim.symbol === "HW" ? `${names.H}*${names.W}` : names[dim.symbol];
  const head = dim.num === 1 ? symbol : `${dim.num}*${symbol}`;
  if (dim.offset === 0) return dim.den === 1 ? head : `${head}/${dim.den}`;
  const sign = dim.offset < 0 ? "-" : "+";
  if (dim.offset % dim.den === 0) {
    return `${dim.den === 1 ? head : `${head}/${dim.den}`} ${sign} ${Math.abs(dim.offset) / dim.den}`;
  }
  return `(${head} ${sign} ${Math.abs(dim.offset)})/${dim.den}`;
}
