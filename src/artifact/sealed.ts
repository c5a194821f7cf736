/** JSON objects that hold the SHA-256 of the rest of them, as Python writes and reads them (`common/sealed.py`). */
import { textHash } from "./file-hash.ts";
import { pythonJson } from "./python-json.ts";

const seal = "sha256";

/** The text of these fields and of their hash. */
export function sealed(fields: Readonly<Record<string, unknown>>): string {
  const hash = textHash([pythonJson(fields, "sorted")]);
  return `${pythonJson({ ...fields, [seal]: hash }, "indented")}\n`;
}

/** The fields of such a text, or of one without a hash, which older versions wrote; SyntaxError or Error where it is neither. */
export function opened(text: string): Readonly<Record<string, unknown>> {
  const fields: unknown = JSON.parse(text);
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) throw new Error("it is no object of JSON");
  const { [seal]: found, ...rest } = fields as Record<string, unknown>;
  if (found === undefined) return rest;
  if (found !== textHash([asHashed(text)])) throw new Error("its bytes are not those that were written");
  return rest;
}

/** The object of a text without its hash, on one line and in the order of its keys. Numbers and texts stay as they stand there: each language writes its own. */
function asHashed(text: string): string {
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g)].map(([token]) => token);
  let at = 0;
  const next = (): string => tokens[at++] as string;
  const list = <T>(end: string, item: () => T): readonly T[] => {
    const items: T[] = [];
    while (tokens[at] !== end) {
      if (items.length > 0) at++;
      items.push(item());
    }
    at++;
    return items;
  };
  const value = (outermost = false): string => {
    const token = next();
    if (token === "[") return `[${list("]", () => value()).join(", ")}]`;
    if (token !== "{") return token;
    const entries = list("}", () => {
      const key = next();
      at++;
      return { key, name: JSON.parse(key) as string, value: value() };
    });
    const kept = entries.filter(({ name }) => !outermost || name !== seal).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    return `{${kept.map((entry) => `${entry.key}: ${entry.value}`).join(", ")}}`;
  };
  return value(true);
}
