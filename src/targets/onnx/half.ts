/** A float32 graph in float16: some nodes stay float32, and casts join the two kinds. Inputs and outputs of the graph stay float32. */
import { fromHalf, largestHalf, toHalf } from "./float16.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode, OnnxValue } from "./graph.ts";
import { Namespace } from "./namespace.ts";

type Float = "float32" | "float16";

/** `to` of Cast. */
const castTo = { float32: 1, float16: 10 } as const;

/** Operators whose outputs are whole numbers. */
const givesInts: readonly string[] = ["Shape"];
/** Inputs that ONNX defines as float32 whatever the other inputs are: by operator, their place. */
const alwaysFloat32: Readonly<Record<string, readonly number[]>> = { Resize: [2] };

/**
 * Values between these are kept in float16. A quarter of the largest number above, since other pictures reach further than those calibrated
 * on and sums pass through larger values than they give; below, where even the largest value of a tensor begins to lose digits.
 */
export const halfRange = { from: 2 ** -10, to: largestHalf / 4 } as const;

/** Whether float16 holds a tensor whose largest magnitude this is. */
export function fitsHalf(magnitude: number): boolean {
  return magnitude === 0 || (magnitude >= halfRange.from && magnitude <= halfRange.to);
}

/** The tensors of a graph that are computed in floating point. */
export function floatTensors(graph: OnnxGraph): readonly string[] {
  const computed = graph.nodes.filter((node) => !givesInts.includes(node.type)).flatMap((node) => node.outputs);
  return [...graph.inputs.map((input) => input.name), ...computed];
}

export interface HalfGraph {
  readonly graph: OnnxGraph;
  /** Names of the tensors that are float16. */
  readonly half: ReadonlySet<string>;
}

/** Writes all nodes but those named in `float32` in float16. */
export function halved(graph: OnnxGraph, float32: ReadonlySet<string>): HalfGraph {
  const rewrite = new Rewrite(graph, (node) => (float32.has(node.name) ? "float32" : "float16"));
  for (const node of graph.nodes) rewrite.node(node);
  return rewrite.finish();
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

  /** The type in which a node takes an input; undefined where any will do. */
  #inputKind(node: OnnxNode, slot: number): Float | undefined {
    if (givesInts.includes(node.type)) return undefined;
    return alwaysFloat32[node.type]?.includes(slot) === true ? "float32" : this.#kindOf(node);
  }

  node(node: OnnxNode): void {
    const inputs = node.inputs.map((name, slot) => this.#use(name, this.#inputKind(node, slot)));
    if (givesInts.includes(node.type)) {
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
    if (kind === undefined) throw new Error(`${name} is used before it is computed`);
    const from = stored.float32 ?? stored.float16 ?? "";
    const to = kind === "float32" && this.#outputs.has(name) ? name : this.#names.claim(`${name}/${kind}`);
    const at = name.lastIndexOf("/");
    const cast = this.#names.claim(`${at < 0 ? name : name.slice(0, at)}/Cast`);
    this.#nodes.push({ name: cast, type: "Cast", inputs: [from], outputs: [to], attrs: { to: castTo[kind] } });
    stored[kind] = to;
    if (kind === "float16") this.#half.add(to);
    return to;
  }

  finish(): HalfGraph {
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
    return { graph: { ...this.#graph, nodes: this.#nodes, values, initializers }, half: this.#half };
  }
}

/**
 * A float16 graph as a float32 one that rounds every value that the first one holds in float16, overflow to infinity included. A runtime on a
 * CPU computes float16 graphs in float32 from end to end; this one shows what a device with float16 arithmetic gives.
 */
export function rounded({ graph, half }: HalfGraph): OnnxGraph {
  const nodes = graph.nodes.flatMap((node): readonly OnnxNode[] => {
    // What is cast to float32 is rounded already.
    if (node.type === "Cast" && !half.has(node.outputs[0] ?? "")) return [{ ...node, type: "Identity", attrs: {} }];
    const computed = node.type === "Cast" ? { ...node, type: "Identity", attrs: {} } : node;
    const outputs = node.outputs.map((name) => (half.has(name) ? `${name}?` : name));
    const casts = node.outputs
      .filter((name) => half.has(name))
      .flatMap((name) => [
        { name: `${name}?half`, type: "Cast", inputs: [`${name}?`], outputs: [`${name}?half`], attrs: { to: castTo.float16 } },
        { name: `${name}?float`, type: "Cast", inputs: [`${name}?half`], outputs: [name], attrs: { to: castTo.float32 } },
      ]);
    return [{ ...computed, outputs }, ...casts];
  });
  const initializers = graph.initializers.map((initializer): OnnxInitializer =>
    initializer.dtype === "float16"
      ? { ...initializer, dtype: "float32", load: () => fromHalf(initializer.load()) }
      : initializer,
  );
  return { ...graph, nodes, values: [], initializers };
}

/** The graph with one more output for each of the tensors, the largest magnitude in it: `max/0`, `max/1`, … */
export function withMaxima(graph: OnnxGraph, tensors: readonly string[]): OnnxGraph {
  const measure = (tensor: string, i: number): readonly OnnxNode[] => [
    { name: `magnitude/${i}`, type: "Abs", inputs: [tensor], outputs: [`magnitude/${i}`], attrs: {} },
    { name: maximumName(i), type: "ReduceMax", inputs: [`magnitude/${i}`], outputs: [maximumName(i)], attrs: { keepdims: 0 } },
  ];
  // onnxruntime runs what comes last first, with all that it needs: in this order it measures a tensor while it is there, in the other one it
  // would keep them all until the end.
  const measured = tensors.map(measure).reverse().flat();
  const outputs = tensors.map((_, i): OnnxValue => ({ name: maximumName(i), dims: [] }));
  return { ...graph, nodes: [...graph.nodes, ...measured], outputs: [...graph.outputs, ...outputs] };
}

export function maximumName(index: number): string {
  return `max/${index}`;
}
