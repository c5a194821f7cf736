/** Settings that some configurations leave to the author's code: what it takes for them, learnt by building the block with and without. */
import type { Block, Body, Graph, Rebuilds } from "../../../ir/model.ts";
import { printBody } from "../../../ir/print.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { settingsOf, type Setting } from "./config.ts";
import { distinct } from "./distinct.ts";
import { Fitter } from "./fit.ts";
import { attributesIn } from "./input-channels.ts";
import { evaluate, type Rule } from "./rules.ts";
import { Prober } from "./prober.ts";
import type { Sample } from "./samples.ts";

/** What a setting is where a configuration leaves it out. */
export interface Default extends Pick<Setting, "name" | "path"> {
  readonly rule: Rule;
}

/** So many variations of an instance show whether a default follows from other settings. */
const mostVariations = 6;
const usual = [0, 1, 2, 3, 4, 5, 6, 7, 8, 16, 32, 64, 0.1, 0.2, 0.25, 0.5];
/** As authors write multipliers and depths: all ones, all twos, 1, 2, 3, …, powers of 2, and those with the last but one repeated. */
const usualLists = [1, 2, 3, 4, 5].flatMap((length) => {
  const positions = Array.from({ length }, (_, i) => i);
  const lists = [() => 1, () => 2, (i: number) => i + 1, (i: number) => 2 ** i, (i: number) => 2 ** Math.min(i, length - 2)];
  return lists.map((item) => positions.map(item));
});

/** The block with its defaults in its configuration. */
export function completed(block: Block, defaults: readonly Default[]): Block {
  const missing = defaults.filter(({ path }) => !isThere(block.config, path) && canHold(block.config, path));
  if (missing.length === 0) return block;
  const settings = new Map(settingsOf(block).map(({ name, value }) => [name, value]));
  const config = missing.reduce<readonly unknown[]>((all, { path, rule }) => {
    const value = evaluate(rule, settings);
    return value === undefined || Number.isNaN(value) ? all : withValue(all, path, value);
  }, block.config);
  return { ...block, config };
}

/** The defaults that are known of the settings which some of the instances have and others leave out. */
export function defaultsOf(instances: readonly Sample[], rebuilds: Rebuilds): readonly Default[] {
  const all = new Map<string, Setting[]>();
  for (const { block } of instances)
    for (const setting of settingsOf(block)) all.set(setting.name, [...(all.get(setting.name) ?? []), setting]);
  return [...all].flatMap(([name, given]) => {
    const { path } = given[0] as Setting;
    const without = instances.filter(({ block }) => !isThere(block.config, path) && canHold(block.config, path));
    if (without.length === 0 || new Set(given.map(({ value }) => typeof value)).size > 1) return [];
    const rule = learnt(without, { path, values: distinct(given.map(({ value }) => value)) }, rebuilds);
    return rule === undefined ? [] : [{ name, path, rule }];
  });
}

/** The rule that holds for the instances and for variations of one of them. */
function learnt(without: readonly Sample[], asked: Asked, rebuilds: Rebuilds): Rule | undefined {
  const [first] = without as readonly [Sample];
  const own = [...first.settings].map(([name, value]) => [name, [value]] as const);
  const varied = new Prober(first, new Set(first.settings.keys()), new Map(own), [], rebuilds).samples().slice(0, mostVariations);
  const found: { readonly settings: Sample["settings"]; readonly value: PyConstant }[] = [];
  for (const sample of new Map([...without, ...varied].map((each) => [JSON.stringify([...each.settings]), each])).values()) {
    const before = distinct(found.map(({ value }) => value)).toReversed();
    const value = solved(sample, asked, before, rebuilds);
    if (value !== undefined) found.push({ settings: sample.settings, value });
    // Another configuration may be one that the author's code refuses with the setting; an instance is what has to be told.
    else if (without.includes(sample)) return undefined;
  }
  const names = [...first.settings.keys()].filter(
    (name) => distinct(found.map(({ settings }) => settings.get(name) ?? null)).length > 1,
  );
  const fitter = new Fitter(
    found.map(({ settings }) => settings),
    names,
  );
  return fitter.fit(found.map(({ value }) => value));
}

