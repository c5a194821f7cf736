import { must } from "../errors/must.ts";
import type { Attrs } from "./op.ts";
import type { Graph, Model, Part, Value } from "./model.ts";
import { formatShape } from "./shape.ts";

/** The model as text: the language of dumps and tests, and what the model's hash is taken of. */
export function printModel(model: Model): string {
  const facts = { image: model.imageChannels, latent: model.latentChannels, stride: model.stride };
  const known = Object.entries(facts).flatMap(([name, fact]) => (fact === undefined ? [] : [`${name} ${fact}`]));
  const head = `model ${model.name}${known.length === 0 ? "" : ` (${known.join(", ")})`}\n`;
  return head + model.parts.map(printPart).join("");
}

export function printPart(part: Part): string {
  const names = new Map<Value, string>();
  const inputs = part.graph.inputs.map((value, i) => {
    const name = must(part.inputNames[i], `the name of input ${i} of the ${part.name}`);
    names.set(value, name);
    return `${name}: ${formatShape(value.shape)}`;
  });
  const body = printGraph(part.graph, names, { next: 0 }, "  ");
  const outputs = part.outputNames.map((name, i) => `${name} = ${must(names.get(must(part.graph.outputs[i], name)), name)}`);
  return `${part.name}(${inputs.join(", ")}):\n${body}  return ${outputs.join(", ")}\n`;
}

/** A body alone; its inputs are numbered first. */
export function printBody(graph: Graph): string {
  const names = new Map(graph.inputs.map((value, i) => [value, `input ${i}`]));
  const text = printGraph(graph, names, { next: 0 }, "");
  return `${text}return ${graph.outputs.map((value) => names.get(value)).join(", ")}\n`;
}

/** Bodies number on from their callers, so that a name is unique in the whole text. */
function printGraph(graph: Graph, names: Map<Value, string>, counter: { next: number }, indent: string): string {
  const name = (value: Value): string => must(names.get(value), "the name of a value");
  let text = "";
  for (const node of graph.nodes) {
    const call = node.kind === "call" ? node.body : undefined;
    call?.inputs.forEach((value, i) => names.set(value, name(node.inputs[i] as Value)));
    const body = call === undefined ? "" : printGraph(call, names, counter, `${indent}  `);
    node.outputs.forEach((value, i) => {
      const inner = call?.outputs[i];
      names.set(value, inner === undefined ? `%${counter.next++}` : name(inner));
    });
    const outputs = node.outputs.map((value) => `${name(value)}: ${formatShape(value.shape)}`).join(", ");
    const operands = node.inputs.map(name).join(", ");
    if (node.kind === "call") text += `${indent}${node.block.path}: ${node.block.name}(${operands}) -> ${outputs}\n${body}`;
    else {
      const layer = node.layer === undefined ? "" : ` @${node.layer.path}`;
      text += `${indent}${outputs} = ${node.op.name}(${operands})${printAttrs(node.attrs)}${layer}\n`;
    }
  }
  return text;
}

function printAttrs(attrs: Attrs): string {
  const entries = Object.entries(attrs);
  return entries.length === 0 ? "" : ` {${entries.map(([key, value]) => `${key}: ${JSON.stringify(value)}`).join(", ")}}`;
}
