/** Two features that do not fit: what they differ in. */
import type { Node } from "ts-morph";
import { counted } from "../../../errors/counted.ts";
import { argumentsOf, writtenCount, writtenTwice } from "./type-counts.ts";
import { callAround, type Marked } from "./type-nodes.ts";

const mismatch = /'(Feature|Vector|Tokens)<([^']*)>' is not assignable to (?:type|parameter of type) '\1<([^'&]*)>'/;
const otherKind =
  /'(Feature|Vector|Tokens)<[^']*>' is (?:not assignable to (?:type|parameter of type)|missing the following properties from type) '(Feature|Vector|Tokens)</;
/** The functions that `model` wants, by the name of their argument in its declaration. */
const partWanted = /is not assignable to type '\((image|latent): /;
const argumentsDiffer = /^Types of parameters '.*' and '(?:image|latent)' are incompatible/;

const givenDiffers = /^Types of parameters '.*' and 'given' are incompatible/;

const kinds: Readonly<Record<string, string>> = { Feature: "feature", Vector: "vector", Tokens: "sequence" };
interface Becoming {
  /** What stands for a value that is long to write. */
  readonly letter: string;
  readonly text: (x: string, call: (x: string) => string) => string;
}

/** What one kind becomes another by, of what is given and of the call that wants it. */
const become: Readonly<Record<string, Becoming>> = {
  "Vector Feature": {
    letter: "v",
    text: (v, call) =>
      `a vector becomes a map of one position by asMap: ${call(`asMap(${v})`)}; arithmetic repeats it over a map: mul(x, ${v})`,
  },
  "Tokens Feature": {
    letter: "t",
    text: (t, call) => `a sequence becomes a map again, as x is, by untokens: ${call(`untokens(${t}, x)`)}`,
  },
  "Feature Tokens": { letter: "x", text: (x, call) => `a map becomes a sequence by tokens: ${call(`tokens(${x})`)}` },
  "Feature Vector": {
    letter: "x",
    text: (x, call) => `a map becomes a vector by globalPool: ${call(`globalPool(${x}, { reduction: "mean" })`)}`,
  },
  "Vector Tokens": {
    letter: "v",
    text: (v, call) => `a vector becomes a sequence of one position by tokens: ${call(`tokens(${v})`)}`,
  },
};

/** Says what two features that do not fit differ in; the first line of a message may compare functions, a later one their features. */
export function featureCure({ lines, node }: Pick<Marked, "lines" | "node">): string | undefined {
  const found = lines.map((line) => mismatch.exec(line)).find((match) => match !== null) ?? undefined;
  if (found === undefined) {
    const other = lines.map((line) => otherKind.exec(line)).find((match) => match !== null) ?? undefined;
    const becoming = other === undefined ? undefined : become[`${other[1]} ${other[2]}`];
    const text = callAround(node) === undefined || node.getText().length > 16 ? becoming?.letter : node.getText();
    return text === undefined ? undefined : becoming?.text(text, (x) => calledWith(node, x));
  }
  const [, kind = "", given = "", wanted = ""] = found;
  const [channels = "", stride = ""] = argumentsOf(given);
  const [wantedChannels = "", wantedStride = ""] = argumentsOf(wanted);
  const differ = (a: string, b: string): boolean => a !== b && a !== "number" && b !== "number";
  const has = differ(channels, wantedChannels) ? counted(writtenCount(channels, node), "channel") : "";
  const inBoth = has !== "" && differ(stride, wantedStride);
  const wants = `${writtenCount(wantedChannels, node)} ${wantedChannels === "1" && !inBoth ? "is" : "are"} wanted`;
  const name = lines
    .map((line) => /^Types of property '(\w+)' are incompatible/.exec(line)?.[1])
    .find((each) => each !== undefined);
  if (name !== undefined && lines.some((line) => givenDiffers.test(line))) {
    const parts = [
      ...(has === "" ? [] : [`${has}, and ${counted(wantedChannels, "channel")} in the ${node.getText()}`]),
      ...(differ(stride, wantedStride) ? [`stride ${stride}, and ${wantedStride} in the ${node.getText()}`] : []),
    ];
    return `${name} has ${parts.join("; it has ")}: make the two equal`;
  }
  if (inBoth) {
    return `the feature has ${has} at stride ${stride}, and ${wantedChannels} at stride ${wantedStride} are wanted`;
  }
  if (has === "") {
    return `the feature has stride ${stride} and ${wantedStride} is wanted: pool, upsample or set stride`;
  }
  const argument = partWanted.exec(lines[0] ?? "")?.[1];
  if (argument === undefined) {
    const twice = writtenTwice(channels, wantedChannels, node);
    return twice ?? `the ${kinds[kind]} has ${has} and ${wants}: change the layer here, or the one before it`;
  }
  if (lines.some((line) => argumentsDiffer.test(line))) {
    return argument === "image"
      ? `it takes images of ${counted(wantedChannels, "channel")}, and imageChannels is ${channels}: make the two equal`
      : `the decoder takes ${counted(wantedChannels, "channel")}, and latentChannels is ${channels}: make the two equal`;
  }
  if (argument === "latent") return `the decoder gives ${has}, and imageChannels is ${wantedChannels}: make the two equal`;
  return lines.some((line) => line.endsWith("is not assignable to type 'Discriminated'."))
    ? `the discriminator gives ${has}, and ${wants}: a number says how real the image is there`
    : `the encoder gives ${has}, and ${wants}: 2 × latentChannels, means first, then log-variances; latentChannels where posterior is "none"`;
}

/** The call around `node` with `x` in its place; `x` alone where there is none. */
function calledWith(node: Node, x: string): string {
  const call = callAround(node);
  if (call === undefined) return x;
  return `${call.getExpression().getText()}(${call
    .getArguments()
    .map((each) => (each === node ? x : each.getText()))
    .join(", ")})`;
}
