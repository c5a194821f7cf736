/** Python as a tree: what ops say of their form in PyTorch, and what the torch target makes classes of. One printer turns it into text. */

/** A constant; a list of constants is a tuple. */
export type PyConstant = number | string | boolean | null | readonly PyConstant[];

export type PyExpr =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "constant"; readonly value: PyConstant }
  /**
   * A name that has to be imported; the printer's caller collects them. `nn.Conv2d` is the symbol Conv2d of module nn. A symbol of `ops` says which file
   * of an author's defines it.
   */
  | { readonly kind: "symbol"; readonly module: PyModule; readonly name: string; readonly file?: string }
  | { readonly kind: "attribute"; readonly of: PyExpr; readonly name: string }
  | {
      readonly kind: "call";
      readonly callee: PyExpr;
      readonly args: readonly PyExpr[];
      readonly kwargs: Readonly<Record<string, PyExpr>>;
    }
  /** `of[index]`, several indices as in `x[:, :3]`. */
  | { readonly kind: "index"; readonly of: PyExpr; readonly indices: readonly (PyExpr | PySlice)[] }
  | { readonly kind: "binary"; readonly operator: PyBinary; readonly left: PyExpr; readonly right: PyExpr }
  | { readonly kind: "compare"; readonly operator: PyComparison; readonly left: PyExpr; readonly right: PyExpr }
  | { readonly kind: "not"; readonly of: PyExpr }
  /** `then if test else otherwise`. */
  | { readonly kind: "if"; readonly test: PyExpr; readonly then: PyExpr; readonly otherwise: PyExpr }
  | { readonly kind: "list" | "tuple"; readonly items: readonly PyExpr[] }
  | { readonly kind: "dict"; readonly entries: readonly (readonly [PyExpr, PyExpr])[] }
  | { readonly kind: "star"; readonly of: PyExpr }
  /** `item for target in iterable …`: in brackets as a list, bare as the only argument of a call. */
  | { readonly kind: "comprehension"; readonly item: PyExpr; readonly loops: readonly PyLoop[]; readonly list: boolean };

export interface PySlice {
  readonly kind: "slice";
  readonly start?: PyExpr | undefined;
  readonly stop?: PyExpr | undefined;
  readonly step?: PyExpr | undefined;
}

export interface PyLoop {
  readonly target: PyTarget;
  readonly iterable: PyExpr;
}

/** A name, or several that are unpacked; nested ones get parentheses. */
export type PyTarget = string | readonly PyTarget[];

export type PyBinary = "+" | "-" | "*" | "/" | "//" | "%" | "**" | "|" | "and" | "or";
export type PyComparison = "==" | "!=" | "<" | "<=" | ">" | ">=" | "is" | "is not" | "in";

/** Where a symbol comes from: torch itself, its usual abbreviations, the package's own layers, what authors bring for ops of theirs, the standard library. */
export type PyModule =
  "torch" | "F" | "nn" | "layers" | "autoencoder" | "ops" | "collections.abc" | "dataclasses" | "math" | "typing";

export type PyStatement =
  | { readonly kind: "assign"; readonly target: PyExpr | PyTarget; readonly value: PyExpr }
  /** `name: type`, as in the body of a dataclass. */
  | { readonly kind: "declare"; readonly name: string; readonly type: PyExpr }
  | { readonly kind: "expression"; readonly value: PyExpr }
  | { readonly kind: "return"; readonly value: PyExpr }
  | { readonly kind: "for"; readonly target: PyTarget; readonly iterable: PyExpr; readonly body: readonly PyStatement[] }
  | {
      readonly kind: "if";
      readonly test: PyExpr;
      readonly body: readonly PyStatement[];
      readonly otherwise: readonly PyStatement[];
    }
  /** Prose behind #; the printer wraps it. */
  | { readonly kind: "comment"; readonly text: string }
  | PyFunction
  | PyClass;

export interface PyParameter {
  readonly name: string;
  /** The annotation, a type expression; none for self. */
  readonly type?: PyExpr | undefined;
  readonly default?: PyExpr | undefined;
}

