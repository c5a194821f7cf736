/** Layers and blocks as their authors hold them while a model is being described. */
import { must } from "../../src/errors/must.ts";
import type { Definition, Rebuilt } from "../../src/ir/model.ts";
import type { Attrs, Op } from "../../src/ir/op.ts";
import type { Source } from "../../src/ir/source.ts";

/** A layer or block instance as its author holds it. It gets its place in the model from the `layers` that names it. */
export type Handle = LayerHandle | BlockHandle;

export interface LayerHandle {
  readonly kind: "layer";
  readonly op: Op;
  readonly attrs: Attrs;
  /** Names of the attributes that were left to their defaults. */
  readonly defaulted: readonly string[];
  readonly source: Source;
  owner?: BlockHandle;
  key?: string;
}

export interface BlockHandle {
  readonly kind: "block";
  readonly name: string;
  readonly config: readonly unknown[];
  readonly source: Source;
  readonly definition: Definition;
  /** What `layers` was given. */
  members: readonly (readonly [key: string, member: Named])[];
  readonly children: Map<string, Handle>;
  forward: (...inputs: never[]) => unknown;
  /** In a block that is built again: what was built of this configuration before, in place of members and function. */
  readonly rebuilt?: Rebuilt | undefined;
  owner?: BlockHandle;
  key?: string;
}

/** What stands under one key of `layers`. */
export type Named =
  | Handle
  | { readonly kind: "list"; readonly items: readonly Named[] }
  | { readonly kind: "record"; readonly entries: readonly (readonly [key: string, member: Named])[] };

/** A `block` function whose body runs right now. */
export interface Building {
  readonly handle: BlockHandle;
  readonly created: Handle[];
  /** How many it may create. */
  readonly most: number | undefined;
  named: boolean;
}

const handleKey = Symbol("litevae.handle");
export const building: Building[] = [];

type Callable = ((...inputs: never[]) => unknown) & { [handleKey]?: Handle };

export function callableOf<F>(handle: Handle, call: (...inputs: unknown[]) => unknown): F {
  const callable = Object.defineProperty(call, handleKey, { value: handle });
  const frame = building.at(-1);
  frame?.created.push(handle);
  if (frame?.most !== undefined && frame.created.length > frame.most)
    throw new Error(`${labelOf(frame.handle)} holds more than ${frame.most} modules`);
  return callable as F;
}

export function handleOf(value: unknown): Handle | undefined {
  return typeof value === "function" ? (value as Callable)[handleKey] : undefined;
}

export function pathOf(handle: Handle | undefined): string {
  if (handle?.owner === undefined) return "";
  const [prefix, key] = [pathOf(handle.owner), must(handle.key, "the name of a layer that has an owner")];
  return prefix === "" ? key : `${prefix}.${key}`;
}

export function labelOf(handle: Handle): string {
  return handle.kind === "layer" ? handle.op.name : handle.name;
}
