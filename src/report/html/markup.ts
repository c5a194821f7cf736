/** HTML as a value: whatever is put into `markup` is escaped, unless it is markup already. The one place where text becomes markup. */

/** Markup that is safe to write into a page. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Content = Markup | string | number | false | null | undefined | readonly Content[];

/** Markup from a template. Values are escaped, for text and for quoted attributes alike; null, undefined and false are left out. */
export function markup(literals: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(literals.reduce((text, literal, i) => text + textOf(values[i - 1]) + literal));
}

/** Markup that a library or a file of ours made; never text that comes from a model, a run or a person. */
export function trusted(text: string): Markup {
  return new Markup(text);
}

function textOf(content: Content): string {
  if (content instanceof Markup) return content.text;
  if (content === undefined || content === null || content === false) return "";
  if (typeof content === "object") return content.map(textOf).join("");
  return escaped(String(content));
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

/** Characters that no page may hold become the sign for what cannot be shown. */
function escaped(text: string): string {
  return text
    .replace(/\p{Surrogate}|[\p{Control}\ufffe\uffff]/gu, (character) => (/[\t\n\r]/.test(character) ? character : "\ufffd"))
    .replace(/[&<>"']/g, (character) => entities[character] as string);
}
