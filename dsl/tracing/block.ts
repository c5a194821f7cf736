/** `block` and `layers`: kinds of modules, and the names of what they are made of. */
import { UserError } from "../../src/errors/index.ts";
import type { Block, Body, Definition, Rebuilds, Rebuilt } from "../../src/ir/model.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../../src/ir/source.ts";
import { above, checkedArguments, checkedForAuthor } from "../arguments.ts";
import { checkLayerKey, checkMemberKey } from "../names.ts";
import { callBlock, traceBody } from "./call.ts";
import { parametersIn } from "./code-text.ts";
import { checkOneKind, markKind, noLayer } from "./entries.ts";
import { building, callableOf, handleOf, labelOf, type BlockHandle, type Building, type Named } from "./handles.ts";
import { recordModule, rootHandle } from "./part.ts";
import { newPart } from "./trace.ts";
import { isChange, watched, type Slip } from "./watched.ts";

/**
 * A kind of module. `build` gets the configuration, names its layers with `layers`, and returns the function over features.
 * The name is that of the generated class; a call makes one instance.
 */
export function block<A extends unknown[], R extends FunctionOfFeatures>(
  name: string,
  build: (...config: A) => R,
): (...config: A) => R {
  const source = captureSource(block);
  checkedArguments(arguments, {
    called: "block",
    most: 2,
    takes: "a name and a function",
    at: () => ({ where: placeOf(source) }),
  });
  if (!/^[A-Z][A-Za-z0-9]*$/.test(name)) {
    throw new UserError({
      what: `"${name}" is not a block name`,
      where: placeOf(source),
      expected: "a class name such as ResBlock",
      found: name,
      help: "use letters and digits, beginning with a capital",
    });
  }
  const make = (config: A, made: Source): BlockHandle => instance({ name, build, config, source: made, definition });
  const code = String(build);
  const definition: Definition = Object.freeze({
    name,
    source,
    code,
    parameters: parametersIn(code),
    build: (config: readonly unknown[], rebuilds: Rebuilds) => rebuilt(() => make(config as A, source), rebuilds),
  });
  const create = (...given: A): R => {
    const config = checkedForAuthor(build, given, "setting", { called: name, at: () => above(create) }) as A;
    // A depth that is only tried may ask for more of them than there is memory.
    if (rebuilding !== undefined && building.some(({ handle }) => handle.definition === definition))
      throw new Error(`${name} holds its own kind`);
    const again = rebuilding?.of(definition, config);
    const handle =
      again === undefined ? make(config, captureSource(create)) : blockHandle({ name, config, source, definition }, again);
    const call = (...inputs: unknown[]): unknown => callBlock(handle, inputs, captureSource(call));
    return callableOf<R>(handle, call);
  };
  markKind(create, { name, build });
  return create;
}

/** Where blocks come from while one is built again. */
let rebuilding: Rebuilds | undefined;

interface Instance<A extends unknown[]> extends Pick<BlockHandle, "name" | "source" | "definition"> {
  readonly build: (...config: A) => unknown;
  readonly config: A;
}

