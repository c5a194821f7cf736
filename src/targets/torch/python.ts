/** Python text: literals, identifiers, and one small indenting writer. */
import type { PyValue } from "../../ir/op.ts";

export class PythonWriter {
  readonly #lines: string[] = [];
  #depth = 0;

  line(text = ""): this {
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

/** What ruff formats the packages to. */
export const lineLength = 110;

export function literal(value: PyValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numberLiteral(value);
  if (typeof value === "string") return JSON.stringify(value);
  return `(${value.map(literal).join(", ")}${value.length === 1 ? "," : ""})`;
}

/** As Python's repr writes it: 1e-6 is 1e-06. */
function numberLiteral(value: number): string {
  const text = Math.abs(value) < 1e-3 && value !== 0 ? value.toExponential() : String(value);
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

export function typeOf(value: PyValue): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return typeof value === "string" ? "str" : "tuple[int, ...]";
}

/** A configuration key as the name of a Python argument; `in` and `out` are what torch calls in_channels and out_channels. */
export function argumentName(key: string): string {
  const channels: Readonly<Record<string, string>> = { in: "in_channels", out: "out_channels" };
  return channels[key] ?? key.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase();
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
  return `litevae_${name}`;
}
