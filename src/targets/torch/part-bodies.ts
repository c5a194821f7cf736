/** What the parts of a model do, as bodies of methods and of forwards. */
import { must } from "../../errors/must.ts";
import { furtherOutputsOf, momentsOf, type AutoencoderParts } from "../../ir/autoencoder.ts";
import type { Body, Part, Value } from "../../ir/model.ts";
import { neededNodes } from "../../ir/walk.ts";

/** What a part of an autoencoder does itself: splitting the moments, and limiting the variance, is the base class's. */
export function bodyOfPart(part: Part, wrapped: AutoencoderParts): Body {
  if (part === wrapped.encoder) {
    const further = furtherOutputsOf(wrapped).map((name) => [name, outputOf(part, name)] as const);
    return bodyGiving(part, [["moments", momentsOf(wrapped)], ...further]);
  }
  // What a model names of a discriminator is a dictionary.
  if (part === wrapped.discriminator) return namedBody(part);
  return bodyGiving(part, [["", outputOf(part, must(part.outputNames[0], "an output of a decoder"))]]);
}

function outputOf({ graph, outputNames, name: part }: Part, name: string): Value {
  return must(graph.outputs[outputNames.indexOf(name)], `${name} of ${part}`);
}

/** The part of a graph that gives these values: a record of them, where they are several. */
function bodyGiving({ graph }: Part, given: readonly (readonly [name: string, value: Value])[]): Body {
  const outputs = [...new Set(given.map(([, value]) => value))];
  const entries = given.map(([name, value]) => [name, outputs.indexOf(value)] as const);
  const nodes = neededNodes({ nodes: graph.nodes, outputs });
  return { graph: { inputs: graph.inputs, nodes, outputs }, returns: { kind: entries.length > 1 ? "record" : "one", entries } };
}

/** Whether a part is no more than a call of its one module. */
export function isOneModule(part: Part, wrapped: AutoencoderParts): boolean {
  const [node, ...others] = bodyOfPart(part, wrapped).graph.nodes;
  const module = node?.kind === "call" ? node.block : node?.layer;
  return others.length === 0 && module === part.modules[0] && node?.inputs.length === part.graph.inputs.length;
}

/** The whole graph, which gives a dictionary of its outputs. */
export function namedBody(part: Part): Body {
  const body = bodyGiving(
    part,
    part.outputNames.map((name) => [name, outputOf(part, name)]),
  );
  return { ...body, returns: { ...body.returns, kind: "record" } };
}
