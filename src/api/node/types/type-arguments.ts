/** Calls with more or fewer arguments than there are, and what is no settings in the place of settings. */
import { Node, type Type } from "ts-morph";
import { counted } from "../../../errors/counted.ts";
import { callAround, calledName, isFeature, isMaker, settingsOf, type Marked } from "./type-nodes.ts";

export const isList = (type: Type): boolean => type.isArray() || type.isTuple() || type.isReadonlyArray();

/** More or fewer arguments than there are, and what is no settings in their place. */
export function wrongArguments({ code, node, lines: [what = ""], exported }: Marked): string | undefined {
  const counts = /^Expected (\d+)(?:-\d+)? arguments, but got (\d+)\.$/.exec(what);
  // What is too much is marked itself, and where something is left out the call is.
  const around = counts !== null && Number(counts[2]) > Number(counts[1]) ? callAround(node) : undefined;
  const call =
    around ?? (Node.isCallExpression(node) ? node : (callAround(node) ?? node.getFirstAncestor(Node.isCallExpression)));
  if (call === undefined) return undefined;
  if (code === 7009 || code === 2351) return "leave out new: a block is called to make an instance";
  const isValue = callAround(node) !== undefined && isCounted(node.getType());
  // Of overloads TypeScript marks whatever it tried last.
  const isCount =
    code === 2769 &&
    call
      .getArguments()
      .slice(1)
      .some((each) => isCounted(each.getType()));
  if (code !== 2554 && !([2345, 2559].includes(code) && isValue) && !isCount) return undefined;
  const [name, settings] = [calledName(call), settingsOf(call.getExpression())];
  if (settings.length > 0) return `${name} takes its settings by name, in braces: { ${settings.join(", ")} }`;
  if (counts === null) return undefined;
  const [, wanted, got] = counts.map(Number);
  if (wanted === 0 && isMaker(call.getExpression().getType(), call.getExpression()))
    return `${name} is not applied here, but made: call what stands under it in layers(), ${name}: MyBlock()`;
  if (got === 0 && exported.includes(name)) return `${name} is a function of features and needs no name in layers(): ${name}(x)`;
  if (call.getArguments().length === 0 || !isFeature(call.getType()) || (got ?? 0) <= (wanted ?? 0)) return undefined;
  if (wanted === 0) return `${name} takes nothing and gives what is learned: ${name}()`;
  if (Node.isObjectLiteralExpression(call.getArguments().at(-1))) return `${name} has no settings: leave them out`;
  return `${name} takes ${counted(wanted ?? 0, "feature")}: apply it again to what it gives, as in ${name}(${name}(a, b), c)`;
}

const isCounted = (type: Type): boolean =>
  type.getConstraint()?.isNumber() === true ||
  type.isNumber() ||
  type.isNumberLiteral() ||
  (isList(type) && type.getNumberIndexType()?.isNumber() === true);
