/** Files that hold blocks, as their authors wrote them. */
import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { once } from "./once.ts";

/** Nothing where a file is not to be read: code that was never one. */
export const authorFile = once((file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // What is said in it is not known.
    return "";
  }
});

/** What a file declares, and what it takes from files beside it, by the names in it. */
export interface Declared {
  /** The code of each, without texts and comments. */
  readonly own: ReadonlyMap<string, readonly string[]>;
  readonly imported: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
}

export const declaredIn = once((file: string): Declared => {
  const text = authorFile(file);
  const own = new Map<string, readonly string[]>();
  for (const [name, code] of declarations(withoutTexts(text))) own.set(name, [...(own.get(name) ?? []), code]);
  return { own, imported: new Map(imports(text, file)) };
});

/** Code without comments and with empty texts. */
export function withoutTexts(code: string): string {
  return code.replaceAll(/\/\*[^]*?\*\/|\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[^]|[^`\\])*`/g, (text) =>
    text.startsWith("/") ? " " : '""',
  );
}

function* declarations(code: string): Generator<readonly [name: string, code: string]> {
  const declarator = /\s*([A-Za-z_$][\w$]*)\s*(?::[^=;]*)?=(?![=>])\s*/y;
  for (const { index, 0: keyword } of code.matchAll(/\b(?:const|let|var)\s/g)) {
    // Several stand behind one keyword: `const A = 1, B = 2`.
    for (let at = index + keyword.length; ;) {
      declarator.lastIndex = at;
      const name = declarator.exec(code)?.[1];
      if (name === undefined) break;
      const end = endOf(code, declarator.lastIndex);
      yield [name, code.slice(declarator.lastIndex, end)];
      if (code[end] !== ",") break;
      at = end + 1;
    }
  }
  for (const { index, 1: name } of code.matchAll(/\bfunction\s+([A-Za-z_$][\w$]*)/g)) {
    const body = code.indexOf("{", closing(code, code.indexOf("(", index)));
    yield [name as string, code.slice(index, body < 0 ? undefined : closing(code, body))];
  }
}

/** Where the expression ends that begins at `from`: before a comma, a semicolon, a bracket that was not opened in it, or a line that does not go on. */
function endOf(code: string, from: number): number {
  for (let at = from; at < code.length; at++) {
    const sign = code[at] as string;
    if ("([{".includes(sign)) at = closing(code, at) - 1;
    else if (",;)]}".includes(sign)) return at;
    else if (
      sign === "\n" &&
      !/[-+*/%=<>?:&|.]\s*$/.test(code.slice(at - 8, at)) &&
      !/^\s*[-+*/%=<>?:&|.]/.test(code.slice(at, at + 200))
    )
      return at;
  }
  return code.length;
}

/** Behind the bracket that closes the one at `from`. */
function closing(code: string, from: number): number {
  let depth = 0;
  for (let at = Math.max(from, 0); at < code.length; at++) {
    const sign = code[at] as string;
    if ("([{".includes(sign)) depth++;
    else if (")]}".includes(sign) && --depth === 0) return at + 1;
  }
  return code.length;
}

function* imports(text: string, file: string): Generator<readonly [name: string, from: { file: string; name: string }]> {
  for (const [, names, from] of text.matchAll(/\bimport\s*\{([^}]*)\}\s*from\s*["'](\.[^"']*)["']/g)) {
    const path = resolve(dirname(file), from as string);
    // As compilers find them: without an ending, or with that of what becomes of them.
    const found = [path, `${path}.ts`, `${path}.js`, path.replace(/js$/, "ts")].find((each) => authorFile(each) !== "");
    if (found === undefined) continue;
    for (const each of (names as string).split(",")) {
      const [, name, , alias = name] = /^\s*([\w$]+)(\s+as\s+([\w$]+))?\s*$/.exec(each) ?? [];
      // Compiled modules have imports by the name that these have at home.
      for (const key of [name, alias]) if (key !== undefined && name !== undefined) yield [key, { file: found, name }];
    }
  }
}
