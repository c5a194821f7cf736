/** A float32 graph in float16: some nodes stay float32, and casts join the two kinds. Inputs and outputs of the graph stay float32. */
import { InternalError, must } from "../../../errors/must.ts";
import { largestHalf, toHalf } from "../float16.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode, OnnxValue } from "../graph.ts";
import { Namespace } from "../namespace.ts";
import { castTo, givesFloats, inputTypes, typesOf } from "../types.ts";
import { inFloat32, sameInterface, type GraphPass } from "./pass.ts";

type Float = "float32" | "float16";

/**
 * Values between these are kept in float16. A quarter of the largest number above, since other images reach further than those calibrated
 * on and sums pass through larger values than they give; below, where even the largest value of a tensor begins to lose digits.
 */
export const halfRange = { from: 2 ** -10, to: largestHalf / 4 } as const;

/** Whether float16 holds a tensor whose largest magnitude this is. */
export function fitsHalf(magnitude: number): boolean {
  return magnitude === 0 || (magnitude >= halfRange.from && magnitude <= halfRange.to);
}

/** All nodes but those of the given names in float16. */
export function half(float32: ReadonlySet<string>): GraphPass {
  const kindOf = (node: OnnxNode): Float => (float32.has(node.name) ? "float32" : "float16");
  return {
    name: "half",
    doc: "Computes in float16 what float16 can hold.",
    requires: [
      inFloat32,
      {
        name: "the graph that was calibrated",
        broken(graph) {
          const names = new Set(graph.nodes.map((node) => node.name));
          const other = [...float32].find((name) => !names.has(name));
          return other && `it has no ${other}`;
        },
      },
    ],
    ensures: [
      sameInterface,
      {
        name: "in float16 where it was asked for",
        broken(after, before) {
          const types = typesOf(after);
          const nodes = new Map(after.nodes.map((node) => [node.name, node]));
          for (const { name } of before.nodes.filter((node) => givesFloats(node, before))) {
            const node = must(nodes.get(name), `${name} in float16`);
            const wrong = node.outputs.find((output) => types.get(output) !== kindOf(node));
            if (wrong !== undefined)
              return `${name} is to compute in ${kindOf(node)}, and ${wrong} is ${String(types.get(wrong))}`;
          }
          return undefined;
        },
      },
    ],
    run(graph) {
      const rewrite = new Rewrite(graph, kindOf);
      for (const node of graph.nodes) rewrite.node(node);
      return rewrite.finish();
    },
  };
}

/** The tensors of a graph that are computed in floating point. */
export function floatTensors(graph: OnnxGraph): readonly string[] {
  const computed = graph.nodes.filter((node) => givesFloats(node, graph)).flatMap((node) => node.outputs);
  return [...graph.inputs.map((input) => input.name), ...computed];
}

class Rewrite {
  readonly #graph: OnnxGraph;
  readonly #kindOf: (node: OnnxNode) => Float;
  readonly #names = new Namespace();
  readonly #nodes: OnnxNode[] = [];
  /** Under what name a tensor is there in each type. */
  readonly #stored = new Map<string, Partial<Record<Float, string>>>();
  readonly #half = new Set<string>();
  readonly #outputs: ReadonlySet<string>;
  readonly #initializers: ReadonlySet<string>;

