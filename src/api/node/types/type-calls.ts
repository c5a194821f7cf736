/** Calls of which each argument is right, and that do not fit together: in another order, of other channels than another has, of another name. */
import { Node, type CallExpression, type Type } from "ts-morph";
import { nearest } from "../../../errors/index.ts";
import { argumentsOf } from "./type-counts.ts";
import { calledName, isFeature, type Marked } from "./type-nodes.ts";

/** How arithmetic is written whose first operand is repeated over its second. */
const turned: Readonly<Record<string, (first: string, second: string) => string>> = {
  add: (first, second) => `add(${second}, ${first})`,
  mul: (first, second) => `mul(${second}, ${first})`,
  sub: (first, second) => `neg(sub(${second}, ${first}))`,
  div: (first, second) => `mul(div(1, ${second}), ${first})`,
};

/** How much of a value there is: what is more comes first, and less is repeated over it. */
function extent(type: Type): number | undefined {
  if (type.isNumber() || type.isNumberLiteral()) return 0;
  const names = type.getProperties().map((symbol) => /^__@(\w+)@/.exec(symbol.getName())?.[1] ?? "");
  const of: Readonly<Record<string, number>> = { Single: 1, Sizes: 1, Length: 2, Sequence: 3, Channels: 3 };
  return of[names[0] ?? ""];
}

/** A parameter, a number or a vector before the map over which it is repeated. */
export function wrongOrder({ code, node }: Marked): string | undefined {
  const call = node.getFirstAncestor(Node.isCallExpression);
  if (![2345, 2769].includes(code) || call === undefined) return undefined;
  const write = turned[calledName(call)];
  const [first, second] = call.getArguments();
  if (write === undefined || first === undefined || second === undefined) return undefined;
  const negative = [first, second].find((each) => Node.isPrefixUnaryExpression(each) && isFeature(each.getOperand().getType()));
  if (Node.isPrefixUnaryExpression(negative)) return `features have no operators: write neg(${negative.getOperand().getText()})`;
  const [less, more] = [extent(first.getType()), extent(second.getType())];
  if (less === undefined || more === undefined || less >= more) return undefined;
  return `the first operand gives the shape, and the second is repeated over it: ${write(first.getText(), second.getText())}`;
}

/** Features of one call of which one has other channels, or another stride, than another: `NoInfer` in the declaration says which. */
export function unequal({ code, node }: Marked): string | undefined {
  const call = code === 2769 ? node.getFirstAncestor(Node.isCallExpression) : undefined;
  if (call === undefined) return undefined;
  for (const signature of call.getExpression().getType().getCallSignatures()) {
    const declaration = signature.getDeclaration();
    if (!Node.isParametered(declaration)) continue;
    const found = firstUnequal(
      call,
      declaration.getParameters().map((each) => ({ name: each.getName(), type: each.getTypeNode()?.getText() ?? "" })),
    );
    if (found !== undefined) return found;
  }
  return undefined;
}

interface Declared {
  readonly name: string;
  readonly type: string;
}

function firstUnequal(call: CallExpression, parameters: readonly Declared[]): string | undefined {
  const features = parameters.flatMap(({ name, type }, i) => {
    const [, kind, list] = /^(Feature|Tokens|Vector)<(.*)>$/.exec(type) ?? [];
    return kind === undefined || list === undefined
      ? []
      : [{ name, kind, generics: argumentsOf(list), argument: call.getArguments()[i] }];
  });
  const known = new Map<string, { readonly value: string; readonly name: string; readonly text: string }>();
  let found: string | undefined;
  for (const { name, kind, generics, argument } of features) {
    const type = argument?.getType();
    // Another overload is meant.
    if (argument === undefined || type?.getSymbol()?.getName() !== kind) return undefined;
    const values = type.getTypeArguments().map((each) => each.getText());
    generics.forEach((generic, i) => {
      const [bare, value] = [generic.replace(/^NoInfer<(.*)>$/, "$1"), values[i] ?? "number"];
      const before = known.get(bare);
      if (value === "number" || !/^[A-Z]$/.test(bare)) return;
      if (before === undefined) known.set(bare, { value, name, text: argument.getText() });
      else if (before.value !== value)
        found ??= `${calledName(call)} wants ${i === 0 ? "as many channels" : "the same stride"} in ${name} as in ${before.name}: ${argument.getText()} has ${value}, ${before.text} has ${before.value}`;
    });
  }
  return found;
}

/** Nodes of operators that ONNX does not have, and without the attributes that theirs needs. */
export function wrongOperator({ code, node }: Marked): string | undefined {
  const call = node.getFirstAncestor(Node.isCallExpression);
  if (![2554, 2345].includes(code) || call === undefined || !/^nodes?$/.test(calledName(call))) return undefined;
  const [type] = call.getArguments();
  const [generic] = call.getExpression().getType().getCallSignatures()[0]?.getTypeParameters() ?? [];
  const operators =
    generic
      ?.getConstraint()
      ?.getUnionTypes()
      .map((each) => JSON.parse(each.getText()) as string) ?? [];
  if (!Node.isStringLiteral(type) || !operators.includes("Cos")) return undefined;
  const name = type.getLiteralText();
  if (operators.includes(name))
    return code === 2554 ? `${name} has attributes that must be given, as the last argument: { … }` : undefined;
  const begun = operators.filter((each) => each.length > 2 && (name.startsWith(each) || each.startsWith(name)));
  const meant = nearest(name, operators) ?? begun.toSorted((a, b) => b.length - a.length)[0];
  return `ONNX has no operator ${name}${meant === undefined ? ": write it with those that it has, or by composeOp of litevae/op" : `: did you mean ${meant}?`}`;
}
