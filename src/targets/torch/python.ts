/** An indenting writer of Python lines, for the recipe's dataclasses. */
import type { PyConstant as PyValue } from "../../ir/python.ts";
import { lineLength } from "./layout.ts";

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
