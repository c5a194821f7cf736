/** What TypeScript cannot read: which bracket stays open, or what is missing where it stops. */
import { ts, type Diagnostic } from "ts-morph";

interface Sign {
  readonly text: string;
  readonly position: number;
}

const closes: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** The remedy for the first error of syntax of a file, which stands where the parser gave up. */
export function syntaxCure(diagnostic: Diagnostic): string {
  const { file, start = 0, messageText } = diagnostic.compilerObject;
  const text = file?.text ?? "";
  const line = ({ position }: Pick<Sign, "position">): number => text.slice(0, position).split("\n").length;
  const brackets = bracketsOf(text);
  const count = (sign: string): number => brackets.filter((each) => each.text === sign).length;
  const left = openAt(brackets, start).findLast(({ text: sign }) => count(sign) > count(closes[sign] ?? ""));
  if (left !== undefined) {
    // Lines later each that was open meanwhile may be the one.
    const perhaps = line(left) < line({ position: start }) ? ", or one after it," : "";
    return `the ${left.text} of line ${line(left)}${perhaps} is not closed: write ${closes[left.text]} where it ends`;
  }
  const many = brackets.find(
    ({ text: sign, position }) =>
      position >= start && Object.entries(closes).some(([open, close]) => close === sign && count(close) > count(open)),
  );
  if (many !== undefined)
    return `the ${many.text} of line ${line(many)} closes nothing: leave it out, or write what it closes before it`;
  const wanted = /^'([^\w\s]+)' expected/.exec(ts.flattenDiagnosticMessageText(messageText, "\n"))?.[1];
  const before = /\S+$/.exec(text.slice(0, start).trimEnd())?.[0];
  if (wanted === "," && before !== undefined) return `write a comma after ${before}`;
  return `${wanted === undefined ? "correct the syntax" : `write ${wanted}`} here; types are checked once the file can be read`;
}

/** The brackets of a file, without those in texts and comments. */
function bracketsOf(text: string): readonly Sign[] {
  const scanner = ts.createScanner(ts.ScriptTarget.ESNext, true, ts.LanguageVariant.Standard, text);
  const found: Sign[] = [];
  // How many braces are open in what each template, `${…}`, has in it.
  const templates: number[] = [];
  for (let token = scanner.scan(); token !== ts.SyntaxKind.EndOfFileToken; token = scanner.scan()) {
    const depth = templates.at(-1);
    if (token === ts.SyntaxKind.TemplateHead) templates.push(0);
    else if (depth === 0 && token === ts.SyntaxKind.CloseBraceToken) {
      if (scanner.reScanTemplateToken(false) === ts.SyntaxKind.TemplateTail) templates.pop();
    } else if (/^[()[\]{}]$/.test(scanner.getTokenText())) {
      const sign = scanner.getTokenText();
      if (depth !== undefined) templates[templates.length - 1] = depth + (sign === "{" ? 1 : sign === "}" ? -1 : 0);
      found.push({ text: sign, position: scanner.getTokenStart() });
    }
  }
  return found;
}

/** The brackets that are open where the parser gave up, the innermost last. */
function openAt(brackets: readonly Sign[], end: number): readonly Sign[] {
  const open: Sign[] = [];
  for (const each of brackets) {
    if (each.position >= end) break;
    if (Object.hasOwn(closes, each.text)) open.push(each);
    else if (closes[open.at(-1)?.text ?? ""] === each.text) open.pop();
  }
  return open;
}