export interface PyFunction {
  readonly kind: "function";
  readonly name: string;
  readonly parameters: readonly PyParameter[];
  readonly returns: PyExpr;
  /** Paragraphs of prose; the printer wraps them. */
  readonly doc?: readonly string[] | undefined;
  readonly body: readonly PyStatement[];
}

export interface PyClass {
  readonly kind: "class";
  readonly decorators?: readonly PyExpr[] | undefined;
  readonly name: string;
  readonly bases: readonly PyExpr[];
  readonly doc?: readonly string[] | undefined;
  readonly body: readonly PyStatement[];
}

export const pyName = (name: string): PyExpr => ({ kind: "name", name });
/** `...`, as in `tuple[int, ...]`. */
export const pyEllipsis = pyName("...");
export const pyConstant = (value: PyConstant): PyExpr => ({ kind: "constant", value });
export const pySymbol = (module: PyModule, name: string): PyExpr => ({ kind: "symbol", module, name });
export const pyAttribute = (of: PyExpr, name: string): PyExpr => ({ kind: "attribute", of, name });

export function pyCall(callee: PyExpr, args: readonly PyExpr[] = [], kwargs: Readonly<Record<string, PyExpr>> = {}): PyExpr {
  return { kind: "call", callee, args, kwargs };
}

export function pyIndex(of: PyExpr, ...indices: readonly (PyExpr | PySlice)[]): PyExpr {
  return { kind: "index", of, indices };
}

export function pySlice(start?: PyExpr, stop?: PyExpr, step?: PyExpr): PySlice {
  return { kind: "slice", start, stop, step };
}

/** A negative number is taken away rather than added: the same to the bit, and what a person writes. */
export function pyBinary(operator: PyBinary, left: PyExpr, right: PyExpr): PyExpr {
  const value = right.kind === "constant" && typeof right.value === "number" ? right.value : undefined;
  if (operator === "+" && value !== undefined && (value < 0 || Object.is(value, -0)))
    return { kind: "binary", operator: "-", left, right: pyConstant(-value) };
  return { kind: "binary", operator, left, right };
}

export function pyCompare(operator: PyComparison, left: PyExpr, right: PyExpr): PyExpr {
  return { kind: "compare", operator, left, right };
}

const opposites: Partial<Record<PyComparison, PyComparison>> = { "==": "!=", "!=": "==", is: "is not", "is not": "is" };

/** What holds where the test does not, as a person writes it: `a != b`. */
export function pyNot(test: PyExpr): PyExpr {
  const operator = test.kind === "compare" ? opposites[test.operator] : undefined;
  return test.kind === "compare" && operator !== undefined ? { ...test, operator } : { kind: "not", of: test };
}

export function pyIf(test: PyExpr, then: PyExpr, otherwise: PyExpr): PyExpr {
  return { kind: "if", test, then, otherwise };
}

export const pyList = (items: readonly PyExpr[]): PyExpr => ({ kind: "list", items });
export const pyTuple = (items: readonly PyExpr[]): PyExpr => ({ kind: "tuple", items });
export const pyStar = (of: PyExpr): PyExpr => ({ kind: "star", of });

export function pyComprehension(item: PyExpr, loops: readonly PyLoop[], list = false): PyExpr {
  return { kind: "comprehension", item, loops, list };
}

/** Whether the expression is this constant and nothing that may vary. */
export function isConstant(expr: PyExpr, value: PyConstant): boolean {
  return expr.kind === "constant" && JSON.stringify(expr.value) === JSON.stringify(value);
}

/** The input of that number; an op has as many as its `infer` takes. */
export function pyInput(inputs: readonly PyExpr[], i = 0): PyExpr {
  const input = inputs[i];
  if (input === undefined) throw new Error(`an op's form in PyTorch misses input ${i}`);
  return input;
}

/** Whether two expressions are the same constant or the same name. */
export function pySame(a: PyExpr, b: PyExpr): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
