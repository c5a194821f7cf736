/** What TypeScript takes for possibly undefined: entries of lists, values under conditions. */
import { Node, SyntaxKind } from "ts-morph";
import type { Marked } from "./type-nodes.ts";

/** What may not be there. */
export function perhapsMissing({ code, node, lines }: Marked): string | undefined {
  if (![2532, 2722, 18048, 2345, 2322, 18049].includes(code)) return undefined;
  if ([2345, 2322].includes(code) && !lines.some((line) => line.startsWith("Type 'undefined' is not assignable")))
    return undefined;
  const value = valueOf(node);
  if (value.getText().endsWith(".pop()"))
    return "a list may be empty: go through both lists side by side, zip(ups, skips.toReversed())";
  if (
    Node.isElementAccessExpression(value) ||
    value.getDescendantsOfKind(SyntaxKind.ElementAccessExpression).length > 0 ||
    Node.isCallExpression(value)
  )
    return "a list may be shorter: go through it in a loop, through several with zip(first, second), or write ?? and what stands in for it";
  const name = node.getText();
  return value.getType().getNonNullableType().getCallSignatures().length > 0
    ? `it is there under a condition, as ...(condition ? { ${name.split(".").at(-1)}: … } : {}) in layers() makes it: ${name} === undefined ? x : ${name}(x)`
    : `${value.getText()} may be undefined: write ?? and what stands in for it`;
}

/** What is marked, or what the name that is marked stands for: the value of a setting, that of a variable, the list of which it is an entry. */
function valueOf(node: Node): Node {
  const parent = node.getParent();
  if (Node.isPropertyAssignment(parent) && parent.getNameNode() === node) return valueOf(parent.getInitializerOrThrow());
  const declared = Node.isIdentifier(node) ? node.getDefinitionNodes()[0] : undefined;
  const whole = Node.isBindingElement(declared) ? declared.getFirstAncestor(Node.isVariableDeclaration) : declared;
  const initial = Node.isVariableDeclaration(whole) ? whole.getInitializer() : undefined;
  const isLayer = node.getType().getNonNullableType().getCallSignatures().length > 0;
  return initial === undefined || isLayer ? node : initial;
}