  constructor(graph: OnnxGraph, kindOf: (node: OnnxNode) => Float) {
    this.#graph = graph;
    this.#kindOf = kindOf;
    this.#outputs = new Set(graph.outputs.map((output) => output.name));
    this.#initializers = new Set(graph.initializers.map(({ name }) => name));
    for (const name of [...floatTensors(graph), ...this.#initializers, ...graph.nodes.map((node) => node.name)])
      this.#names.claim(name);
    for (const { name } of graph.inputs) this.#stored.set(name, { float32: name });
    for (const { name, dtype } of graph.initializers) if (dtype === "float32") this.#stored.set(name, {});
    for (const node of graph.nodes) {
      node.inputs.forEach((name, slot) => {
        const kind = this.#inputKind(node, slot);
        if (kind !== undefined && this.#initializers.has(name)) this.#storeInitializer(name, kind);
      });
    }
  }

  /** A weight keeps its name; where it is needed in both types, float32 has a second one. */
  #storeInitializer(name: string, kind: Float): void {
    const stored = this.#stored.get(name);
    if (stored === undefined || stored[kind] !== undefined) return;
    if (kind === "float32") stored.float32 = stored.float16 === undefined ? name : this.#names.claim(`${name}@float32`);
    else {
      stored.float16 = name;
      this.#half.add(name);
      if (stored.float32 !== undefined) stored.float32 = this.#names.claim(`${name}@float32`);
    }
  }

  /** The type in which a node takes an input; undefined where any will do, or a whole number must stand there. */
  #inputKind(node: OnnxNode, slot: number): Float | undefined {
    if (!givesFloats(node, this.#graph)) return undefined;
    const floats = inputTypes(node, slot, this.#graph.opset).filter((dtype) => dtype !== "int64");
    return floats.length === 1 ? floats[0] : floats.length === 0 ? undefined : this.#kindOf(node);
  }

  node(node: OnnxNode): void {
    const inputs = node.inputs.map((name, slot) => this.#use(name, this.#inputKind(node, slot)));
    if (!givesFloats(node, this.#graph)) {
      this.#nodes.push({ ...node, inputs });
      return;
    }
    const kind = this.#kindOf(node);
    const outputs = node.outputs.map((name) => this.#store(name, kind));
    this.#nodes.push({ ...node, inputs, outputs });
    for (const name of node.outputs) if (this.#outputs.has(name)) this.#use(name, "float32");
  }

  #store(name: string, kind: Float): string {
    const own = kind === "float16" && this.#outputs.has(name) ? this.#names.claim(`${name}/float16`) : name;
    this.#stored.set(name, { [kind]: own });
    if (kind === "float16") this.#half.add(own);
    return own;
  }

  /** The tensor in this type, through a cast where it has another. */
  #use(name: string, kind: Float | undefined): string {
    const stored = this.#stored.get(name);
    if (stored === undefined) return name;
    const there = kind === undefined ? (stored.float16 ?? stored.float32) : stored[kind];
    if (there !== undefined) return there;
    if (kind === undefined) throw new InternalError(`${name} is used before it is computed`);
    const from = must(stored.float32 ?? stored.float16, `${name} before it is cast`);
    const to = kind === "float32" && this.#outputs.has(name) ? name : this.#names.claim(`${name}/${kind}`);
    const at = name.lastIndexOf("/");
    const cast = this.#names.claim(`${at < 0 ? name : name.slice(0, at)}/Cast`);
    this.#nodes.push({ name: cast, type: "Cast", inputs: [from], outputs: [to], attrs: { to: castTo[kind] } });
    stored[kind] = to;
    if (kind === "float16") this.#half.add(to);
    return to;
  }

  finish(): OnnxGraph {
    const values = this.#graph.values.map((value): OnnxValue => {
      const dtype = this.#half.has(value.name) ? "float16" : "float32";
      return { ...value, dtype };
    });
    const initializers = this.#graph.initializers.flatMap((initializer): readonly OnnxInitializer[] => {
      const stored = this.#stored.get(initializer.name);
      if (stored === undefined) return [initializer];
      const { float16, float32 } = stored;
      return [
        ...(float16 === undefined
          ? []
          : [{ ...initializer, name: float16, dtype: "float16" as const, load: () => toHalf(initializer.load()) }]),
        ...(float32 === undefined ? [] : [{ ...initializer, name: float32 }]),
      ];
    });
    return { ...this.#graph, nodes: this.#nodes, values, initializers };
  }
}
