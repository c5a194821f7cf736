/** Layout of text by groups: a group stands on one line where it fits, else all of its line breaks are taken (Wadler 2003). */

/** What ruff formats the packages to. */
export const lineLength = 110;

export type Doc =
  | string
  | readonly Doc[]
  | { readonly kind: "group"; readonly of: Doc }
  | { readonly kind: "indent"; readonly of: Doc }
  /** A line break, or `flat` where the group around it stands on one line. */
  | { readonly kind: "line"; readonly flat: string }
  /** Written only where the group around it is broken. */
  | { readonly kind: "broken"; readonly text: string };

export const group = (...of: readonly Doc[]): Doc => ({ kind: "group", of });
export const line: Doc = { kind: "line", flat: " " };
export const softline: Doc = { kind: "line", flat: "" };

const indentation = 4;

/** Brackets around `inner`, which stands on lines of its own where it does not fit between them. */
export function bracketed(open: string, inner: Doc, close: string): Doc {
  return group(open, { kind: "indent", of: [softline, inner] }, softline, close);
}

export function joined(docs: readonly Doc[], separator: Doc): Doc {
  return docs.flatMap((doc, i) => (i === 0 ? [doc] : [separator, doc]));
}

/** Items of which each has a line of its own, with a comma behind the last, where they do not fit on one. */
export function listed(open: string, items: readonly Doc[], close: string, comma = true): Doc {
  if (items.length === 0) return open + close;
  return bracketed(open, [joined(items, [",", line]), comma ? { kind: "broken", text: "," } : ""], close);
}

export const widthOf = (text: string): number => Array.from(text).length;

interface Command {
  readonly doc: Doc;
  readonly depth: number;
  readonly flat: boolean;
}

/** The text of `doc` from a column on; lines after the first start `depth` columns in. */
export function layOut(doc: Doc, depth = 0, width = lineLength): string {
  const rest: Command[] = [{ doc, depth, flat: false }];
  let text = " ".repeat(depth);
  let column = depth;
  for (let command = rest.pop(); command !== undefined; command = rest.pop()) {
    const { doc: current, depth: at, flat } = command;
    if (typeof current === "string") {
      text += current;
      column += widthOf(current);
    } else if (!("kind" in current)) pushAll(rest, current, at, flat);
    else if (current.kind === "indent") rest.push({ doc: current.of, depth: at + indentation, flat });
    else if (current.kind === "group")
      rest.push({
        doc: current.of,
        depth: at,
        flat: flat || fits({ ...command, doc: current.of, flat: true }, rest, width - column),
      });
    else if (current.kind === "broken") rest.push({ doc: flat ? "" : current.text, depth: at, flat });
    else if (flat) rest.push({ doc: current.flat, depth: at, flat });
    else {
      text += `\n${" ".repeat(at)}`;
      column = at;
    }
  }
  return text;
}

export const flatText = (doc: Doc): string => layOut(group(doc), 0, Infinity);

function pushAll(commands: Command[], docs: readonly Doc[], depth: number, flat: boolean): void {
  for (let i = docs.length - 1; i >= 0; i--) commands.push({ doc: docs[i] as Doc, depth, flat });
}

/** Whether what comes up to the next possible line break stays within `room` columns, `first` taken on one line. */
function fits(first: Command, rest: readonly Command[], room: number): boolean {
  const commands = [first];
  let left = room;
  for (let next = rest.length; left >= 0;) {
    const command = commands.pop() ?? rest[--next];
    if (command === undefined) return true;
    const { doc, depth, flat } = command;
    if (typeof doc === "string") left -= widthOf(doc);
    else if (!("kind" in doc)) pushAll(commands, doc, depth, flat);
    else if (doc.kind === "group" || doc.kind === "indent") commands.push({ doc: doc.of, depth, flat });
    else if (doc.kind === "broken") left -= flat ? 0 : widthOf(doc.text);
    else if (flat) left -= widthOf(doc.flat);
    else return true;
  }
  return false;
}
