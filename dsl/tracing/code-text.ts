/** What the text of an author's function tells of its arguments. */

/** The names of arguments, by position; undefined for those that are taken apart. */
export function parametersIn(code: string): readonly (string | undefined)[] {
  const bare = /^(?:async\s*)?([A-Za-z_$][\w$]*)\s*=>/.exec(code);
  if (bare !== null) return [bare[1]];
  return argumentsIn(code).map((each) => /^\s*([A-Za-z_$][\w$]*)\s*(?:=(?!>)|$)/.exec(each)?.[1]);
}

/** The text of each argument, of one that stands in parentheses. */
function argumentsIn(code: string): readonly string[] {
  const bare = code.replaceAll(/\/\*[^]*?\*\/|\/\/.*|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`/g, "");
  const open = bare.indexOf("(");
  const items: string[] = [];
  let [item, depth] = ["", 0];
  for (const sign of bare.slice(open + 1)) {
    if (depth === 0 && sign === ")") break;
    if ("([{".includes(sign)) depth++;
    if (")]}".includes(sign)) depth--;
    if (depth === 0 && sign === ",") {
      items.push(item);
      item = "";
    } else item += sign;
  }
  return [...items, item];
}

/** How many arguments a function takes; without a limit where it collects what it is given, or where its text does not tell. */
export function mostArguments(run: (...given: never[]) => unknown): number {
  const code = String(run);
  if (/\[native code\]|\barguments\b/.test(code)) return Infinity;
  if (/^(?:async\s*)?[A-Za-z_$][\w$]*\s*=>/.test(code)) return 1;
  const items = argumentsIn(code);
  if (items.some((each) => /^\s*\.\.\./.test(each))) return Infinity;
  return Math.max(run.length, items.filter((each) => each.trim() !== "").length);
}
