/** A part that consists of one op. */
import { must, type NonEmpty } from "../errors/must.ts";
import { areaDim, dividedDim, symbolDim, type Bindings, type Dim, type DimSymbol } from "../ir/dim.ts";
import type { Layer, OpNode, Param, Part, Value } from "../ir/model.ts";
import { inputsOf, torchConstants, torchModule, type Attrs, type Op } from "../ir/op.ts";
import { pyName, type PyExpr } from "../ir/python.ts";
import { elementCount, shapeOf, type Shape } from "../ir/shape.ts";
import type { Tensor } from "../ir/tensor.ts";
import type { Audience } from "../targets/onnx/audience.ts";
import { encodePart, runOnnx } from "./run-onnx.ts";

/** Shapes with symbols for batch, height and width, and the values for which they are the given ones. */
export interface SymbolicShapes {
  readonly shapes: NonEmpty<Shape>;
  readonly bindings: Bindings;
}

/** `divisor` image pixels per position: heights read H/divisor. The shapes differ in their channels at most. */
export function symbolicShapes(shapes: NonEmpty<readonly number[]>, divisor = 1): SymbolicShapes {
  const symbols: readonly (DimSymbol | undefined)[] = ["N", undefined, "H", "W"];
  const bindings: Record<DimSymbol, number> = { N: 1, H: divisor, W: divisor };
  const symbolic = (size: number, axis: number): Dim | number => {
    const symbol = symbols[axis];
    if (symbol === undefined) return size;
    const pixels = symbol === "N" ? 1 : divisor;
    bindings[symbol] = size * pixels;
    return dividedDim(symbolDim(symbol), pixels);
  };
  // What is repeated over the largest has sizes of its own, which are fixed.
  const weight = (shape: readonly number[]): number => 1e6 * shape.length + elementCount(shape);
  const whole = shapes.reduce((most, shape) => (weight(shape) > weight(most) ? shape : most), shapes[0]);
  const shaped = (shape: readonly number[]): Shape => {
    const [n, c, length] = shape;
    const [batch, , h, w] = whole;
    // A sequence beside a map, of one token for each of its positions or of a length of its own; a number per channel, which is learned, has one in all.
    if (shape.length === 3 && h !== undefined && w !== undefined && batch !== undefined && n === batch && length !== 1) {
      const [height, width] = shapeOf(symbolic(h, 2), symbolic(w, 3)) as [Dim, Dim];
      const own = length === h * w ? areaDim(height, width) : length;
      return shapeOf(symbolic(batch, 0), must(c, "channels"), must(own, "a length"));
    }
    return shapeOf(
      ...shape.map((size, axis) => (shape.length === whole.length && size === whole[axis] ? symbolic(size, axis) : size)),
    );
  };
  return { shapes: shapes.map(shaped) as readonly Shape[] as NonEmpty<Shape>, bindings };
}

/** Inputs are x0, x1, …, outputs y0, y1, …; an op that is a module in PyTorch is a layer called `layer`. */
export function oneOpPart(op: Op, attrs: Attrs, inputShapes: NonEmpty<Shape>): Part {
  const params = (op.params?.(attrs) ?? []).map((spec) => ({ ...spec, path: `layer.${spec.role}` }));
  const layer: Layer | undefined =
    op.torch.kind === "module" ? { kind: "layer", path: "layer", op, attrs, defaulted: [], params } : undefined;
  const inputs = inputShapes.map((shape): Value => ({ shape }));
  const outputs = op.infer(inputShapes, attrs).map((shape): Value => ({ shape }));
  const node: OpNode = { kind: "op", op, attrs, defaulted: [], layer, inputs, outputs, scope: "", source: { trace: {} } };
  return {
    name: "op",
    modules: layer === undefined ? [] : [layer],
    graph: { inputs, nodes: [node], outputs },
    inputNames: inputs.map((_, i) => `x${i}`),
    outputNames: outputs.map((_, i) => `y${i}`),
  };
}

/** Its use in PyTorch: the module that it is, or the expression over inputs of these names. */
export function torchUse(op: Op, attrs: Attrs, inputs: readonly string[]): PyExpr {
  const constants = torchConstants(attrs);
  return op.torch.kind === "module" ? torchModule(op.torch, constants) : op.torch.call(inputs.map(pyName), constants, attrs);
}

/** One use of an op in onnxruntime: what it gives for these inputs and parameters. */
export async function runOneOp(
  op: Op,
  attrs: Attrs,
  inputs: readonly Tensor[],
  state: Readonly<Record<string, Tensor>> = {},
  opset?: number,
  audience?: Audience,
): Promise<readonly Tensor[]> {
  const shapes = inputsOf(
    op,
    inputs.map(({ shape }) => shape),
  );
  const part = oneOpPart(op, attrs, symbolicShapes(shapes).shapes);
  const bytes = encodePart(part, loader(state), opset, audience);
  const results = await runOnnx(bytes, Object.fromEntries(inputs.map((input, i) => [`x${i}`, input])));
  return part.outputNames.map((name) => results[name] as Tensor);
}

/** Parameters of a part that consists of one op, by their roles. */
export function loader(state: Readonly<Record<string, Tensor>>): (param: Param) => Tensor {
  // A composed layer reads its parameters by their paths.
  const load = ({ path, derive }: Param): Tensor =>
    derive === undefined
      ? (state[path.slice("layer.".length)] as Tensor)
      : derive.compute(Object.fromEntries(derive.from.map((source) => [source.role, load(source)])));
  return load;
}
