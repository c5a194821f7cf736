/**
 * JSON as Python's json.dumps writes it: what Python hashes of an object has to be the same text here. "sorted" has its keys in order, "tight" no spaces
 * besides, "indented" is for people.
 */
export function pythonJson(value: unknown, style: "sorted" | "tight" | "indented"): string {
  const isIndented = style === "indented";
  const [comma, colon] = style === "tight" ? [",", ":"] : [isIndented ? "," : ", ", ": "];
  const group = (open: string, items: readonly string[], close: string, indent: string): string => {
    if (items.length === 0) return open + close;
    if (!isIndented) return open + items.join(comma) + close;
    return `${open}\n${items.map((item) => `${indent}  ${item}`).join(`${comma}\n`)}\n${indent}${close}`;
  };
  const print = (each: unknown, indent: string): string => {
    if (typeof each === "number") return numberText(each);
    if (typeof each === "string") return stringText(each);
    if (Array.isArray(each))
      return group(
        "[",
        each.map((item) => print(item, `${indent}  `)),
        "]",
        indent,
      );
    if (typeof each !== "object" || each === null) return JSON.stringify(each);
    const entries = Object.entries(each);
    const ordered = isIndented ? entries : entries.toSorted(([a], [b]) => (a < b ? -1 : 1));
    return group(
      "{",
      ordered.map(([key, item]) => `${stringText(key)}${colon}${print(item, `${indent}  `)}`),
      "}",
      indent,
    );
  };
  return print(value, "");
}

/** Both languages write the shortest digits that give the number again, but not the same exponents; whole numbers stay whole. */
function numberText(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} is no number of JSON`);
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return JSON.stringify(value);
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  const power = Number(exponent);
  if (power >= -4 && power < 16) return String(value);
  return `${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** In ASCII. */
function stringText(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
