/**
 * What a reader calls the sizes of a graph's tensors that follows them from the inputs on without knowing which images fit. To onnxruntime's symbolic shape
 * inference and to TVM `2*h` is a name as any other, half of a side that may be odd is rounded, and an enlarged one is nobody's: `floor(2.0*h)`.
 */
import { must } from "../../errors/must.ts";
import { sizesAsked } from "./attributes.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode } from "./graph.ts";
import { calculatesSides } from "./operators.ts";
import { numbersIn, shapesOf } from "./shapes.ts";
import { sidesOf } from "./sides.ts";
import { at, ints } from "./sizes.ts";
import { window } from "./windows.ts";

/** One for each axis; a size that does not follow from an image is its number. */
export type Names = readonly string[];

/** Whether a size follows from the image's, or the batch's. */
export const isOpen = (name: string): boolean => !/^-?\d+$/.test(name);

/** At both images. */
interface Size {
  readonly first: number;
  readonly second: number;
}

const windowed: ReadonlySet<OnnxNode["type"]> = new Set(["AveragePool", "Conv", "MaxPool"]);

export class SizeNames {
  readonly #sizes: Map<string, readonly Size[]>;
  readonly #names = new Map<string, Names>();
  /** Of tensors that hold sizes. */
  readonly #contents = new Map<string, Names>();

  constructor(graph: OnnxGraph, [first, second]: NonNullable<OnnxGraph["samples"]>) {
    const others = shapesOf(graph, second);
    this.#sizes = new Map(
      [...shapesOf(graph, first)].map(([tensor, sizes]) => {
        const other = must(others.get(tensor), `the other sizes of ${tensor}`);
        return [tensor, sizes.map((size, axis) => ({ first: size, second: at(other, axis) }))];
      }),
    );
    const { nameOf } = sidesOf(graph);
    for (const { name, dims } of graph.inputs) this.#names.set(name, dims.map(nameOf));
    for (const initializer of graph.initializers) this.hold(initializer);
  }

  /** Takes a constant of the graph. */
  hold(initializer: OnnxInitializer): void {
    this.#names.set(initializer.name, initializer.dims.map(String));
    if (initializer.dtype === "int64") this.#contents.set(initializer.name, (numbersIn(initializer) ?? []).map(String));
  }

  /** Of a tensor that was read; undefined where only running the graph can tell. */
  of(tensor: string): Names | undefined {
    return this.#names.get(tensor);
  }

  /** Takes a tensor that has another's sizes, by names of its own. */
  add(tensor: string, like: string, names: Names): void {
    this.#names.set(tensor, names);
    this.#sizes.set(tensor, must(this.#sizes.get(like), `the sizes of ${like}`));
  }

  read(node: OnnxNode): void {
    const given = node.inputs.map((input) => this.#contents.get(input));
    const [shape] = node.inputs.map((input) => this.of(input));
    for (const output of node.outputs) {
      if (node.type === "Shape" && shape !== undefined) this.#contents.set(output, sizesAsked(node, shape));
      if (node.type === "Concat" && given.every((names) => names !== undefined)) this.#contents.set(output, given.flat());
      const sizes = this.#sizes.get(output);
      if (sizes === undefined) continue;
      const names = sizes.map((size, axis) =>
        size.first === size.second ? String(size.first) : (this.#handedOn(node, axis, size) ?? `${output}[${axis}]`),
      );
      this.#names.set(output, names);
    }
  }

  /** What a node calls an open size of its output by the names of its inputs. */
  #handedOn(node: OnnxNode, axis: number, size: Size): string | undefined {
    const operands = node.inputs.map((input) => ({ sizes: this.#sizes.get(input), names: this.of(input) }));
    const slot = givenSizes[node.type];
    const asked = slot === undefined ? undefined : node.inputs[slot];
    const wanted = asked === undefined ? undefined : this.#contents.get(asked)?.[axis];
    if (wanted !== undefined && isOpen(wanted)) return wanted;
    const [data] = operands;
    const [own, before] = [data?.names?.[axis], data?.sizes?.[axis]];
    if (own !== undefined && before !== undefined) {
      // Every size is multiplied by its scale, the batch too.
      if (node.type === "Resize") return `floor(${size.first / before.first}*${own})`;
      if (calculatesSides.has(node.type) && axis > 1)
        return throughWindow(node, own, axis - 2, operands[1]?.sizes) ?? (same(before, size) ? own : undefined);
    }
    // What hands a size on keeps it in its place, or turns it.
    const handed = operands.flatMap(({ sizes = [], names = [] }) =>
      names.flatMap((name, place) => (same(sizes[place], size) ? [{ name, place }] : [])),
    );
    return (handed.find(({ place }) => place === axis) ?? handed[0])?.name;
  }
}

/** Which input of an operator says what sizes its output has. */
const givenSizes: Partial<Readonly<Record<OnnxNode["type"], number>>> = { Reshape: 1, Resize: 3 };

const same = (a: Size | undefined, b: Size): boolean => a?.first === b.first && a.second === b.second;

/** A side of what a window gives that moves over a map; undefined of other nodes. */
function throughWindow(node: OnnxNode, side: string, i: number, weight: readonly Size[] | undefined): string | undefined {
  const kernel = ints(node.attrs["kernel_shape"]) ?? weight?.slice(2).map(({ first }) => first);
  if (kernel === undefined || !windowed.has(node.type)) return undefined;
  const { strides, dilations, pads } = window(node, kernel);
  const reach = at(dilations, i) * (at(kernel, i) - 1) + 1 - at(pads, i) - at(pads, i + kernel.length);
  const stride = at(strides, i);
  return stride === 1 && reach === 1 ? side : `floor((${side} - ${reach})/${stride})`;
}
