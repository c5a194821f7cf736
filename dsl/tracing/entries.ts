/** What `layers` refuses: entries that are no layers, each with its cure. */
import { UserError } from "../../src/errors/index.ts";
import { isRead } from "../../src/ir/op.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { ops } from "../../src/ops/index.ts";
import { handleOf, type Named } from "./handles.ts";

/** What `block` gave, whose calls make instances. */
const kinds = new WeakMap<object, Kind>();

interface Kind {
  readonly name: string;
  readonly build: (...config: never[]) => unknown;
}

/** Notes that calls of `create` make instances of a kind. */
export function markKind(create: object, kind: Kind): void {
  kinds.set(create, kind);
}

/** What a block or an instance of one is called, and how an instance is written; undefined of what is neither. */
export function instanceTold(value: unknown): { readonly what: string; readonly call: string } | undefined {
  const handle = handleOf(value);
  if (handle?.kind === "block")
    return { what: `an instance of ${handle.name}`, call: `${handle.name}(${handle.config.length > 0 ? "{ … }" : ""})` };
  const kind = typeof value === "function" ? kinds.get(value) : undefined;
  return kind && { what: `the block ${kind.name}`, call: callOf(kind) };
}

const callOf = ({ name, build }: Kind): string => `${name}(${build.length === 0 ? "" : "{ … }"})`;

/** The error of an entry that is no layer, under `key` of `layers`, such as `res` or `res.0`. */
export function noLayer(key: string, entry: unknown, source: Source): UserError {
  const { found, help } = toldOf(key, entry);
  return new UserError({
    what: `"${key}" is not a layer`,
    where: placeOf(source),
    expected: "layers, blocks, or lists or records of them",
    found,
    help,
  });
}

interface Told {
  readonly found: string;
  readonly help: string;
}

function toldOf(key: string, entry: unknown): Told {
  if (typeof entry !== "function") return { found: String(entry), help: isAbsent(entry) ? absent(key) : "leave it out" };
  const kind = kinds.get(entry);
  if (kind !== undefined) {
    return { found: `the block ${kind.name}, not called`, help: `${kind.name} is a block: call it, ${callOf(kind)}` };
  }
  const { name } = entry;
  const op = Object.entries(ops).find(([each]) => each === name)?.[1];
  if (op?.torch.kind === "module")
    return { found: `${name}, not called`, help: `${name} makes layers: call it with its settings, ${name}({ … })` };
  return {
    found: name === "" ? "a function" : `the function ${name}`,
    help: "leave it out: functions have no parameters and need no name, and are called where layers are applied, as in silu(conv(x))",
  };
}

function isAbsent(entry: unknown): boolean {
  return entry === undefined || entry === null || typeof entry === "boolean";
}

/** How what is there under a condition is written: beside names, or in a list. */
function absent(key: string): string {
  const last = key.slice(key.lastIndexOf(".") + 1);
  const spread = /^\d+$/.test(last) ? "...(condition ? [ … ] : [])" : `...(condition ? { ${last}: … } : {})`;
  return `name what is there, and leave out what is not: ${spread}`;
}

/** torch keeps parameters and modules in containers of different kinds; refuses one of both. */
export function checkOneKind(key: string, items: readonly (readonly [member: string, item: Named])[], source: Source): void {
  const isParameter = (item: Named): boolean => item.kind === "layer" && isRead(item.op);
  const parameters = items.filter(([, item]) => isParameter(item)).length;
  if (parameters === 0 || parameters === items.length) return;
  const members = items.map(([member]) => member);
  const name = key.slice(key.lastIndexOf(".") + 1).replaceAll(/(?:^|_)([a-z\d])/g, (_, first: string) => first.toUpperCase());
  throw new UserError({
    what: `"${key}" holds parameters beside layers`,
    where: placeOf(source),
    help: members.some((member) => /^\d/.test(member))
      ? "give parameters a list or a record of their own"
      : `make it a block, whose weights have the same keys: block("${name}", () => { const l = layers({ ${members.map((member) => `${member}: …`).join(", ")} }); return (x) => … })`,
  });
}
