/** What the text of an author's function tells: what its arguments are called, and which numbers stand in it. */

/** The names of arguments, by position; undefined for those that are taken apart. */
export function parametersIn(code: string): readonly (string | undefined)[] {
  const bare = /^(?:async\s*)?([A-Za-z_$][\w$]*)\s*=>/.exec(code);
  if (bare !== null) return [bare[1]];
  const open = code.indexOf("(");
  const items: string[] = [];
  let [item, depth] = ["", 0];
  for (const sign of code.slice(open + 1)) {
    if (depth === 0 && sign === ")") break;
    if ("([{".includes(sign)) depth++;
    if (")]}".includes(sign)) depth--;
    if (depth === 0 && sign === ",") {
      items.push(item);
      item = "";
    } else item += sign;
  }
  return [...items, item].map((each) => /^\s*([A-Za-z_$][\w$]*)\s*(?:=(?!>)|$)/.exec(each)?.[1]);
}

/** Each number once. */
export function literalsIn(code: string): readonly number[] {
  const found = code.matchAll(/(?<![\w.$])\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])/gi);
  return [...new Set([...found].map(([text]) => Number(text.replaceAll("_", ""))))];
}
