/** Python text: literals, identifiers, and one small indenting writer. */
import type { PyConstant as PyValue } from "../../ir/python.ts";

export class PythonWriter {
  readonly #lines: string[] = [];
  #depth = 0;

  line(text = ""): this {
    const wrapped = this.#depth * 4 + text.length > lineLength ? lastBracket(text) : null;
    if (wrapped !== null)
      return this.line(wrapped.head)
        .indented(() => wrapped.items.forEach((item) => this.line(`${item},`)))
        .line(wrapped.tail);
    this.#lines.push(text === "" ? "" : "    ".repeat(this.#depth) + text);
    return this;
  }

  /** Writes `head` and, one level deeper, what `body` writes. */
  block(head: string, body: () => void): this {
    return this.line(head).indented(body);
  }

  indented(body: () => void): this {
    this.#depth++;
    body();
    this.#depth--;
    return this;
  }

  /** `head` + items + `tail` on one line where it fits, else an item a line as ruff formats it; `inner` are brackets inside of the head's. */
  list(head: string, items: readonly string[], tail: string, inner: readonly [string, string] | null = null): this {
    const [open, close] = inner ?? ["", ""];
    const flat = `${head}${open}${items.join(", ")}${close}${tail}`;
    if (this.#depth * 4 + flat.length <= lineLength) return this.line(flat);
    this.line(head);
    const write = (): void => items.forEach((item) => this.line(`${item},`));
    this.#depth++;
    if (inner === null) write();
    else {
      this.block(open, write).line(close);
    }
    this.#depth--;
    return this.line(tail);
  }

  toString(): string {
    return `${this.#lines.join("\n")}\n`;
  }
}

/** The bracket that ends a statement, with the items in it; null where the text is prose or the statement ends otherwise. */
function lastBracket(text: string): { readonly head: string; readonly items: readonly string[]; readonly tail: string } | null {
  const match = /[)\]}](?:,|:| -> [^()]*:)?$/.exec(text);
  if (match === null || text.startsWith('"""')) return null;
  const items: string[] = [];
  let depth = 0;
  let end = match.index;
  for (let i = match.index; i >= 0; i--) {
    const character = text[i] ?? "";
    if (")]}".includes(character)) depth++;
    else if ("([{".includes(character)) depth--;
    if (depth === 0) {
      items.unshift(text.slice(i + 1, end));
      return { head: text.slice(0, i + 1), items: items.filter((item) => item !== ""), tail: text.slice(match.index) };
    }
    if (depth === 1 && text.startsWith(", ", i)) {
      items.unshift(text.slice(i + 2, end));
      end = i;
    }
  }
  return null;
}

/** What ruff formats the packages to. */
export const lineLength = 110;

export function literal(value: PyValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numberLiteral(value);
  if (typeof value === "string") return textLiteral(value);
  return `(${value.map(literal).join(", ")}${value.length === 1 ? "," : ""})`;
}

/** In double quotes, but as ruff has it in single ones where that saves backslashes. */
function textLiteral(value: string): string {
  const text = JSON.stringify(value);
  return value.includes('"') && !value.includes("'") ? `'${text.slice(1, -1).replaceAll('\\"', '"')}'` : text;
}

/** As Python's repr writes it: 1e-6 is 1e-06. */
function numberLiteral(value: number): string {
  const text = Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** The annotation of an argument that takes all of these values. */
export function typeOf(values: readonly PyValue[]): string {
  const types = new Set(values.map(typeOfOne));
  // Where a float is expected mypy takes an int.
  if (types.has("float")) types.delete("int");
  return [...types].sort((a, b) => Number(a === "None") - Number(b === "None")).join(" | ");
}

function typeOfOne(value: PyValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value === "string" ? "str" : `tuple[${typeOf(value)}, ...]`;
}

/** Names that layers.py gives; imported where the text uses them. */
export const runtimeNames: readonly string[] = [
  "ChannelLinear",
  "EqualizedConv2d",
  "EqualizedLinear",
  "SMCConv2d",
  "SpectralConv2d",
  "SpectralLinear",
  "attention",
  "blur",
  "haar_dwt",
  "haar_idwt",
  "minibatch_stddev",
];

/** What a generated module, class or argument cannot be called: Python's words and the names that model.py imports, defines or calls. */
const keywords =
  "False None True and as assert async await break class continue def del elif else except finally for from global if import in is " +
  "lambda nonlocal not or pass raise return try while with yield";
export const ownNames: ReadonlySet<string> = new Set(
  (
    `${keywords} Autoencoder AutoencoderBase Tensor nn torch F self super range zip build_encoder build_decoder build_discriminator ` +
    `StagedEncoder StagedDecoder StagedDiscriminator DIFFUSERS_CONFIG`
  ).split(" "),
);

/** A name inside of a docstring. */
export function prose(name: string): string {
  return name.replace(/["\\\p{Cc}]/gu, "_");
}

/** A configuration key as the name of a Python argument; `in` and `out` are what torch calls in_channels and out_channels. */
export function argumentName(key: string): string {
  const channels: Readonly<Record<string, string>> = { in: "in_channels", out: "out_channels" };
  const snake = key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, "_")
    .replace(/^(?=\d|$)/, "n");
  return channels[key] ?? (ownNames.has(snake) ? `${snake}_` : snake);
}

/** `conv_shortcut` → `ConvShortcut`. */
export function camel(key: string): string {
  return key.replace(/(?:^|_)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The model's name as a Python module: letters, digits and underscores. */
export function packageName(model: string): string {
  const name = model
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return `litevae_${name === "" ? "model" : name}`;
}

/** The name, or with a number behind it where it is taken. */
export function unused(name: string, taken: ReadonlySet<string | undefined>): string {
  if (!taken.has(name)) return name;
  let i = 2;
  while (taken.has(`${name}${i}`)) i++;
  return `${name}${i}`;
}
