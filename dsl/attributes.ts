/** From what an author writes to the attributes of an op, by the op's declaration. */
import { isRule, type AttributeDeclaration, type Attrs, type AttrValue } from "../src/ir/attributes.ts";
import type { Op } from "../src/ir/op.ts";
import {
  checkChoice,
  checkCounts,
  checkFinite,
  checkFlag,
  checkKeys,
  checkList,
  checkPair,
  checkRange,
  checkUnderflow,
  type Below,
} from "./config.ts";

export interface Filled {
  readonly attrs: Attrs;
  /** The attributes that were left out. */
  readonly defaulted: readonly string[];
}

/** Checks a configuration and fills in what it leaves out, in the order of the declaration; `below` is the constructor that the user called. */
export function fillAttributes(op: Op, config: object, below: Below): Filled {
  const name = op.constructorName ?? op.name;
  const declarations = Object.entries(op.attributes ?? {});
  checkKeys(
    name,
    config,
    declarations.map(([key]) => key),
    below,
  );
  const given = config as Readonly<Record<string, AttrValue | undefined>>;
  const attrs: Record<string, AttrValue> = {};
  const defaulted: string[] = [];
  for (const [key, declaration] of declarations) {
    // What is missing and has no default is refused as a value that is none of its kind.
    const omitted = given[key] === undefined;
    if (omitted) defaulted.push(key);
    const value = omitted ? defaultValue(declaration, attrs) : given[key];
    checkValue(name, key, value, declaration, below);
    attrs[key] = value as AttrValue;
  }
  for (const [key, declaration] of declarations) {
    if (declaration.kind !== "number" || declaration.atMost === undefined) continue;
    checkRange(name, { [key]: attrs[key] }, { min: -Infinity, max: attrs[declaration.atMost] as number }, below);
  }
  return { attrs: Object.freeze(attrs), defaulted: Object.freeze(defaulted) };
}

/** The default of an attribute, where those before it are known. */
function defaultValue({ default: value }: AttributeDeclaration, attrs: Attrs): AttrValue | undefined {
  if (value === undefined || !isRule(value)) return value;
  return value.rule(...value.from.map((name) => attrs[name] as AttrValue));
}

function checkValue(op: string, key: string, value: unknown, declaration: AttributeDeclaration, below: Below): void {
  switch (declaration.kind) {
    case "count":
      checkCounts(op, { [key]: value }, below, declaration.min);
      break;
    case "counts":
      checkList(op, key, value, declaration.lengths, below);
      checkCounts(op, Object.fromEntries((value as readonly unknown[]).map((item, i) => [`${key}[${i}]`, item])), below);
      break;
    case "pair":
      checkPair(op, key, value, below, declaration.min);
      break;
    case "number":
      if (declaration.interval === undefined) checkFinite(op, { [key]: value }, below);
      else checkRange(op, { [key]: value }, declaration.interval, below);
      checkUnderflow(op, { [key]: value }, below);
      break;
    case "choice":
      checkChoice(`${key} of ${op}`, value, declaration.choices, below);
      break;
    case "flag":
      checkFlag(op, { [key]: value }, below);
  }
}
