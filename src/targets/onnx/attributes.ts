/** What attributes of a node are: those that are left out by ONNX's schema. */
import { must } from "../../errors/must.ts";
import { onnxSchema } from "../../ir/onnx-schema.ts";
import type { OnnxNode } from "./graph.ts";

type Read = Pick<OnnxNode, "type" | "attrs">;

/** A whole number; InternalError where it is left out and the schema says nothing. */
export function intOf({ type, attrs }: Read, name: string): number {
  // What is left out means the same in every operator set.
  const defaults: Readonly<Record<string, number>> = onnxSchema[type][0].defaults;
  const value = attrs[name] ?? defaults[name];
  return must(typeof value === "number" ? value : undefined, `${name} of ${type}`);
}

/** Of the sizes of what a Shape is given, those that it gives. */
export function sizesAsked<T>(shape: Read, sizes: readonly T[]): readonly T[] {
  const { end } = shape.attrs;
  return sizes.slice(intOf(shape, "start"), typeof end === "number" ? end : undefined);
}
