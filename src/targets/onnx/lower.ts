import { UserError } from "../../errors/index.ts";
import { fixedSize, formatDim } from "../../ir/dim.ts";
import type { OpNode, Param, Part, Value } from "../../ir/model.ts";
import type { OnnxWriter } from "../../ir/op.ts";
import { elementCount, type Shape } from "../../ir/shape.ts";
import { placeOf } from "../../ir/source.ts";
import { bytesOf, tensorOf, type Tensor } from "../../ir/tensor.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode, OnnxValue } from "./graph.ts";
import { Namespace, nodePath } from "./namespace.ts";
import { subpixelConvolutions } from "./subpixel.ts";

/** Lowers a part to ONNX. The part is flat, folded and free of training-only ops; `load` gives the value of a parameter. */
export function lowerPart(part: Part, load: (param: Param) => Tensor): OnnxGraph {
  const names = new Map<Value, string>(part.graph.inputs.map((value, i) => [value, part.inputNames[i] ?? ""]));
  const builder = new GraphBuilder([...part.inputNames, ...part.outputNames], load);
  for (const node of part.graph.nodes) {
    if (node.kind === "call") throw new Error(`${part.name} still calls ${node.block.path}`);
    if (node.op.torchOnly !== undefined) throw withoutForm(part, node, node.op.torchOnly);
    const outputs = node.op.onnx(
      builder.writerFor(node),
      node.inputs.map((value) => names.get(value) ?? ""),
      node.attrs,
    );
    node.outputs.forEach((value, i) => names.set(value, outputs[i] ?? ""));
  }
  const outputs = part.graph.outputs.map((value, i) => ({
    from: names.get(value) ?? "",
    to: part.outputNames[i] ?? "",
    shape: value.shape,
  }));
  const nodes = builder.finish(outputs);
  const outputOf = new Map(outputs.map(({ from, to }) => [from, to]));
  const described = part.graph.nodes.flatMap((node) => node.outputs).filter((value) => !outputOf.has(names.get(value) ?? ""));
  return subpixelConvolutions({
    name: part.name,
    doc: `${part.name}: ${part.inputNames.join(", ")} -> ${part.outputNames.join(", ")}`,
    nodes,
    inputs: part.graph.inputs.map((value, i) => describe(part.inputNames[i] ?? "", value.shape)),
    outputs: outputs.map(({ to, shape }) => describe(to, shape)),
    values: described.map((value) => describe(names.get(value) ?? "", value.shape)),
    initializers: builder.initializers(),
  });
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

function describe(name: string, shape: Shape): OnnxValue {
  return { name, dims: shape.map((dim) => fixedSize(dim) ?? formatDim(dim)) };
}

class GraphBuilder {
  readonly #names = new Namespace();
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxInitializer>();
  readonly #load: (param: Param) => Tensor;

  constructor(reserved: readonly string[], load: (param: Param) => Tensor) {
    for (const name of reserved) this.#names.claim(name);
    this.#load = load;
  }

  writerFor(node: OpNode): OnnxWriter {
    const path = nodePath(node.layer?.path ?? (node.scope === "" ? node.op.name : `${node.scope}.${node.op.name}`));
    const nodes: OnnxWriter["nodes"] = (type, inputs, outputs, attrs = {}) => {
      const name = this.#names.claim(`${path}/${type}`);
      const results = Array.from({ length: outputs }, (_, i) => this.#names.claim(`${name}:${i}`));
      const precise = node.op.precise?.includes(type) === true;
      this.#nodes.push({ name, type, inputs, outputs: results, attrs, ...(precise ? { precise } : {}) });
      return results;
    };
    return {
      inputShapes: node.inputs.map((value) => value.shape),
      outputShapes: node.outputs.map((value) => value.shape),
      nodes,
      node: (type, inputs, attrs) => nodes(type, inputs, 1, attrs)[0] ?? "",
      param: (role, shape) => this.#param(node, role, shape),
      constant: (name, shape, values) => this.#constant(`constants/${name}`, tensorOf(shape, Float32Array.from(values))),
      ints: (name, values) =>
        this.#constant(`constants/${name}`, tensorOf([values.length], BigInt64Array.from(values.map(BigInt)))),
    };
  }

  #param(node: OpNode, role: string, shape?: readonly number[]): string {
    const param = node.layer?.params.find((candidate) => candidate.role === role);
    if (param === undefined) throw new Error(`${node.layer?.path ?? node.op.name} has no ${role}`);
    const dims = shape ?? param.shape;
    if (elementCount(dims) !== elementCount(param.shape)) throw new Error(`${param.path} cannot be seen as [${dims.join(", ")}]`);
    // A shared layer used in two ways is written in both views.
    const existing = this.#initializers.get(param.path);
    const name = existing === undefined || existing.dims.join() === dims.join() ? param.path : `${param.path}@${dims.join("x")}`;
    return this.#store({ name, dims, dtype: param.dtype ?? "float32", load: () => bytesOf(this.#load(param)) });
  }

  #constant(name: string, tensor: Tensor): string {
    const dtype = tensor.data instanceof Float32Array ? "float32" : "int64";
    return this.#store({ name, dims: tensor.shape, dtype, load: () => bytesOf(tensor) });
  }

  #store(initializer: OnnxInitializer): string {
    if (!this.#initializers.has(initializer.name)) this.#initializers.set(initializer.name, initializer);
    return initializer.name;
  }

  initializers(): readonly OnnxInitializer[] {
    return [...this.#initializers.values()];
  }

  /** Gives the graph's outputs their names; one that is an input, or is returned twice, passes through Identity. */
  finish(outputs: readonly { readonly from: string; readonly to: string }[]): readonly OnnxNode[] {
    const renamed = new Map<string, string>();
    const made = new Set(this.#nodes.flatMap((node) => node.outputs));
    const copies: OnnxNode[] = [];
    for (const { from, to } of outputs) {
      if (made.has(from) && !renamed.has(from)) renamed.set(from, to);
      else copies.push({ name: this.#names.claim(`${to}/Identity`), type: "Identity", inputs: [from], outputs: [to], attrs: {} });
    }
    const rename = (name: string): string => renamed.get(name) ?? name;
    return [...this.#nodes, ...copies].map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }));
  }
}
