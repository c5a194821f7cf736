/** What ONNX's schema says of a node: which inputs, attributes and types it may have, and the types that it gives. */
import { InternalError, must } from "../../errors/must.ts";
import { onnxSchema } from "../../ir/onnx-schema.ts";
import type { OnnxDType, OnnxOperand, OnnxSignature } from "../../ir/onnx-signature.ts";
import type { OnnxAttr } from "../../ir/onnx.ts";
import type { OnnxGraph, OnnxNode } from "./graph.ts";

/** `to` of Cast. */
export const castTo = { float32: 1, float16: 10, int64: 7 } as const satisfies Record<OnnxDType, number>;

/** Graphs never change, and several checks ask for the types of one. */
const known = new WeakMap<OnnxGraph, ReadonlyMap<string, OnnxDType>>();

/** The type of every tensor of a graph, each of which is defined before it is used; InternalError where a node breaks the schema. */
export function typesOf(graph: OnnxGraph): ReadonlyMap<string, OnnxDType> {
  const types = known.get(graph) ?? inferTypes(graph);
  known.set(graph, types);
  return types;
}

function inferTypes(graph: OnnxGraph): ReadonlyMap<string, OnnxDType> {
  const types = new Map<string, OnnxDType>();
  for (const { name, dtype = "float32" } of graph.inputs) types.set(name, dtype);
  for (const { name, dtype } of graph.initializers) types.set(name, dtype);
  for (const node of graph.nodes) {
    const given = outputTypes(node, signatureOf(node, graph.opset), types);
    for (const [i, name] of node.outputs.entries()) types.set(name, must(given[i], `the type of ${name}`));
  }
  return types;
}

/** The types that a slot of a node may have; several where a variable stands there. */
export function inputTypes(node: OnnxNode, slot: number, opset: number): readonly OnnxDType[] {
  const signature = signatureOf(node, opset);
  return allowed(signature, must(operandAt(signature.inputs, slot), `input ${slot} of ${node.type}`));
}

/** Whether what a node of a graph gives is computed in floating point, not a whole number such as a side. */
export function givesFloats(node: OnnxNode, graph: OnnxGraph): boolean {
  const types = typesOf(graph);
  return node.outputs.some((name) => types.get(name) !== "int64");
}

function signatureOf(node: OnnxNode, opset: number): OnnxSignature {
  // The types know the operators; what runs may still come from elsewhere, such as a user's own op.
  const versions = (onnxSchema as Readonly<Record<string, readonly OnnxSignature[]>>)[node.type];
  const since = versions?.findLast((version) => version.since <= opset);
  return must(since, `the operator ${node.type} of ${node.name} in operator set ${opset}`);
}

function operandAt(operands: readonly OnnxOperand[], slot: number): OnnxOperand | undefined {
  const last = operands.at(-1);
  return operands[slot] ?? (last?.[2] === "variadic" ? last : undefined);
}

function allowed({ types }: OnnxSignature, [, variable]: OnnxOperand): readonly OnnxDType[] {
  return types[variable] ?? [variable as OnnxDType];
}

function outputTypes(
  node: OnnxNode,
  signature: OnnxSignature,
  types: ReadonlyMap<string, OnnxDType>,
): readonly (OnnxDType | undefined)[] {
  const { name: label, type, inputs, outputs, attrs } = node;
  checkAttrs(node, signature);
  const bound = new Map<string, OnnxDType>();
  const slots = Math.max(inputs.length, signature.inputs.length);
  for (let slot = 0; slot < slots; slot++) {
    const operand = operandAt(signature.inputs, slot);
    const input = inputs[slot];
    if (operand === undefined) throw new InternalError(`${label} gives ${type} ${inputs.length} inputs`);
    const [name, variable, arity] = operand;
    if (input === undefined || input === "") {
      if (arity === "optional") continue;
      throw new InternalError(`${label} lacks the input ${name} of ${type}`);
    }
    const dtype = must(types.get(input), `the type of ${input}, which ${label} takes,`);
    const wanted = bound.get(variable) ?? dtype;
    if (wanted !== dtype || !allowed(signature, operand).includes(dtype)) {
      throw new InternalError(`${label} gives ${type} ${dtype} for ${name}`);
    }
    bound.set(variable, dtype);
  }
  const needed = signature.outputs.filter(([, , arity]) => arity !== "optional").length;
  if (outputs.length < needed || (outputs.length > 0 && operandAt(signature.outputs, outputs.length - 1) === undefined)) {
    throw new InternalError(`${label} wants ${outputs.length} outputs of ${type}`);
  }
  return outputs.map((_, slot) => {
    const operand = must(operandAt(signature.outputs, slot), `output ${slot} of ${type}`);
    const [only, ...others] = allowed(signature, operand);
    return bound.get(operand[1]) ?? (others.length === 0 ? only : attributeType(attrs["to"]));
  });
}

/** The type that Cast names; the operators whose type comes from elsewhere are none of ours. */
function attributeType(to: OnnxAttr | undefined): OnnxDType | undefined {
  return (Object.keys(castTo) as OnnxDType[]).find((dtype) => castTo[dtype] === to);
}

function checkAttrs({ name: label, type, attrs }: OnnxNode, signature: OnnxSignature): void {
  for (const [name, value] of Object.entries(attrs)) {
    const kind = signature.attrs[name];
    if (kind === undefined) throw new InternalError(`${label} has ${name}, which is no attribute of ${type}`);
    if (kind !== kindOf(value)) throw new InternalError(`${label} has ${kindOf(value)} for ${name} of ${type}, which is ${kind}`);
  }
  const missing = signature.required.find((name) => attrs[name] === undefined);
  if (missing !== undefined) throw new InternalError(`${label} lacks the attribute ${missing} of ${type}`);
}

function kindOf(value: OnnxAttr): string {
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "a fraction";
  if (typeof value === "string") return "string";
  if ("float" in value) return "float";
  return "floats" in value ? "floats" : "ints";
}
