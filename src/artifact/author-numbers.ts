/** Numbers that authors' blocks take from around them: `const LIMIT = 256` in their file or in one that it imports, and functions beside them. */
import { literalsIn, numberOf } from "../ir/literals.ts";
import type { Definition } from "../ir/model.ts";
import { callerOf, isOurs } from "../ir/source.ts";
import { declaredIn, withoutTexts } from "./author-file.ts";

/** What has more numbers is a table of what is built, not a limit. */
const mostNumbers = 8;

/**
 * The numbers of what a block's code names outside of itself, and those that it computes of them alone, as `2 * LIMIT`. None where the file is not
 * to be read, and of blocks of this installation, whose code says all.
 */
export function authorNumbers({ source, code }: Definition): readonly number[] {
  const place = callerOf(source);
  return place === undefined || isOurs(place.file) ? [] : around(code, place.file).numbers;
}

/** The numbers that code names, and itself with those in the place of names that are one each. */
function around(code: string, file: string): { readonly plain: string; readonly numbers: readonly number[] } {
  const { own, imported } = declaredIn(file);
  const inner = namesDeclaredIn(code);
  const found: number[] = [];
  let plain = code;
  for (const name of new Set([...own.keys(), ...imported.keys()])) {
    if (!code.includes(name) || inner.has(name)) continue;
    // Behind a dot stands what is imported, once its module is compiled: `_limits.LIMIT`.
    const behind = imported.has(name) ? String.raw`(?:[\w$]+\.)?` : "";
    const uses = new RegExp(String.raw`(?<![\w$.])${behind}${name.replaceAll("$", String.raw`\$`)}(?![\w$])`, "g");
    if (!uses.test(code)) continue;
    const { value, numbers } = meaning(name, file);
    found.push(...numbers);
    if (value !== undefined) plain = plain.replaceAll(uses, String(value));
  }
  return { plain, numbers: [...new Set([...found, ...(plain === code ? [] : literalsIn(plain))])] };
}

interface Meaning {
  /** Which number it is. */
  readonly value?: number;
  /** Those in it. */
  readonly numbers: readonly number[];
}

const nothing: Meaning = { numbers: [] };
const meanings = new Map<string, Meaning>();

/** What a name stands for in a file. */
function meaning(name: string, file: string): Meaning {
  const key = `${file}:${name}`;
  // Functions may call each other.
  const known = meanings.get(key) ?? nothing;
  if (meanings.has(key)) return known;
  meanings.set(key, nothing);
  const { own, imported } = declaredIn(file);
  const from = imported.get(name);
  const codes = own.get(name) ?? [];
  const found =
    from !== undefined && codes.length === 0
      ? meaning(from.name, from.file)
      : together(codes.map((code) => meaningOf(code, file)));
  meanings.set(key, found);
  return found;
}

/** In several places of a file one name may be several things. */
function together(all: readonly Meaning[]): Meaning {
  const [first] = all;
  return first !== undefined && all.length === 1 ? first : { numbers: all.flatMap(({ numbers }) => numbers) };
}

function meaningOf(code: string, file: string): Meaning {
  // Blocks are looked at on their own.
  if (/^[\w$.]+\s*(?:<[^(]*>)?\(\s*""/.test(code)) return nothing;
  const { plain, numbers } = around(code, file);
  const value = numberOf(plain);
  if (value !== undefined) return { value, numbers: [value] };
  const found = [...new Set([...literalsIn(plain), ...numbers])];
  return found.length > mostNumbers ? nothing : { numbers: found };
}

/** Those that mean something of the code's own, as far as its text tells. */
function namesDeclaredIn(text: string): ReadonlySet<string> {
  const code = withoutTexts(text);
  const found = [
    ...code.matchAll(/\b(?:const|let|var|function)\s+([A-Za-z_$][\w$]*)/g),
    ...code.matchAll(/\b(?:const|let|var)\s*([{[][^=]*[}\]])\s*=/g),
    ...code.matchAll(/\(([^()]*)\)\s*(?::[^=;(){}]*)?=>/g),
    ...code.matchAll(/\bfunction\s*[\w$]*\s*\(([^()]*)\)/g),
    ...code.matchAll(/(?<![\w$.])([A-Za-z_$][\w$]*)\s*=>/g),
  ];
  // What stands behind `=` is a default.
  return new Set(
    found.flatMap(([, names]) => [...(names as string).matchAll(/(?<![\w$.]|=\s*)[A-Za-z_$][\w$]*/g)].map(([name]) => name)),
  );
}
