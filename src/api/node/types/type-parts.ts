/** What stands for a part of something larger: entries of layers(), and the encoder and decoder of a model. */
import { Node, SyntaxKind, type Type } from "ts-morph";
import { nearest } from "../../../errors/index.ts";
import { usualAutoencoder } from "../../../ir/autoencoder.ts";
import { declarationOf, isMaker, settingsAt, settingsOf, type Marked } from "./type-nodes.ts";

/** Entries of layers() that are none. */
export function wrongEntry({ code, node, lines }: Marked): string | undefined {
  if (!lines.some((line) => /'(?:Layers|.*\bNameable\b.*)'/.test(line)) || ![2322, 2345].includes(code)) return undefined;
  if (node.getDescendantsOfKind(SyntaxKind.SpreadAssignment).length > 0 && lines.some((line) => line.includes("'length'")))
    return "a list stands under a name of its own: layers({ stages: [ … ] })";
  if (lines.some((line) => /^Type '(?:null|false|undefined)'/.test(line)))
    return Node.isArrayLiteralExpression(node.getParent())
      ? "leave out what is not there: ...(deep ? [Res({ … })] : [])"
      : "leave out what is not there: ...(deep ? { res: Res({ … }) } : {})";
  return "give layers() layers, blocks, or lists or records of them; functions such as silu need no name";
}

/** A block, or what makes layers, where an instance is wanted. */
export function notCalled({ code, node, exported }: Marked): string | undefined {
  const property = node.getParent();
  if (code !== 2322 || !(Node.isPropertyAssignment(property) || Node.isShorthandPropertyAssignment(property))) return undefined;
  const value = property.asKind(SyntaxKind.PropertyAssignment)?.getInitializer() ?? node;
  const wanted = wantedAt(node);
  if (!isMaker(value.getType(), value) || (wanted !== undefined && isMaker(wanted, value))) return undefined;
  const name = value.getText();
  const made = Node.isIdentifier(value) ? declarationOf(value)?.getInitializer() : undefined;
  const isBlock = Node.isCallExpression(made) && /(?:^|\.)block$/.test(made.getExpression().getText());
  const what = isBlock
    ? "is a block: call it"
    : exported.includes(name)
      ? "makes layers: call it with its settings"
      : "makes instances: call it";
  return `${name} ${what}, ${name}(${settingsOf(value).length > 0 ? "{ … }" : ""})`;
}

/** What a part's function asks for beside image and latent, and is not given. */
export function notGiven({ code, node, lines }: Marked): string | undefined {
  if (code !== 2322 || !lines.some((line) => /^Types of parameters '.*' and 'given' are incompatible/.test(line)))
    return undefined;
  const asked = lines.flatMap((line) => {
    const one = /^Property '(\w+)' is missing in type/.exec(line)?.[1];
    const some = /is missing the following properties from type '.*': (.*)$/.exec(line)?.[1];
    return one !== undefined ? [one] : (some?.split(", ") ?? []);
  });
  const given = wantedAt(node)
    ?.getCallSignatures()[0]
    ?.getParameters()
    .find((each) => each.getName() === "given");
  if (asked.length === 0 || given === undefined) return undefined;
  const names = given
    .getTypeAtLocation(node)
    .getProperties()
    .map((each) => each.getName());
  const meant = asked.flatMap((name) => nearest(name, names) ?? []);
  const there = names.length === 0 ? "nothing beside its input" : names.join(", ");
  return `the ${node.getText()} is given ${there}, and no ${asked.join(", ")}: ${meant.length > 0 ? `did you mean ${meant.join(", ")}?` : "return it from the encoder under that name, or declare it in conditions"}`;
}

/** Two settings, or two layers, of one name. */
export function namedTwice({ code, node }: Marked): string | undefined {
  return code === 1117
    ? `${node.getText()} stands here twice, and only the second would count: give one of them another name`
    : undefined;
}

/** A record of other things than a part gives. */
export function wrongReturn({ code, node, lines }: Marked): string | undefined {
  if (code !== 2322) return undefined;
  const missing = lines
    .map((line) => /^Property '(moments|latent)' is missing in type '(\{.*\})'/.exec(line))
    .find((each) => each !== null);
  if (missing?.[1] === "moments")
    return `the encoder gives moments, 2 × latentChannels channels, alone or in a record: { moments: … }, beside what the decoder takes; latent is the name where posterior is "none"`;
  if (missing?.[1] === "latent")
    return `with posterior "none" the encoder gives the latent, alone or in a record: { latent: … }, beside what the decoder takes`;
  const isRecord = lines.some((line) => /^Type '\{ .* \}' is (?:not assignable to|missing the following properties from) type 'Feature</.test(line)); // prettier-ignore
  return node.getText() === usualAutoencoder.decoder && isRecord
    ? "the decoder gives one feature, the image, and no record: return it alone"
    : undefined;
}

/** The type of the setting whose name or value is at `node`. */
function wantedAt(node: Node): Type | undefined {
  const settings = settingsAt(node);
  const symbol = settings?.known.find((each) => each.getName() === settings.key);
  return symbol?.getTypeAtLocation(node).getNonNullableType();
}
