/** `block` and `layers`: kinds of modules, and the names of what they are made of. */
import { UserError } from "../../src/errors/index.ts";
import { captureSource, placeOf, type Source } from "../../src/ir/source.ts";
import { checkLayerKey, checkMemberKey } from "../names.ts";
import { callBlock } from "./call.ts";
import { building, callableOf, handleOf, labelOf, type BlockHandle, type Building, type Handle } from "./handles.ts";
import { watched, type Slip } from "./watched.ts";

/**
 * A kind of module. `build` gets the configuration, names its layers with `layers`, and returns the function over features.
 * The name is that of the generated class; a call makes one instance.
 */
export function block<A extends unknown[], R>(name: string, build: (...config: A) => R): (...config: A) => R {
  const source = captureSource(block);
  if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) {
    throw new UserError({
      what: `"${name}" is not a block name`,
      where: placeOf(source),
      expected: "a class name such as ResBlock",
      found: name,
      help: "use letters and digits, beginning with a capital",
    });
  }
  const create = (...config: A): R => {
    const handle: BlockHandle = {
      kind: "block",
      name,
      config,
      source: captureSource(create),
      children: new Map(),
      forward: () => undefined,
    };
    const frame: Building = { handle, created: [], named: false };
    building.push(frame);
    const watch = watched(config);
    let forward: R;
    try {
      forward = build(...watch.config);
    } catch (error) {
      // What else is wrong follows from it.
      checkSpelling(handle, watch.slip());
      throw error;
    } finally {
      building.pop();
    }
    checkSpelling(handle, watch.slip());
    if (typeof forward !== "function") {
      throw new UserError({
        what: `block ${name} does not return a function`,
        where: placeOf(handle.source),
        expected: "(x: Feature<C, S>) => Feature<…>",
        found: typeof forward,
        help: "return the function that applies the layers",
      });
    }
    const stray = frame.created.find((created) => created.owner === undefined);
    if (stray !== undefined) {
      throw new UserError({
        what: `a ${labelOf(stray)} in block ${name} has no name`,
        where: placeOf(stray.source),
        op: labelOf(stray),
        help: "put it into layers({ name: … }); names become the keys of its weights",
      });
    }
    handle.forward = forward as (...inputs: never[]) => unknown;
    const call = (...inputs: unknown[]): unknown => callBlock(handle, inputs, captureSource(call));
    return callableOf<R>(handle, call);
  };
  return create;
}

function checkSpelling({ name, config, source }: BlockHandle, slip: Slip | undefined): void {
  if (slip === undefined) return;
  throw new UserError({
    what: `block ${name} has no setting ${slip.found}`,
    where: placeOf(source),
    expected: slip.meant,
    found: config.flatMap((item) => (typeof item === "object" && item !== null ? Object.keys(item) : [])).join(", "),
    help: `did you mean ${slip.meant}?`,
  });
}

type Applicable = (...inputs: never[]) => unknown;

/** A layer or block in a record. Written with a call signature, the generics of what stands there would be lost. */
type Member = Pick<CallableFunction, "apply">;

/** What can have a name: a layer, a block, an array of them, or a record of them. */
export type Nameable = Applicable | readonly Applicable[] | Readonly<Record<string, Member>>;

/**
 * Names the layers of the block being built, once per block. An array gives `name.0`, `name.1`, …; a record gives `name.key` for each of its
 * keys, which are whole numbers or names: `{ features: { 0: …, 2: … } }` gives `features.0` and `features.2`.
 */
export function layers<T extends Readonly<Record<string, Nameable | undefined>>>(named: T): T {
  const source = captureSource(layers);
  const frame = building.at(-1);
  const fail = (what: string, help: string): never => {
    throw new UserError({ what, where: placeOf(source), help });
  };
  if (frame === undefined) {
    return fail("layers() is called outside of a block", "call it in the function given to block(name, …)");
  }
  if (frame.named) return fail(`block ${frame.handle.name} calls layers() twice`, "name all layers of a block in one call");
  frame.named = true;
  for (const [key, entry] of Object.entries(named)) {
    checkLayerKey(key, source);
    for (const [name, item] of entriesOf(key, entry, source)) {
      const handle = handleOf(item);
      if (handle === undefined) {
        return fail(
          `"${name}" is not a layer`,
          "give layers() layers, blocks, or arrays or records of them; functions such as silu need no name",
        );
      }
      adopt(frame.handle, name, handle, source);
    }
  }
  return named;
}

function entriesOf(key: string, entry: unknown, source: Source): readonly (readonly [string, unknown])[] {
  if (typeof entry !== "object" || entry === null) return [[key, entry]];
  const members = Object.entries(entry);
  if (!Array.isArray(entry)) for (const [member] of members) checkMemberKey(member, key, source);
  return members.map(([member, item]) => [`${key}.${member}`, item]);
}

function adopt(owner: BlockHandle, key: string, handle: Handle, source: Source): void {
  if (handle.owner !== undefined) {
    throw new UserError({
      what: `the ${labelOf(handle)} given as "${key}" already has the name "${handle.key}"`,
      where: placeOf(source),
      help: "name it once and apply it twice to share weights, or create a second one",
    });
  }
  handle.owner = owner;
  handle.key = key;
  owner.children.set(key, handle);
}
