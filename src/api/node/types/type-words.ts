/** What a type error is in this language's words: the settings that a layer has, the choices of an option, how a loop is written. */
import { Node, SyntaxKind, type Type } from "ts-morph";
import { nearest } from "../../../errors/index.ts";
import { isList, wrongArguments } from "./type-arguments.ts";
import { unequal, wrongOperator, wrongOrder } from "./type-calls.ts";
import { featureCure } from "./type-features.ts";
import { counterpart, wrongImport, writeOne } from "./type-imports.ts";
import {
  calledName,
  callAround,
  declarationOf,
  inOrder,
  isArgument,
  isFeature,
  isMaker,
  isOptional,
  namesIn,
  settingsAt,
  untypedVariable,
  wholeOf,
  type Marked,
} from "./type-nodes.ts";
import { perhapsMissing } from "./type-missing.ts";
import { namedTwice, notCalled, notGiven, wrongEntry, wrongReturn } from "./type-parts.ts";

/** The remedy for a type error, the first that one of `among` finds. */
export function cure(error: Marked, among: readonly Cure[] = cures): string {
  for (const find of among) {
    const found = unlessThrown(() => find(error), undefined);
    if (found !== undefined) return found;
  }
  return "correct the types here; an editor with TypeScript marks the same place";
}

/** What looks for a remedy meets whatever TypeScript makes of wrong code: where it fails, TypeScript's own words are left, and must be told. */
export function unlessThrown<T>(find: () => T, otherwise: T): T {
  try {
    return find();
  } catch {
    return otherwise;
  }
}

export type Cure = (error: Marked) => string | undefined;

const makesLayer = (name: string): string =>
  `${name} makes layers and is none: call it with its settings, ${name}({ … }), name that in layers(), and apply what layers() gives`;