interface Asked {
  readonly path: Setting["path"];
  /** What the setting is where it is given. */
  readonly values: readonly PyConstant[];
}

/** The value with which the block is what it is without. */
function solved(
  { block, body }: Sample,
  asked: Asked,
  before: readonly PyConstant[],
  rebuilds: Rebuilds,
): PyConstant | undefined {
  const inputs = body.graph.inputs.map(({ shape }) => shape);
  const built = (config: readonly unknown[]): { readonly numbers: Numbers; readonly text: string } | undefined => {
    try {
      const rebuilt = rebuilds.of(block.definition, config);
      const traced = rebuilt.trace(inputs, body.named);
      return { numbers: [...attributesIn(rebuilt.block), ...numbersOf(traced.graph)], text: textOf(rebuilt.block, traced) };
    } catch {
      // The author's code, a check or a shape refuses the configuration.
      return undefined;
    }
  };
  const plain = built(block.config);
  if (plain === undefined) return undefined;
  const tried = new Map<string, ReturnType<typeof built>>();
  const holds = (value: PyConstant): boolean => {
    const key = JSON.stringify(value);
    if (!tried.has(key)) tried.set(key, built(withValue(block.config, asked.path, value)));
    return tried.get(key)?.text === plain.text;
  };
  const quick = [...before, ...asked.values].find(holds);
  if (quick !== undefined) return quick;
  const [example] = asked.values;
  if (typeof example === "boolean") return [false, true].find(holds);
  if (Array.isArray(example)) return distinct(usualLists).find(holds);
  if (typeof example !== "number") return undefined;
  const proportional = asked.values.flatMap((value) => {
    const other = tried.get(JSON.stringify(value));
    return other === undefined ? [] : proportions(value as number, plain.numbers, new Map(other.numbers));
  });
  return distinct([...proportional, ...usual]).find(holds);
}

/** Values that would give what the block has, were each number the setting itself, a multiple of it, or it and a constant. */
function proportions(value: number, here: Numbers, there: ReadonlyMap<string, number>): readonly number[] {
  return here.flatMap(([where, attribute]) => {
    const other = there.get(where);
    return other === undefined || other === attribute || other === 0
      ? []
      : [attribute, (value * attribute) / other, value + attribute - other];
  });
}

type Numbers = readonly (readonly [where: string, value: number])[];

/** The numbers of what a body does itself, by its place. */
function numbersOf(graph: Graph): Numbers {
  return graph.nodes.flatMap((node, i) =>
    node.kind === "call"
      ? []
      : Object.entries(node.attrs).flatMap(([key, value]) =>
          typeof value === "number" ? [[`${i}:${key}`, value] as const] : [],
        ),
  );
}

function textOf(block: Block, body: Body): string {
  return JSON.stringify([block.members.map(([key]) => key), body.returns, printBody(body.graph)]);
}

function isThere(config: unknown, path: Setting["path"]): boolean {
  return (
    path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>> | undefined)?.[key], config) !== undefined
  );
}

/** Whether there is a record that the setting could stand in. */
function canHold(config: readonly unknown[], path: Setting["path"]): boolean {
  return path.length > 1 ? isThere(config, path.slice(0, -1)) : (path[0] as number) <= config.length;
}

function withValue(config: readonly unknown[], path: Setting["path"], value: PyConstant): readonly unknown[] {
  const put = (at: unknown, [key, ...rest]: Setting["path"]): unknown => {
    if (key === undefined) return value;
    if (!Array.isArray(at)) return { ...(at as object), [key]: put((at as Readonly<Record<string, unknown>>)[key], rest) };
    return Object.assign([...(at as unknown[])], { [key]: put(at[key as number], rest) });
  };
  return put(config, path) as readonly unknown[];
}
