/** Channel counts as types name them, `Add<C, 16>`: which are equal, and how `litevae/dsl` writes them. */
import { Node, SyntaxKind, type BindingElement, type ParameterDeclaration } from "ts-morph";

interface Count {
  readonly head: string;
  readonly of: readonly Count[];
}

interface Arithmetic {
  /** The function of litevae/dsl. */
  readonly write: string;
  readonly value: (a: number, b: number) => number;
}

const plus: Arithmetic = { write: "plus", value: (a, b) => a + b };
const times: Arithmetic = { write: "times", value: (a, b) => a * b };
const over: Arithmetic = { write: "over", value: (a, b) => a / b };
const arithmetic: Readonly<Record<string, Arithmetic>> = {
  Add: plus,
  Plus: plus,
  Product: times,
  Multiple: times,
  Quotient: over,
  Part: over,
};

/** Two counts that are equal whatever their generics are, and that TypeScript takes for two since they are written in two ways. */
export function writtenTwice(given: string, wanted: string, node: Node): string | undefined {
  const [a, b] = [parsed(given), parsed(wanted)];
  if (given === wanted || a.of.length + b.of.length === 0) return undefined;
  // Numbers without a common factor stand for generics: what is equal for all of these is equal.
  const equal = [Math.PI, Math.E, Math.SQRT2].every((seed) => {
    const [x, y] = [valueOf(a, seed), valueOf(b, seed)];
    return x !== undefined && y !== undefined && Math.abs(x - y) < 1e-9 * Math.abs(x);
  });
  if (!equal) return undefined;
  const names = namesOfGenerics(node);
  const [, parts] = a.of;
  if (arithmetic[a.head] === over && parts !== undefined && Number(parts.head) <= 8) {
    const sizes = Array.from({ length: Number(parts.head) }, () => written(b, names)).join(", ");
    return `${written(b, names)} and ${written(a, names)} are one number, which TypeScript knows by how it is written: in place of chunk, split(…, { sizes: [${sizes}] }) gives ${written(b, names)}`;
  }
  return `${written(b, names)} and ${written(a, names)} are one number, which TypeScript knows by how it is written: write ${written(a, names)} in the layer here`;
}

/** Type arguments, which may have some of their own: `Product<C, 2>, S`. */
export function argumentsOf(list: string): readonly string[] {
  const open = (text: string): number => text.split(/[<[(]/).length - text.split(/[>\])]/).length;
  return list.split(", ").reduce<readonly string[]>((all, part) => {
    const last = all.at(-1);
    return last !== undefined && open(last) > 0 ? [...all.slice(0, -1), `${last}, ${part}`] : [...all, part];
  }, []);
}

function parsed(text: string): Count {
  const [, head, list] = /^(\w+)<(.*)>$/.exec(text) ?? [];
  return head === undefined || list === undefined ? { head: text, of: [] } : { head, of: argumentsOf(list).map(parsed) };
}

function valueOf({ head, of }: Count, seed: number): number | undefined {
  if (/^\d+$/.test(head)) return Number(head);
  if (of.length === 0) return Array.from(head).reduce((sum, letter) => sum * seed + letter.charCodeAt(0), seed);
  const [a, b] = of.map((each) => valueOf(each, seed));
  return a === undefined || b === undefined ? undefined : arithmetic[head]?.value(a, b);
}

/** A count as an author writes it: `plus(channels, 16)` for `Add<C, 16>`. */
export function writtenCount(text: string, node: Node): string {
  const count = parsed(text);
  return Object.hasOwn(arithmetic, count.head) ? written(count, namesOfGenerics(node)) : text;
}

function written({ head, of }: Count, names: ReadonlyMap<string, string>): string {
  const call = arithmetic[head]?.write;
  return call === undefined ? (names.get(head) ?? head) : `${call}(${of.map((each) => written(each, names)).join(", ")})`;
}

/** The settings that have a generic of the functions around `node` as their type. */
function namesOfGenerics(node: Node): ReadonlyMap<string, string> {
  const functions = node.getAncestors().filter((each) => Node.isArrowFunction(each) || Node.isFunctionExpression(each));
  const settings = functions.flatMap((each) =>
    each.getParameters().flatMap((parameter): readonly (BindingElement | ParameterDeclaration)[] => {
      const pattern = parameter.getNameNode().asKind(SyntaxKind.ObjectBindingPattern);
      return pattern?.getElements() ?? [parameter];
    }),
  );
  return new Map(settings.map((each) => [each.getType().getText(), each.getName()]));
}
