/** Which modules of two models differ: modules are aligned by path. Measures; `compare.ts` prints. */
import { must } from "../errors/must.ts";
import type { ModelCounts, ModuleCounts } from "./count.ts";
import { partNamesOf } from "./parts.ts";

export type ModuleFacts = Pick<ModuleCounts, "kind" | "params" | "macs">;

export interface ModuleDifference {
  /** The module's one name. */
  readonly path: string;
  /** The module in the first model, null where only the second has it. */
  readonly first: ModuleFacts | null;
  /** The module in the second model, null where only the first has it. */
  readonly second: ModuleFacts | null;
  /** Attributes of a layer, or the functions of a block, that are not the same: in the first model and in the second. */
  readonly changed: Readonly<Record<string, readonly [string | null, string | null]>>;
  /** Where everything inside differs too: the differences that this one stands for. */
  readonly inside: readonly ModuleDifference[];
}

export interface ModelDifference {
  readonly first: string;
  readonly second: string;
  readonly modules: readonly ModuleDifference[];
}

/**
 * The modules that only one model has and those whose kind, attributes, functions, parameters or MACs differ. A subtree in which
 * everything differs is one difference, where it holds several. Parts that one of the models lacks count as missing modules; unmeasured
 * ones are passed over.
 */
export function differenceOf(first: ModelCounts, second: ModelCounts): ModelDifference {
  const modules = partNamesOf([first, second]).flatMap((name) => {
    const [a, b] = [first.parts[name], second.parts[name]];
    return a === null || b === null ? [] : differingModules(a?.modules ?? [], b?.modules ?? []);
  });
  return { first: first.model, second: second.model, modules };
}

function differingModules(first: readonly ModuleCounts[], second: readonly ModuleCounts[]): readonly ModuleDifference[] {
  const seconds = new Map(second.map((module) => [module.path, module]));
  const firsts = new Set(first.map(({ path }) => path));
  return [
    ...first.flatMap((module) => differing(module, seconds.get(module.path))),
    ...second.filter(({ path }) => !firsts.has(path)).flatMap((module) => differing(undefined, module)),
  ];
}

function differing(a: ModuleCounts | undefined, b: ModuleCounts | undefined): readonly ModuleDifference[] {
  const path = must(a ?? b, "the module that differs").path;
  const difference = (inside: readonly ModuleDifference[] = []): ModuleDifference => ({
    path,
    first: a === undefined ? null : facts(a),
    second: b === undefined ? null : facts(b),
    changed: a?.kind === b?.kind ? changes(a?.definition ?? {}, b?.definition ?? {}) : {},
    inside,
  });
  if (a === undefined || b === undefined) return [difference()];
  // Of another kind of module the children are others too: aligning them by name would say nothing.
  if (a.kind !== b.kind) return [difference()];
  const inside = differingModules(a.children, b.children);
  const own = difference();
  const changedItself = Object.keys(own.changed).length > 0;
  // A single difference says more by itself than the block around it, unless that block differs too.
  const several = inside.length + Number(changedItself) > 1 && inside.length > 0;
  if (several && coversAll(inside, [...a.children, ...b.children])) return [difference(inside)];
  // A sum that differs is the doing of the children, unless none of them differs.
  const changedSum = inside.length === 0 && (a.params !== b.params || a.macs !== b.macs);
  return [...(changedItself || changedSum ? [own] : []), ...inside];
}

/** Modules without parameters and MACs, such as dropout, have little to differ in and do not stand against a common line. */
function coversAll(differences: readonly ModuleDifference[], modules: readonly ModuleCounts[]): boolean {
  const paths = new Set(differences.map(({ path }) => path));
  return modules.every(({ path, params, macs }) => paths.has(path) || (params === 0 && macs === 0));
}

function facts({ kind, params, macs }: ModuleCounts): ModuleFacts {
  return { kind, params, macs };
}

function changes(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): ModuleDifference["changed"] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
  return Object.fromEntries(names.map((name) => [name, [a[name] ?? null, b[name] ?? null] as const]));
}