/** What `build` makes of a configuration. */
function instance<A extends unknown[]>({ build, ...rest }: Instance<A>): BlockHandle {
  const { name } = rest;
  const handle = blockHandle(rest);
  const frame: Building = { handle, created: [], most: rebuilding?.mostModules, named: false };
  const watch = watched(rest.config);
  // Blocks inside that overflow the stack leave theirs behind.
  const around = building.length;
  let forward: unknown;
  try {
    building.push(frame);
    forward = build(...watch.config);
  } catch (error) {
    // What else is wrong follows from it.
    checkSpelling(handle, watch.slip());
    if (!isChange(error)) throw error;
    throw new UserError({
      what: `block ${name} changes its settings in place`,
      where: placeOf(error) ?? placeOf(handle.source),
      found: error.message,
      help: "copy a list first: [...list].reverse(), [...list, more]; who gave it has it, too",
    });
  } finally {
    building.length = around;
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
  return handle;
}

function blockHandle(instance: Pick<BlockHandle, "name" | "config" | "source" | "definition">, rebuilt?: Rebuilt): BlockHandle {
  return { kind: "block", ...instance, members: [], children: new Map(), forward: () => undefined, rebuilt };
}

/** The instance on its own, as a record that can be called. */
function rebuilt(make: () => BlockHandle, rebuilds: Rebuilds): Rebuilt {
  const before = rebuilding;
  rebuilding = rebuilds;
  let handle: BlockHandle;
  try {
    handle = make();
  } finally {
    rebuilding = before;
  }
  const part = newPart();
  const root = rootHandle(handle.source, handle.forward);
  Object.assign(handle, { owner: root, key: "" });
  const block = recordModule(handle, part) as Block;
  const trace = (inputs: readonly Shape[], named?: Body["named"]): Body =>
    traceBody(
      handle,
      inputs.map((shape) => ({ shape })),
      { ...part, named: new Map() },
      handle.source,
      named,
    );
  return { block, trace };
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
interface LayerOrBlock {
  readonly apply: CallableFunction["apply"];
}

/** What the function of a block returns, written without a call signature for the same reason. */
interface FunctionOfFeatures {
  readonly apply: CallableFunction["apply"];
}

interface LayersByKey {
  readonly [key: string]: LayerOrBlock | readonly Nameable[] | LayersByKey;
}

/** What can have a name: a layer, a block, or an array or a record of what can have one. */
export type Nameable = Applicable | readonly Nameable[] | LayersByKey;

type Layers = Readonly<Record<string, Nameable | undefined>>;

/**
 * Names the layers of the block being built, once per block. An array gives `name.0`, `name.1`, …; a record gives `name.key` for each of its
 * keys, which are whole numbers or names: `{ features: { 0: …, 2: … } }` gives `features.0` and `features.2`. Arrays and records may hold others:
 * `{ up: [[…, …], […]] }` gives `up.0.0`.
 */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- where an entry is wrong T is the constraint: what is made of it is no error more
export function layers<const T extends Layers>(named: T): Layers extends T ? any : T {
  const source = captureSource(layers);
  checkedArguments(arguments, {
    called: "layers",
    most: 1,
    takes: "its layers, in one object",
    at: () => ({ where: placeOf(source) }),
  });
  const frame = building.at(-1);
  const fail = (what: string, help: string): never => {
    throw new UserError({ what, where: placeOf(source), help });
  };
  if (frame === undefined) {
    return fail("layers() is called outside of a block", "call it in the function given to block(name, …)");
  }
  if (frame.named) return fail(`block ${frame.handle.name} calls layers() twice`, "name all layers of a block in one call");
  frame.named = true;
  frame.handle.members = Object.entries(named).map(([key, entry]) => {
    checkLayerKey(key, source);
    return [key, adopt(frame.handle, key, entry, source)] as const;
  });
  return named;
}

/** Makes the handles in `entry` children of `owner`, under `key` and what stands behind it. */
function adopt(owner: BlockHandle, key: string, entry: unknown, source: Source): Named {
  if (Array.isArray(entry)) {
    const items = entry.map((item, i) => adopt(owner, `${key}.${i}`, item, source));
    checkOneKind(
      key,
      items.map((item, i) => [String(i), item]),
      source,
    );
    return { kind: "list", items };
  }
  if (typeof entry === "object" && entry !== null) {
    const entries = Object.entries(entry);
    for (const [member] of entries) checkMemberKey(member, key, source);
    const named = entries.map(([member, item]) => [member, adopt(owner, `${key}.${member}`, item, source)] as const);
    checkOneKind(key, named, source);
    return { kind: "record", entries: named };
  }
  const handle = handleOf(entry);
  if (handle === undefined) throw noLayer(key, entry, source);
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
  return handle;
}
