import { inputsOf } from "./op.ts";
import type { Autoencoder, Graph, Model, Part, Value } from "./model.ts";
import { formatShape, sameShape } from "./shape.ts";
import { paramsOf } from "./walk.ts";

/** Checks what the type system cannot: a violation is a bug of the compiler, not of its user. */
export function verifyModel(model: Model): void {
  const given = new Map<string, Part>();
  for (const part of model.parts) {
    if (given.has(part.name)) throw new Error(`two parts are called ${part.name}`);
    verifyNames(part);
    verifyPart(part);
    verifySources(part, given);
    given.set(part.name, part);
  }
  verifyRoles(model.autoencoder, given);
}

/** What a part takes of others is there before it, in the shape that it takes. */
function verifySources({ name, graph, inputNames, sources = {} }: Part, given: ReadonlyMap<string, Part>): void {
  for (const [input, from] of Object.entries(sources)) {
    const [source, value] = [given.get(from.part), from.output ?? from.input];
    const found =
      from.output === undefined
        ? source?.graph.inputs[source.inputNames.indexOf(value)]
        : source?.graph.outputs[source.outputNames.indexOf(value)];
    if (found === undefined) throw new Error(`${name} takes ${value} of ${from.part}, which no earlier part gives or takes`);
    const taken = graph.inputs[inputNames.indexOf(input)];
    if (taken === undefined) throw new Error(`${name} has no input ${input} that could take ${value} of ${from.part}`);
    expectShape(found.shape, taken.shape, `${value} of ${from.part}, taken by ${name},`);
  }
}

/** The decoder's first input is something that the encoder gives, and it gives an image alone. */
function verifyRoles(roles: Autoencoder | undefined, parts: ReadonlyMap<string, Part>): void {
  if (roles === undefined) return;
  const { posterior, encoder: encoding, decoder: decoding, discriminator = encoding } = roles;
  const absent = [encoding, decoding, discriminator].find((name) => !parts.has(name));
  if (absent !== undefined) throw new Error(`the autoencoder has no part ${absent}`);
  const [encoder, decoder] = [parts.get(encoding), parts.get(decoding)];
  const missing = Object.values(posterior ?? {}).find((name) => encoder?.outputNames.includes(name) !== true);
  if (missing !== undefined) throw new Error(`${encoding} gives no ${missing} of a posterior`);
  const [latent] = decoder?.inputNames ?? [];
  const from = latent === undefined ? undefined : decoder?.sources?.[latent];
  if (from?.part !== encoding || from.output === undefined)
    throw new Error(`${decoding} decodes something else than an output of ${encoding}`);
  if (encoder?.sources !== undefined || decoder?.outputNames.length !== 1)
    throw new Error(`${encoding} takes what a part gives, or ${decoding} gives more than one image`);
}

/** Files, graphs and Python have the same names. */
function verifyNames({ name, inputNames, outputNames }: Part): void {
  const values = [...inputNames, ...outputNames];
  const wrong = [name, ...values].find((each) => !/^[a-z][a-z0-9_]*$/.test(each));
  if (wrong !== undefined) throw new Error(`${name}: "${wrong}" is no name in snake_case`);
  const twice = values.find((each, i) => values.indexOf(each) !== i);
  if (twice !== undefined) throw new Error(`${name} has two inputs or outputs called ${twice}`);
}

export function verifyPart(part: Part): void {
  const paths = new Set<string>();
  for (const { path } of paramsOf(part.modules)) {
    if (paths.has(path)) throw new Error(`two parameters are called ${path}`);
    paths.add(path);
  }
  if (part.graph.inputs.length !== part.inputNames.length) throw new Error(`${part.name} names ${part.inputNames.length} inputs`);
  if (part.graph.outputs.length !== part.outputNames.length) {
    throw new Error(`${part.name} names ${part.outputNames.length} outputs`);
  }
  verifyGraph(part.graph, part.name);
}

function verifyGraph(graph: Graph, where: string): void {
  const defined = new Set<Value>(graph.inputs);
  const use = (value: Value, user: string): void => {
    if (!defined.has(value)) throw new Error(`${user} in ${where} uses a value before it is defined`);
  };
  const define = (value: Value, user: string): void => {
    if (defined.has(value)) throw new Error(`${user} in ${where} defines a value twice`);
    defined.add(value);
  };
  for (const node of graph.nodes) {
    const label = node.kind === "op" ? node.op.name : node.block.path;
    for (const value of node.inputs) use(value, label);
    for (const value of node.outputs) define(value, label);
    const shapes = node.outputs.map((value) => value.shape);
    let expected: readonly Value["shape"][];
    if (node.kind === "op") {
      expected = node.op.infer(
        inputsOf(
          node.op,
          node.inputs.map((value) => value.shape),
        ),
        node.attrs,
      );
      const declared = node.op.params?.(node.attrs) ?? [];
      if (declared.length > 0 !== (node.layer !== undefined && node.layer.params.length > 0)) {
        throw new Error(`${label} in ${where} and its layer disagree about parameters`);
      }
    } else {
      verifyGraph(node.body, node.block.path);
      expected = node.body.outputs.map((value) => value.shape);
      node.body.inputs.forEach((value, i) => expectShape(node.inputs[i]?.shape, value.shape, label));
    }
    expected.forEach((shape, i) => expectShape(shapes[i], shape, label));
  }
  for (const value of graph.outputs) use(value, "the result");
}

function expectShape(found: Value["shape"] | undefined, expected: Value["shape"], label: string): void {
  if (found !== undefined && sameShape(found, expected)) return;
  throw new Error(
    `${label} records ${found === undefined ? "no shape" : formatShape(found)} where ${formatShape(expected)} follows`,
  );
}
