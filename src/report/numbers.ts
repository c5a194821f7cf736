/** Numbers as reports print them: the same on every machine and in every locale. */

/** `6,755,260` */
export function integer(value: number): string {
  return value.toFixed(0).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A prefix and what it stands for. */
export interface Scale {
  readonly prefix: string;
  readonly factor: number;
}

/** Decimal prefixes, for counts. */
export const decimalScales: readonly Scale[] = [
  { prefix: "", factor: 1 },
  { prefix: "k", factor: 1e3 },
  { prefix: "M", factor: 1e6 },
  { prefix: "G", factor: 1e9 },
  { prefix: "T", factor: 1e12 },
];

/** Binary prefixes, for bytes. */
export const binaryScales: readonly Scale[] = [
  { prefix: "", factor: 1 },
  { prefix: "Ki", factor: 2 ** 10 },
  { prefix: "Mi", factor: 2 ** 20 },
  { prefix: "Gi", factor: 2 ** 30 },
];

/** The largest scale in which the largest of the values is at least 1: one for a whole column keeps it comparable. */
export function scaleFor(values: readonly number[], scales: readonly Scale[]): Scale {
  const largest = Math.max(0, ...values);
  return scales.findLast(({ factor }) => largest >= factor) ?? { prefix: "", factor: 1 };
}

/** The value in units of the scale; whole numbers where the scale is 1. */
export function scaled(value: number, { factor }: Scale, digits: number): string {
  return factor === 1 ? integer(value) : (value / factor).toFixed(digits);
}

/** Of what could not be counted. */
export const uncounted = "not counted";

/** The scale for a column of bytes, some of which could not be counted. */
export function byteScaleFor(values: readonly (number | null)[]): Scale {
  return scaleFor(
    values.filter((value) => value !== null),
    binaryScales,
  );
}

/** Bytes in units of the scale. */
export function scaledBytes(value: number | null, scale: Scale): string {
  return value === null ? uncounted : scaled(value, scale, 2);
}

/** `37,837,471,744 MACs (37.837 GMACs)`: exact, and readable where that is another number. */
export function exactly(value: number, unit: string, short: string, scales: readonly Scale[], digits: number): string {
  const scale = scaleFor([value], scales);
  const readable = scale.factor === 1 ? "" : ` (${scaled(value, scale, digits)} ${scale.prefix}${short})`;
  return `${integer(value)} ${unit}${readable}`;
}

/** `0.18×`; two significant digits below a tenth; empty where there is nothing to compare with. */
export function ratio(value: number | null, baseline: number | null | undefined): string {
  if (value === null || baseline === undefined || baseline === null || baseline === 0) return "";
  const quotient = value / baseline;
  return `${quotient === 0 || quotient >= 0.1 ? quotient.toFixed(2) : quotient.toPrecision(2)}×`;
}

/** `[1, 24, 32, 32]` */
export function shapeText(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}

/** `6.76 M`, `37.8 G`, `54.2 Mi`: three significant digits and a prefix; the unit comes after it. Whole numbers where there is no prefix. */
export function compact(value: number, scales: readonly Scale[] = decimalScales): string {
  const inUnitsOf = ({ factor }: Scale): number => Number((value / factor).toPrecision(3));
  // Rounded first: 999,999 is 1.00 M.
  const scale = scales.findLast((candidate) => Math.abs(inUnitsOf(candidate)) >= 1);
  if (scale === undefined || scale.factor === 1) return `${integer(value)} `;
  const units = inUnitsOf(scale);
  return `${units.toFixed(Math.max(0, 2 - Math.floor(Math.log10(Math.abs(units)))))} ${scale.prefix}`;
}

/** `1,234`, `12.35`, `0.1235`: so many significant digits, never with an exponent. */
export function significant(value: number, digits: number): string {
  if (value >= 10 ** digits) return integer(value);
  const places = value === 0 ? 0 : digits - 1 - Math.floor(Math.log10(value));
  return value.toFixed(Math.min(Math.max(places, 0), 100));
}

/** `0.01230`, `28.30`, `1,240`, `1.20e-6`: four significant digits, with an exponent where they would be lost among zeros. */
export function rounded(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-4 || size >= 1e9)) return value.toExponential(2);
  return `${value < 0 ? "-" : ""}${significant(size, 4)}`;
}
