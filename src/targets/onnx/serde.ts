/** The only file that knows protobuf: OnnxGraph → the bytes of a ModelProto, and back to what tests and `run` read of one. */
import onnxProto from "onnx-proto";
import protobuf from "protobufjs";
import { elementCount } from "../../ir/shape.ts";
import { fixedSize } from "../../ir/dim.ts";
import type { OnnxAttr } from "../../ir/onnx.ts";
import type { OnnxGraph, OnnxInitializer, OnnxNode, OnnxValue } from "./graph.ts";
import { sidesOf, type GraphSides } from "./sides.ts";

const { onnx } = onnxProto;

export interface ModelInfo {
  readonly irVersion: number;
  readonly producer: string;
  readonly producerVersion: string;
  /** Key-value pairs that say what the file is. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A protobuf message cannot exceed 2 GiB; what is larger keeps its weights in a file of their own. */
export const protobufLimit = 2 ** 31 - 2 ** 20;

const fieldOf = { modelGraph: 7, graphInitializer: 5, tensorRawData: 9 } as const;
const bytesPerElement = { float32: 4, float16: 2, int64: 8 } as const;
const dataType = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float16: onnx.TensorProto.DataType.FLOAT16,
  int64: onnx.TensorProto.DataType.INT64,
} as const;

export function initializerBytes({ dims, dtype }: OnnxInitializer): number {
  return elementCount(dims) * bytesPerElement[dtype];
}

/**
 * The model file in pieces. Tensors are spliced into the stream as they are loaded, so that no more than one computed tensor is held
 * beside the weights: one encode of everything would take twice the time and three times the memory. `external` names the file beside it that holds
 * the large ones, as `externalPieces` gives it.
 */
export function* encodeModel(graph: OnnxGraph, info: ModelInfo, external?: string): Generator<Uint8Array> {
  const model = onnx.ModelProto.encode({
    irVersion: info.irVersion,
    producerName: info.producer,
    producerVersion: info.producerVersion,
    opsetImport: [{ domain: "", version: graph.opset }],
    metadataProps: Object.entries(info.metadata).map(([key, value]) => ({ key, value })),
  }).finish();
  const { nameOf } = sidesOf(graph);
  const valueProtos = (values: readonly OnnxValue[]): object[] => values.map((value) => valueProto(value, nameOf));
  // Values between nodes are not declared: of one that it knows the shape of, onnxruntime keeps the memory for the next of that shape (docs/benchmarks.md).
  const body = onnx.GraphProto.encode({
    name: graph.name,
    docString: graph.doc,
    node: graph.nodes.map(nodeProto),
    input: valueProtos(graph.inputs),
    output: valueProtos(graph.outputs),
  }).finish();

  const outside = external === undefined ? undefined : externalFields(graph, external);
  const tensors = graph.initializers.map((initializer) => {
    const elsewhere = outside?.get(initializer);
    const inside = elsewhere === undefined;
    const head = tensorHead(initializer, elsewhere ?? {});
    const size =
      head.length +
      (inside ? fieldHead(fieldOf.tensorRawData, initializerBytes(initializer)).length + initializerBytes(initializer) : 0);
    return { initializer, head, inside, size };
  });
  const total = tensors.reduce((sum, { size }) => sum + fieldHead(fieldOf.graphInitializer, size).length + size, body.length);

  yield model;
  yield fieldHead(fieldOf.modelGraph, total);
  yield body;
  for (const { initializer, head, inside, size } of tensors) {
    yield fieldHead(fieldOf.graphInitializer, size);
    yield head;
    if (!inside) continue;
    yield fieldHead(fieldOf.tensorRawData, initializerBytes(initializer));
    yield initializer.load();
  }
}

/** Tag and length of a length-delimited field. */
function fieldHead(field: number, length: number): Uint8Array {
  return protobuf.Writer.create()
    .uint32((field << 3) | 2)
    .uint32(length)
    .finish();
}

/** Small constants, shapes among them, stay inside: shape inference has to read them. */
function goesOutside(initializer: OnnxInitializer): boolean {
  return initializerBytes(initializer) >= 1024;
}

/** Offsets are multiples of a page, so that runtimes can map the file. */
const page = 4096;

/** Where the tensors that go outside lie in the file beside the graph. */
function* externalOffsets(graph: OnnxGraph): Generator<readonly [OnnxInitializer, number]> {
  let end = 0;
  for (const initializer of graph.initializers.filter(goesOutside)) {
    const offset = Math.ceil(end / page) * page;
    yield [initializer, offset];
    end = offset + initializerBytes(initializer);
  }
}

/** The file beside the graph, in pieces. */
export function* externalPieces(graph: OnnxGraph): Generator<Uint8Array> {
  let end = 0;
  for (const [initializer, offset] of externalOffsets(graph)) {
    if (offset > end) yield new Uint8Array(offset - end);
    yield initializer.load();
    end = offset + initializerBytes(initializer);
  }
}

function tensorHead({ name, dims, dtype }: OnnxInitializer, fields: object): Uint8Array {
  return onnx.TensorProto.encode({ name, dims: [...dims], dataType: dataType[dtype], ...fields }).finish();
}

/** What the tensors that go outside say instead of their values. */
function externalFields(graph: OnnxGraph, location: string): ReadonlyMap<OnnxInitializer, object> {
  const fields = new Map<OnnxInitializer, object>();
  for (const [initializer, offset] of externalOffsets(graph)) {
    const entries = { location, offset: String(offset), length: String(initializerBytes(initializer)) };
    fields.set(initializer, {
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
    });
  }
  return fields;
}

function nodeProto(node: OnnxNode): InstanceType<typeof onnx.NodeProto> {
  return onnx.NodeProto.create({
    name: node.name,
    opType: node.type,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: Object.entries(node.attrs).map(([name, value]) => onnx.AttributeProto.create({ name, ...attributeValue(value) })),
  });
}

function attributeValue(value: OnnxAttr): object {
  const { AttributeType } = onnx.AttributeProto;
  if (typeof value === "number") return { type: AttributeType.INT, i: value };
  if (typeof value === "string") return { type: AttributeType.STRING, s: new TextEncoder().encode(value) };
  if ("float" in value) return { type: AttributeType.FLOAT, f: value.float };
  if ("floats" in value) return { type: AttributeType.FLOATS, floats: value.floats };
  return { type: AttributeType.INTS, ints: [...value] };
}

function valueProto({ name, dims, dtype = "float32" }: OnnxValue, nameOf: GraphSides["nameOf"]): object {
  const dim = dims.map((size) => {
    const fixed = fixedSize(size);
    return fixed === undefined ? { dimParam: nameOf(size) } : { dimValue: fixed };
  });
  return { name, type: { tensorType: { elemType: dataType[dtype], shape: { dim } } } };
}