/** What `word` was meant to be of `names`: the nearest, or the one that is a word of it, as `in` is of `inChannels` and `in_channels`. */
function meantBy(word: string, names: readonly string[]): string | undefined {
  const words = word
    .replaceAll(/([a-z\d])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .split("_");
  return nearest(word, names) ?? names.find((name) => words.includes(name.toLowerCase()));
}

const asked = (meant: string | undefined): string => (meant === undefined ? "" : `: did you mean ${meant}?`);

/** A name that neither the file nor the DSL has. */
function unknownName({ code, node, exported }: Marked): string | undefined {
  if (![2304, 2552, 2503].includes(code)) return undefined;
  const name = node.getText();
  if (exported.includes(name)) return `import it: import { ${name} } from "litevae/dsl"`;
  const parent = node.getParent();
  if (/^(?:nn|torch|F|keras|tf)$/.test(name) && Node.isPropertyAccessExpression(parent)) {
    return `${parent.getText()} is ${counterpart(parent.getName(), exported) ?? "not in the DSL"} here; layers and functions come by name from litevae/dsl. ${writeOne}`;
  }
  const meant = nearest(name, exported);
  if (meant !== undefined) return `did you mean ${meant} of litevae/dsl? Import it by name`;
  return Node.isCallExpression(parent) && parent.getExpression() === node
    ? `declare ${name}, or import it. ${writeOne}`
    : `declare ${name} before it is used`;
}

/** Settings under other names, left out, or of another kind. */
function wrongSettings({ code, node }: Marked): string | undefined {
  if (![2322, 2345, 2353, 2559, 2561, 2739, 2741, 2769, 2820].includes(code)) return undefined;
  const settings = settingsAt(node);
  if (settings === undefined) {
    const literal = node.getFirstAncestor(Node.isObjectLiteralExpression);
    const call = literal === undefined || code !== 2353 ? undefined : callAround(literal);
    return call && `${calledName(call)} has no settings: leave them out`;
  }
  const { owner, literal, known, key } = settings;
  const names = inOrder(known).map((symbol) => symbol.getName());
  const given = namesIn(literal);
  const unknown = given.filter((name) => !names.includes(name));
  if (unknown.length > 0) {
    const open = names.filter((name) => !given.includes(name));
    const meant = unknown.flatMap((name) => meantBy(name, open) ?? []);
    return `${owner} has no setting ${unknown.join(", ")}${asked(meant.join(", ") || undefined)}${meant.length === 0 ? ";" : ""} it has ${names.join(", ")}`;
  }
  const missing = known.filter((symbol) => !isOptional(symbol)).map((symbol) => symbol.getName());
  const left = missing.filter((name) => !given.includes(name));
  if (key === undefined) return left.length > 0 ? `give ${owner} its ${left.join(" and its ")}` : undefined;
  const type = known.find((symbol) => symbol.getName() === key)?.getTypeAtLocation(literal);
  const wanted = type === undefined ? undefined : wantedBy(type);
  return wanted === undefined ? undefined : `${key} of ${owner} is ${wanted}`;
}

/** What a setting may be. */
function wantedBy(type: Type): string | undefined {
  const bare = (type.getConstraint() ?? type).getNonNullableType();
  const members = bare.isUnion() ? bare.getUnionTypes() : [bare];
  if (bare.isBoolean() || members.every((each) => each.isBooleanLiteral())) return "true or false";
  if (members.every((each) => each.isStringLiteral()))
    return `one of ${members
      .map((each) => each.getText())
      .toSorted()
      .join(", ")}`;
  const numbers = members.filter((each) => each.isNumber() || each.isNumberLiteral());
  if (numbers.length === 0) return undefined;
  if (numbers.length === members.length) return "one number";
  return members.every((each) => each.isTuple() || numbers.includes(each))
    ? "a number for both sides, or [height, width]"
    : undefined;
}

const takesNothing = (type: Type): boolean => type.getCallSignatures().every((each) => each.getParameters().length === 0);

/** A layer, what makes layers, a list or a record where a feature is wanted, and the other way round. */
function wrongValue({ code, node, lines }: Marked): string | undefined {
  const call = callAround(node);
  if (call === undefined || ![2345, 2769, 2322].includes(code)) return undefined;
  const [type, called] = [node.getType(), call.getExpression()];
  if (isMaker(called.getType(), called) && isFeature(type)) return makesLayer(calledName(call));
  if (isMaker(type, node) && isFeature(call.getType())) return makesLayer(node.getText());
  if (lines.some((line) => line.includes("'FunctionOfFeatures'")))
    return "a block's function gives the one that applies the layers: return (x) => …";
  if (
    type.getCallSignatures().length > 0 &&
    /parameter of type '(?:Feature|Vector|Tokens|Joinable|Operand|MapOperand)/.test(lines[0] ?? "")
  )
    return `${node.getText()} is a layer that is not applied: pass what it gives, ${node.getText()}(${takesNothing(type) ? "" : "x"})`;
  if (type.isVoid()) return `the function that gives this returns nothing: return in it what its last layer gives`;
  if (type.isArray() || type.isTuple()) {
    const [first] = type.getTypeArguments();
    if (first !== undefined && isFeature(first))
      return `${calledName(call)} takes features one by one, and no list: ${calledName(call)}(first, second)`;
  }
  if (type.isObject() && !isFeature(type)) {
    const features = type.getProperties().filter((symbol) => isFeature(symbol.getTypeAtLocation(node)));
    if (features.length > 0)
      return `this gives ${features.map((symbol) => symbol.getName()).join(" and ")}: pick one, such as ${node.getText()}.${features.at(-1)?.getName()}`;
  }
  return undefined;
}

/** What returns nothing, is awaited, is of a class, or has no type. */
function wrongFunction({ code, node, lines: [what = ""] }: Marked): string | undefined {
  if (code === 2355 || code === 2366)
    return "return what the last layer gives: return conv_out(x), or (x) => conv_out(x) without braces";
  if (code === 1308 || code === 1378) return "leave out await: layers are applied at once";
  if (code === 7006 || code === 7031)
    return `say what it takes: (${node.getText()}: Feature<3, 1>) => …, or FeatureMap for any channels and stride`;
  if (node.getKind() === SyntaxKind.ThisKeyword || code === 2683)
    return "there is no this: const { conv } = layers({ conv: … }) has the layers, and conv(x) applies one";
  if (code === 2556)
    return "TypeScript does not know how many these are: write concat(first, ...others), of const [first, ...others] or with first on its own";
  if (code === 2314)
    return "say of which: Feature<3, 1> has 3 channels at stride 1, of a block's own it is <S extends number>(x: Feature<C, S>) => …; Vector<64>, Tokens<64>, or FeatureMap for any";
  if (code === 2493)
    return `there are only ${/of length '(\d+)'/.exec(what)?.[1] ?? "fewer"}: leave this one out, or make more of them`;
  return undefined;
}

const inALoop = (list: string): string =>
  `${list} is a list: go through it, for (const layer of ${list}) x = layer(x), or ${list}.reduce<FeatureMap>((x, layer) => layer(x), x)`;

/** Names that layers(), a record or a feature does not have. */
function unknownMember({ code, node, lines: [what = ""], exported }: Marked): string | undefined {
  const parent = node.getParent();
  if (Node.isElementAccessExpression(node) && isFeature(node.getExpression().getType()))
    return `slice takes channels out of a feature: slice(${node.getExpression().getText()}, { start: 0, stop: 1 })`;
  if (![2339, 2551, 2349].includes(code) || !Node.isPropertyAccessExpression(parent)) return undefined;
  const [name, type] = [parent.getName(), parent.getExpression().getType()];
  if (isFeature(type)) {
    if (/^(?:shape|size|channels|dim)$/.test(name))
      return "channelCount(x) is the number of channels; sides are known when images arrive";
    const meant = exported.includes(name) ? name : nearest(name, exported);
    return meant === undefined
      ? "features have no methods: functions of litevae/dsl take them, such as silu(x) and add(x, y); docs/ops.md of litevae lists them"
      : `features have no methods: write ${meant}(${parent.getExpression().getText()})`;
  }
  if (/does not exist on type '(?:typeof|Nameable)/.test(what)) return undefined;
  const layer = parent.getExpression().getText();
  if (code === 2339 && type.getNonNullableType().getCallSignatures().length > 0)
    return /^(?:forward|__call__|predict|run)$/.test(name)
      ? `a layer is called itself: ${layer}(x)`
      : `a layer has no ${name}: it is called, ${layer}(x), and has its weights once it is compiled`;
  if (code === 2349 && isList(parent.getType())) return inALoop(parent.getText());
  const names = type.getProperties().map((symbol) => symbol.getName());
  return names.length > 0 && names.length < 40 ? `there are ${names.join(", ")}${asked(meantBy(name, names))}` : undefined;
}

/** Arithmetic with the operators of JavaScript. */
function operators({ code, node }: Marked): string | undefined {
  if (![2362, 2363, 2365].includes(code)) return undefined;
  const expression = Node.isBinaryExpression(node) ? node : node.getFirstAncestor(Node.isBinaryExpression);
  const operator = expression?.getOperatorToken().getText() ?? "";
  const name = { "+": "add", "-": "sub", "*": "mul", "/": "div", "**": "pow" }[operator.replace(/=$/, "")];
  if (expression === undefined || name === undefined) return undefined;
  const [left, right] = [expression.getLeft().getText(), expression.getRight().getText()];
  return `features have no operators: write ${name}(${left}, ${right})`;
}

/** Loops over layers of other channels or strides. */
function loops({ code, node, lines }: Marked): string | undefined {
  if (![2322, 2345, 2769].includes(code)) return undefined;
  const reduced = node.getAncestors().find((each) => Node.isCallExpression(each) && calledName(each) === "reduce");
  if (Node.isCallExpression(reduced) && reduced.getTypeArguments().length === 0)
    return "channels and stride change from turn to turn: write reduce<FeatureMap>((x, layer) => layer(x), first), with FeatureMap of litevae/dsl";
  const parent = node.getParent();
  const isTarget = Node.isBinaryExpression(parent) && parent.getLeft() === node && parent.getOperatorToken().getText() === "=";
  const isJoint = lines.some((line) => /'Feature<[^']*> & Feature<[^']*>'/.test(line)) && callAround(node) !== undefined;
  if (isTarget && isArgument(node))
    return `${node.getText()} has the type of the argument, and channels or stride change: go on with a variable, let h: FeatureMap = ${node.getText()}, with FeatureMap of litevae/dsl`;
  const variable = isTarget || isJoint ? untypedVariable(node) : undefined;
  if (variable === undefined || !lines.some((line) => line.includes("Feature<"))) return undefined;
  return `${variable} is of one type, and channels or stride change: declare it let ${variable}: FeatureMap = …, with FeatureMap of litevae/dsl`;
}

const cures: readonly Cure[] = [
  wrongImport,
  unknownName,
  wrongFunction,
  wrongEntry,
  namedTwice,
  wrongReturn,
  notCalled,
  notGiven,
  loops,
  wrongOperator,
  wrongOrder,
  unequal,
  wrongArguments,
  wrongValue,
  perhapsMissing,
  wrongSettings,
  unknownMember,
  operators,
  featureCure,
];

type Span = Pick<Node, "getSourceFile" | "getPos" | "getEnd">;

/**
 * The errors without those that follow from another: what an expression gives is wrong since something in it is, or since what it names is declared
 * with an error.
 */
export function withoutConsequences<T extends Pick<Marked, "node">>(errors: readonly T[]): readonly T[] {
  const within = (inner: Node, outer: Span): boolean =>
    inner !== outer &&
    inner.getSourceFile() === outer.getSourceFile() &&
    inner.getPos() >= outer.getPos() &&
    inner.getEnd() <= outer.getEnd();
  return errors.filter(({ node }) => {
    const whole = wholeOf(node);
    const called = callAround(node)?.getExpression();
    const names = [whole, ...(called === undefined ? [] : [called])].flatMap((each) => {
      const own = each.asKind(SyntaxKind.Identifier);
      return [...(own === undefined ? [] : [own]), ...each.getDescendantsOfKind(SyntaxKind.Identifier)];
    });
    const declared = new Set(names.flatMap((name) => declarationOf(name) ?? []));
    return !errors.some((other) => {
      if (other.node === node) return false;
      return within(other.node, whole) || [...declared].some((each) => !within(node, each) && within(other.node, each));
    });
  });
}
