import { UserError } from "../../errors/index.ts";
import { InternalError, must } from "../../errors/must.ts";
import type { Dim } from "../../ir/dim.ts";
import type { OpNode, Param, Part, Value } from "../../ir/model.ts";
import { dimsOf, fittingSizes, multipleOf } from "../../ir/size.ts";
import { placeOf } from "../../ir/source.ts";
import type { Tensor } from "../../ir/tensor.ts";
import { audiences, type Audience } from "./audience.ts";
import { GraphBuilder, type Forms } from "./builder.ts";
import type { OnnxGraph, OnnxValue } from "./graph.ts";
import { runGraphPasses } from "./passes/index.ts";
import { samplesFor } from "./shapes.ts";
import { verifyOnnx } from "./verify.ts";

/**
 * The graph of a part in an operator set. The part is flat, folded and free of training-only ops; `load` gives the value of a parameter; the
 * audience says in what forms. InternalError where what an op writes is no graph, UserError where an op has no form in ONNX.
 */
export function lowerPart(
  part: Part,
  load: (param: Param) => Tensor,
  opset: number,
  { passes, whole, reduces }: Audience = audiences.portable,
): OnnxGraph {
  const [height, width] = [fittingSizes([part], "H"), fittingSizes([part], "W")];
  const multiple = (side: Dim): number => (height && width ? multipleOf(side, { height, width }) : 1);
  const forms: Forms = { wholeOpset: whole ? opset : 0, reduces, multipleOf: multiple };
  const lower = (those: Part): OnnxGraph => {
    const graph = lowerOps(those, load, opset, forms);
    verifyOnnx(graph);
    return graph;
  };
  let lowered: OnnxGraph;
  try {
    lowered = lower(part);
  } catch (error) {
    throw error instanceof InternalError ? (authorsFault(part, lower) ?? error) : error;
  }
  return runGraphPasses(lowered, passes);
}

/** What is wrong with an author's own op, if it is one whose form makes no graph: each is lowered alone. */
function authorsFault(part: Part, lower: (part: Part) => OnnxGraph): UserError | undefined {
  for (const node of part.graph.nodes) {
    const own = node.kind === "op" ? node.op.own : undefined;
    if (node.kind === "call" || own === undefined) continue;
    const { op, layer, scope, inputs, outputs } = node;
    const alone = { inputs: [...new Set(inputs)], nodes: [node], outputs };
    const inputNames = alone.inputs.map((_, i) => `x${i}`);
    const outputNames = outputs.map((_, i) => `y${i}`);
    try {
      lower({ ...part, graph: alone, inputNames, outputNames });
    } catch (error) {
      if (!(error instanceof InternalError)) throw error;
      return new UserError({
        what: `${op.name} writes no graph: ${error.message}`,
        where: placeOf(own),
        module: layer?.path ?? (scope === "" ? undefined : scope),
        op: op.name,
        help: "correct its form in ONNX; testOp of litevae/op/test tries an op by itself",
      });
    }
  }
  return undefined;
}

function lowerOps(part: Part, load: (param: Param) => Tensor, opset: number, forms: Forms): OnnxGraph {
  const names = new Map<Value, string>();
  const nameOf = (value: Value): string => must(names.get(value), `the name of a value of the ${part.name}`);
  const nameAll = (values: readonly Value[], given: readonly string[], whose: string): void => {
    if (values.length !== given.length) throw new InternalError(`${whose} has ${values.length} values and ${given.length} names`);
    values.forEach((value, i) => names.set(value, must(given[i], `a name of ${whose}`)));
  };
  nameAll(part.graph.inputs, part.inputNames, `the input of the ${part.name}`);
  const builder = new GraphBuilder([...part.inputNames, ...part.outputNames], load, forms);
  for (const node of part.graph.nodes) {
    if (node.kind === "call") throw new InternalError(`the ${part.name} still calls ${node.block.path}`);
    if (node.op.torchOnly !== undefined) throw withoutForm(part, node, node.op.torchOnly);
    nameAll(node.outputs, builder.lower(node, node.inputs.map(nameOf)), labelOf(node));
  }

  const results = part.graph.outputs.map((value, i) => ({
    from: nameOf(value),
    value: { name: must(part.outputNames[i], `output ${i} of the ${part.name}`), dims: value.shape },
  }));
  const nodes = builder.finish(results.map(({ from, value }) => ({ from, to: value.name })));
  const made = new Set(nodes.flatMap((node) => node.outputs));
  for (const { value } of results) made.delete(value.name);
  const values = new Map<string, OnnxValue>();
  for (const value of part.graph.nodes.flatMap((node) => node.outputs)) {
    // An op may hand its input on: it is described by then, or it is an input.
    const name = nameOf(value);
    if (made.has(name) && !values.has(name)) values.set(name, { name, dims: value.shape });
  }
  return {
    name: part.name,
    doc: `${part.name}: ${part.inputNames.join(", ")} -> ${part.outputNames.join(", ")}`,
    opset,
    samples: samplesFor(dimsOf(part)),
    nodes,
    inputs: part.graph.inputs.map((value) => ({ name: nameOf(value), dims: value.shape })),
    outputs: results.map(({ value }) => value),
    values: [...values.values()],
    initializers: builder.initializers(),
  };
}

function labelOf({ op, layer, scope }: OpNode): string {
  return `${op.name} in ${layer?.path ?? scope}`;
}

function withoutForm(part: Part, { op, layer, scope, source }: OpNode, reason: string): UserError {
  return new UserError({
    what: `the ${part.name} has no form in ONNX: ${reason}`,
    where: placeOf(source),
    module: layer?.path ?? scope,
    op: op.name,
    help: `leave ${part.name} out of --parts, or write a PyTorch package alone with --target torch`,
  });
}
