/** Modules of the Python tree as text that ruff has nothing to add to. */
import type { PyClass, PyExpr, PyFunction, PyModule, PyParameter, PyStatement } from "../../ir/python.ts";
import { importLines } from "./imports.ts";
import { exprDoc, targetText } from "./expression.ts";
import { layOut, lineLength, listed, widthOf, type Doc } from "./layout.ts";
import { printExpr, valueText } from "./value.ts";

export { printExpr };

export interface PyModuleText {
  /** Paragraphs of prose. */
  readonly doc: readonly string[];
  readonly body: readonly PyStatement[];
  /** The module that is written itself, whose names it does not import. */
  readonly own?: PyModule | undefined;
}

export function printModule({ doc, body, own }: PyModuleText): string {
  const imports = importLines(body, own);
  const [first] = body;
  const gap = first !== undefined && isDefinition(first) ? ["", ""] : first === undefined ? [] : [""];
  const head = [...docLines(doc, 0), ...(imports.length === 0 ? [] : ["", ...imports]), ...gap];
  return `${[...head, ...suite(body, 0)].join("\n")}\n`;
}

const isDefinition = (statement: PyStatement): boolean => statement.kind === "function" || statement.kind === "class";

/** Statements of one block: definitions stand apart, by two lines in a module and one elsewhere. */
function suite(body: readonly PyStatement[], depth: number): readonly string[] {
  const apart = depth === 0 ? ["", ""] : [""];
  return body.flatMap((statement, i) => {
    const before = body[i - 1];
    const gap = before !== undefined && (isDefinition(before) || isDefinition(statement)) ? apart : [];
    return [...gap, ...statementLines(statement, depth)];
  });
}

function statementLines(statement: PyStatement, depth: number): readonly string[] {
  switch (statement.kind) {
    case "assign": {
      const { target, value } = statement;
      const left = typeof target === "object" && "kind" in target ? printExpr(target) : targetText(target);
      return [valueText(`${left} = `, value, "", depth)];
    }
    case "declare":
      return [valueText(`${statement.name}: `, statement.type, "", depth)];
    case "comment":
      return wrap(statement.text, lineLength - depth - 2).map((text) => `${" ".repeat(depth)}# ${text}`);
    case "expression":
      return [valueText("", statement.value, "", depth)];
    case "return":
      return [valueText("return ", statement.value, "", depth)];
    case "for":
      return [
        valueText(`for ${targetText(statement.target)} in `, statement.iterable, ":", depth),
        ...block(statement.body, depth),
      ];
    case "if":
      return conditionLines(statement, depth, "if");
    case "function":
      return functionLines(statement, depth);
    case "class":
      return classLines(statement, depth);
  }
}

/** Comments alone are no block to Python. */
function block(body: readonly PyStatement[], depth: number): readonly string[] {
  const pass = body.every(({ kind }) => kind === "comment") ? [`${" ".repeat(depth + 4)}pass`] : [];
  return [...suite(body, depth + 4), ...pass];
}

function conditionLines(statement: Extract<PyStatement, { kind: "if" }>, depth: number, word: string): readonly string[] {
  const { test, body, otherwise } = statement;
  const lines = [valueText(`${word} `, test, ":", depth), ...block(body, depth)];
  const [only] = otherwise;
  if (only === undefined) return lines;
  if (otherwise.length === 1 && only.kind === "if") return [...lines, ...conditionLines(only, depth, "elif")];
  return [...lines, `${" ".repeat(depth)}else:`, ...block(otherwise, depth)];
}

function functionLines({ name, parameters, returns, doc, body }: PyFunction, depth: number): readonly string[] {
  // The type of the result stays whole: parameters break for it.
  const signature: Doc = [`def ${name}`, listed("(", parameters.map(parameterDoc), ")"), ` -> ${printExpr(returns)}:`];
  return [layOut(signature, depth), ...documented(doc, body, depth, false)];
}

function parameterDoc({ name, type, default: value }: PyParameter): Doc {
  const typed: Doc = type === undefined ? name : [name, ": ", exprDoc(type)];
  if (value === undefined) return typed;
  return [typed, type === undefined ? "=" : " = ", exprDoc(value)];
}

function classLines({ decorators = [], name, bases, doc, body }: PyClass, depth: number): readonly string[] {
  const head: Doc = [
    `class ${name}`,
    bases.length === 0
      ? ""
      : listed(
          "(",
          bases.map((base: PyExpr) => exprDoc(base)),
          ")",
        ),
    ":",
  ];
  const decorated = decorators.map((decorator) => valueText("@", decorator, "", depth));
  return [...decorated, layOut(head, depth), ...documented(doc, body, depth, true)];
}

/** A class's docstring has a blank line behind it. */
function documented(
  doc: readonly string[] | undefined,
  body: readonly PyStatement[],
  depth: number,
  apart: boolean,
): readonly string[] {
  if (doc === undefined || doc.length === 0) return block(body, depth);
  const lines = docLines(doc, depth + 4);
  if (body.length === 0) return lines;
  const gap = apart || isDefinition(body[0] as PyStatement) ? [""] : [];
  return [...lines, ...gap, ...suite(body, depth + 4)];
}

/** A docstring of paragraphs: one line where one is all there is, else the closing quotes on a line of their own. */
export function docLines(paragraphs: readonly string[], depth: number): readonly string[] {
  const indent = " ".repeat(depth);
  const texts = paragraphs.map(safeProse).filter((text) => text !== "");
  // Where a backslash stands, it is one.
  const quotes = texts.some((text) => text.includes("\\")) ? 'r"""' : '"""';
  const [first, ...others] = texts.map((text, i) => (i === 0 ? text.trimStart() : text));

  const line = `${quotes}${first ?? ""}"""`;
  if (others.length === 0 && !/\\"""$|\n/.test(line) && widthOf(line) + depth <= lineLength) return [indent + line];
  const wrapped = (width: number): readonly string[] =>
    texts.flatMap((text, i) => [
      ...(i === 0 ? [] : [""]),
      ...(i === 0 ? quotes + text.trimStart() : text)
        .split("\n")
        .flatMap((each) => wrap(each, width).map((part) => indent + part)),
    ]);
  const lines = wrapped(lineLength - depth);
  // Where the closing quotes alone are too much for a line, formatters join them to it, but not to a second one.
  const crowded = lines.length === 1 && widthOf(line) + depth > lineLength;
  return [...(crowded ? wrapped(lineLength - depth - 3) : lines), `${indent}"""`];
}

/** Nothing in it ends the docstring, and white space is a space or a line break. */
function safeProse(text: string): string {
  return text
    .replaceAll('"', "'")
    .split("\n")
    .map((line) => (/^ */.exec(line)?.[0] as string) + line.replace(/[\s\p{Cc}\u2028\u2029]+/gu, " ").trim())
    .filter((line) => line.trim() !== "")
    .join("\n");
}

/** Lines after the first of an item stand under its text. */
function wrap(text: string, width: number): readonly string[] {
  const begin = /^\s*(?:(?:[-*+|]|\d+[.)])\s)?/.exec(text)?.[0] as string;
  const hanging = " ".repeat(begin.length);
  const lines: string[] = [];
  let current = begin;
  let empty = true;
  for (const word of text.slice(begin.length).split(" ")) {
    const longer = empty ? current + word : `${current} ${word}`;
    if (!empty && widthOf(longer) > width) {
      lines.push(current);
      current = hanging + word;
    } else current = longer;
    empty = false;
  }
  return [...lines, current];
}
