/** What stands at the place of a type error: calls, their settings, and what kind of value an expression is. */
import {
  Node,
  SymbolFlags,
  SyntaxKind,
  type CallExpression,
  type Identifier,
  type ObjectLiteralExpression,
  type SourceFile,
  type Symbol,
  type Type,
  type VariableDeclaration,
} from "ts-morph";

/** A TypeScript diagnostic as cures look at it: its code, the lines of its message, and what it marks. */
export interface Marked {
  readonly code: number;
  readonly lines: readonly string[];
  readonly node: Node;
  /** What `litevae/dsl` exports. */
  readonly exported: readonly string[];
  /** What each entry point of the package exports, and the module in which it does; of what the file does not import only where an import is wrong. */
  readonly exports: Readonly<Record<string, readonly string[]>>;
  readonly modules: Readonly<Record<string, string>>;
}

/** The call that `node` is an argument of. */
export function callAround(node: Node): CallExpression | undefined {
  const parent = node.getParent();
  return Node.isCallExpression(parent) && parent.getExpression() !== node ? parent : undefined;
}

/** The name under which something is called: `conv2d` of `dsl.conv2d({ … })`. */
export function calledName(call: CallExpression): string {
  const called = call.getExpression();
  return Node.isPropertyAccessExpression(called) ? called.getName() : called.getText();
}

/** Settings written out in braces: whose they are, which there are, and which of them the mark is at. */
export interface Settings {
  readonly owner: string;
  readonly literal: ObjectLiteralExpression;
  readonly known: readonly Symbol[];
  /** The name of the setting whose name or value is marked. */
  readonly key?: string | undefined;
}

/** The settings that `node` is, or is the name or the value of one of. */
export function settingsAt(node: Node): Settings | undefined {
  const list = Node.isArrayLiteralExpression(node.getParent()) ? node.getParentOrThrow() : node;
  const parent = list.getParent();
  const property = Node.isPropertyAssignment(parent) || Node.isShorthandPropertyAssignment(parent) ? parent : undefined;
  const literal = Node.isObjectLiteralExpression(node) ? node : property?.getParent();
  if (!Node.isObjectLiteralExpression(literal)) return undefined;
  const call = literal.getFirstAncestor(Node.isCallExpression);
  const type = literal.getProject().getTypeChecker().getContextualType(literal)?.getNonNullableType();
  const known = type?.getProperties() ?? [];
  if (call === undefined || type === undefined || known.length === 0 || isFeature(type)) return undefined;
  const above = literal.getParent();
  const within = Node.isPropertyAssignment(above) ? `${above.getName()} of ` : "";
  return {
    owner: `${within}${calledName(call)}`,
    literal,
    known,
    ...(Node.isObjectLiteralExpression(node) ? {} : { key: property?.getName() }),
  };
}

export function namesIn(literal: ObjectLiteralExpression): readonly string[] {
  return literal.getProperties().flatMap((property) => {
    const named = property.asKind(SyntaxKind.PropertyAssignment) ?? property.asKind(SyntaxKind.ShorthandPropertyAssignment);
    return named?.getName() ?? [];
  });
}

/** What must be given first, then as it is declared: TypeScript lists properties in the order in which it met them. */
export function inOrder(settings: readonly Symbol[]): readonly Symbol[] {
  const place = (symbol: Symbol): number => symbol.getDeclarations()[0]?.getPos() ?? 0;
  return settings.toSorted((a, b) => Number(isOptional(a)) - Number(isOptional(b)) || place(a) - place(b));
}

export function isOptional(symbol: Symbol): boolean {
  return symbol.hasFlags(SymbolFlags.Optional);
}

/** The settings that a call takes as its last argument, by their names; none where it takes no object of them. */
export function settingsOf(called: Node): readonly string[] {
  const last = called.getType().getCallSignatures()[0]?.getParameters().at(-1)?.getTypeAtLocation(called);
  // Blocks take a tuple of what their author's function takes.
  const type = (last?.isTuple() === true ? last.getTupleElements().at(-1) : last)?.getNonNullableType();
  if (type === undefined || isFeature(type) || type.isArray() || type.isTuple()) return [];
  // One of several functions takes what each of them does.
  if (!type.isObject() && !type.isIntersection()) return [];
  return type.getCallSignatures().length > 0 ? [] : inOrder(type.getProperties()).map((symbol) => symbol.getName());
}

/** Whether a type is that of features, vectors, sequences and learned tensors, which have properties under symbols of ours alone. */
export function isFeature(type: Type): boolean {
  const properties = type.getProperties().map((symbol) => symbol.getName());
  return properties.length > 0 && properties.every((name) => /^__@(?:Channels|Stride|Length|Sequence|Single|Sizes)@/.test(name));
}

/** Whether a type, that of something at `at`, is that of what makes layers: it takes settings and returns what takes features. */
export function isMaker(type: Type, at: Node): boolean {
  const [signature] = type.getCallSignatures();
  if (signature === undefined || signature.getReturnType().getCallSignatures().length === 0) return false;
  // What one of several functions takes, as of rms ? rmsNorm : groupNorm, is declared nowhere.
  return signature
    .getParameters()
    .every((parameter) => !isFeature(parameter.getTypeAtLocation(parameter.getDeclarations()[0] ?? at)));
}

/** Whether a name is that of an argument of a function. */
export function isArgument(node: Node): boolean {
  return Node.isIdentifier(node) && Node.isParameterDeclaration(node.getDefinitionNodes()[0]);
}

/** The variable that `let` declares without a type and that `node` names. */
export function untypedVariable(node: Node): string | undefined {
  if (!Node.isIdentifier(node)) return undefined;
  const [declaration] = node.getDefinitionNodes();
  return Node.isVariableDeclaration(declaration) && declaration.getTypeNode() === undefined ? node.getText() : undefined;
}

/** The statement that declares a name, such as `const { conv } = layers({ … })`. */
export function declarationOf(name: Identifier): VariableDeclaration | undefined {
  const symbol = name.getSymbol();
  const [declared] = symbol?.getDeclarations() ?? [];
  return Node.isVariableDeclaration(declared) ? declared : declared?.getFirstAncestor(Node.isVariableDeclaration);
}

/** What a mark is about where it is at the beginning: the assignment to a variable, the setting of a name. */
export function wholeOf(node: Node): Node {
  const parent = node.getParent();
  const isTarget = Node.isBinaryExpression(parent) && parent.getLeft() === node;
  const isKey = Node.isPropertyAssignment(parent) && parent.getNameNode() === node;
  return isTarget || isKey ? node.getParentOrThrow() : node;
}

/** The node of a file that a diagnostic marks; of a word or a sign, such as return, what it begins. */
export function nodeMarked(file: SourceFile, start: number, length: number): Node {
  const node = file.getDescendantAtStartWithWidth(start, length) ?? file.getDescendantAtPos(start) ?? file.getLastChildOrThrow();
  const kind = node.getKind();
  const isSign = kind >= SyntaxKind.FirstPunctuation && kind <= SyntaxKind.LastKeyword && kind !== SyntaxKind.ThisKeyword;
  return isSign && kind !== SyntaxKind.Identifier ? node.getParentOrThrow() : node;
}
