/** Collects what ops write, and holds each of them to its part of the contract. */
import { InternalError, must } from "../../errors/must.ts";
import type { OpNode, Param } from "../../ir/model.ts";
import { inputsOf } from "../../ir/op.ts";
import type { OnnxAttr, OnnxOperator, OnnxWriter } from "../../ir/onnx.ts";
import { elementCount } from "../../ir/shape.ts";
import { bytesOf, tensorOf, type Tensor } from "../../ir/tensor.ts";
import type { OnnxInitializer, OnnxNode } from "./graph.ts";
import { Namespace, nodePath } from "./namespace.ts";

/** What ops write in one way or another by. */
export interface Forms extends Pick<OnnxWriter, "reduces" | "multipleOf"> {
  /** The operator set whose own operators for whole ops are wanted; 0 where none are. */
  readonly wholeOpset: number;
}

export class GraphBuilder {
  readonly #names = new Namespace();
  readonly #nodes: OnnxNode[] = [];
  readonly #initializers = new Map<string, OnnxInitializer>();
  readonly #constants = new Map<string, Tensor>();
  readonly #shared = new Map<string, string>();
  readonly #load: (param: Param) => Tensor;
  readonly #forms: Forms;

  constructor(reserved: readonly string[], load: (param: Param) => Tensor, forms: Forms) {
    for (const name of reserved) this.#names.claim(name);
    this.#load = load;
    this.#forms = forms;
  }

  /** Adds the nodes of an op and returns the names of its outputs. The op must use all that it is given: inputs, parameters, constants. */
  lower(node: OpNode, inputs: readonly string[]): readonly string[] {
    const { op, layer, attrs, scope } = node;
    const place = layer?.path ?? scope;
    const label = `the ONNX form of ${op.name}${place === "" ? "" : ` in ${place}`}`;
    const given = new Map(inputs.map((name, i) => [name, `input ${i}`]));
    const read = new Set<string>();
    const begin = this.#nodes.length;
    const whole = op.wholeOnnx !== undefined && op.wholeOnnx.since <= this.#forms.wholeOpset ? op.wholeOnnx.form : undefined;
    const form = whole ?? must(op.onnx, label);
    const results = form(this.#writerFor(node, given, read), inputsOf(op, inputs), attrs);
    if (results.length !== node.outputs.length)
      throw new InternalError(`${label} gives ${results.length} outputs where there are ${node.outputs.length}`);

    const written = this.#nodes.slice(begin);
    const used = new Set([...results, ...written.flatMap((one) => one.inputs)]);
    for (const [name, what] of given) if (!used.has(name)) throw new InternalError(`${label} does not use its ${what}`);
    const made = new Set([...given.keys(), ...written.flatMap((one) => one.outputs)]);
    for (const name of results) if (!made.has(name)) throw new InternalError(`${label} gives ${name}, which it does not make`);
    const unread = layer?.params.find(({ role, trainingOnly }) => trainingOnly !== true && !read.has(role));
    if (unread !== undefined) throw new InternalError(`${label} does not read ${unread.path}`);
    return results;
  }

  /** `given` takes down the tensors that the op asks for, by name, and `read` the roles of its parameters. */
  #writerFor(node: OpNode, given: Map<string, string>, read: Set<string>): OnnxWriter {
    const module = node.layer?.path ?? node.scope;
    const path = nodePath(node.layer?.path ?? (node.scope === "" ? node.op.name : `${node.scope}.${node.op.name}`));
    const nodes = (
      type: OnnxOperator,
      inputs: readonly string[],
      outputs: number,
      attrs: Readonly<Record<string, OnnxAttr>> = {},
    ): readonly string[] => {
      const name = this.#names.claim(`${path}/${type}`);
      const results = Array.from({ length: outputs }, (_, i) => this.#names.claim(`${name}:${i}`));
      const precise = node.op.precise?.includes(type) === true;
      this.#nodes.push({ name, type, inputs, outputs: results, attrs, module, ...(precise ? { precise } : {}) });
      return results;
    };
    const note = (name: string, what: string): string => {
      given.set(name, what);
      return name;
    };
    const param = this.#param.bind(this);
    const constant = this.#constant.bind(this);
    return {
      inputShapes: inputsOf(
        node.op,
        node.inputs.map((value) => value.shape),
      ),
      outputShapes: node.outputs.map((value) => value.shape),
      reduces: this.#forms.reduces,
      multipleOf: this.#forms.multipleOf,
      nodes: (type, inputs, outputs, attrs?: Readonly<Record<string, OnnxAttr>>) => nodes(type, inputs, outputs, attrs),
      node: (type, inputs, attrs?: Readonly<Record<string, OnnxAttr>>) =>
        must(nodes(type, inputs, 1, attrs)[0], `the output of ${type}`),
      param(role, view) {
        read.add(role);
        return note(param(node, role, view), role);
      },
      constant: (name, dims, values) => note(constant(name, tensorOf(dims, Float32Array.from(values))), `constant ${name}`),
      ints: (name, values) =>
        note(constant(name, tensorOf([values.length], BigInt64Array.from(values.map(BigInt)))), `constant ${name}`),
      shared: (key, make) => {
        const name = this.#shared.get(key) ?? make();
        this.#shared.set(key, name);
        return name;
      },
    };
  }

  #param(node: OpNode, role: string, shape?: readonly number[]): string {
    const found = node.layer?.params.find((candidate) => candidate.role === role);
    const param = must(found, `the ${role} of ${node.layer?.path ?? node.op.name}`);
    const dims = shape ?? param.shape;
    if (elementCount(dims) !== elementCount(param.shape))
      throw new InternalError(`${param.path} cannot be seen as [${dims.join(", ")}]`);
    // A shared layer used in two ways is written in both views.
    const existing = this.#initializers.get(param.path);
    const name = existing === undefined || existing.dims.join() === dims.join() ? param.path : `${param.path}@${dims.join("x")}`;
    if (!this.#initializers.has(name))
      this.#initializers.set(name, { name, dims, dtype: param.dtype ?? "float32", load: () => bytesOf(this.#load(param)) });
    return name;
  }

  #constant(given: string, tensor: Tensor): string {
    const name = `constants/${given}`;
    const other = this.#constants.get(name);
    if (other !== undefined && !sameTensor(tensor, other))
      throw new InternalError(`two constants that differ are called ${given}`);
    if (other !== undefined) return name;
    this.#constants.set(name, tensor);
    const dtype = tensor.data instanceof Float32Array ? "float32" : "int64";
    this.#initializers.set(name, { name, dims: tensor.shape, dtype, load: () => bytesOf(tensor) });
    return name;
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

function sameTensor(a: Tensor, b: Tensor): boolean {
  return a.shape.join() === b.shape.join() && a.data.every((value, i) => value === b.data[i]);
}
