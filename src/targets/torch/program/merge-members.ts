/** One set of members for those of several samples. */
import { must } from "../../../errors/must.ts";
import { isRule } from "../../../ir/attributes.ts";
import type { Block, Layer, Member, MemberList, MemberRecord, Module } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import type { Fitter } from "./fit.ts";
import { distinct } from "./distinct.ts";
import { asksPlace, listsWalked, type Rule } from "./rules.ts";
import { placeNames } from "./rules-python.ts";
import { rulesOf, walkedBy } from "./template-parameters.ts";
import {
  NoProgram,
  type Callee,
  type Choice,
  type ClassProgram,
  type Construct,
  type DefaultSlot,
  type ItemSlot,
  type MemberTemplate,
  type Slot,
} from "./template.ts";

/** What merging asks of the class around it. */
export interface MemberSurroundings {
  readonly fitter: Fitter;
  /** A parameter for what no rule gives. */
  readonly extra: (hint: string, values: readonly PyConstant[], samples: readonly number[]) => Rule;
  /** So many lists are around the member. */
  readonly level: number;
  /** The samples that are merged, among those of the class. */
  readonly samples: readonly number[];
  /** The class of a child in a sample, and what its constructor is given. */
  readonly classOf: (
    sample: number,
    block: Block,
  ) => { readonly made: ClassProgram; readonly args: ReadonlyMap<string, PyConstant> };
}

/** A module as the call that makes it. */
interface Made {
  readonly callee: Callee;
  readonly values: ReadonlyMap<string, PyConstant>;
  /** The attributes that were left to the op. */
  readonly defaulted: ReadonlySet<string>;
}

/** How the members of all samples follow; an absent one is undefined. */
export function mergeMember(values: readonly (Member | undefined)[], hint: string, around: MemberSurroundings): MemberTemplate {
  const there = values.filter((value) => value !== undefined);
  const kinds = new Set(there.map(({ kind }) => (kind === "list" || kind === "record" ? kind : "module")));
  if (kinds.size !== 1) throw new NoProgram(`${hint} is of several kinds`);
  const [kind] = kinds;
  if (kind === "list") return mergeLists(values as readonly (MemberList | undefined)[], hint, around);
  if (kind === "record") return mergeRecords(values as readonly (MemberRecord | undefined)[], hint, around);
  return mergeModules(values as readonly (Module | undefined)[], hint, around);
}

/** The rule by which something is there, or a parameter that says so. */
function presence(values: readonly boolean[], hint: string, around: MemberSurroundings): Rule | undefined {
  if (values.every((value) => value)) return undefined;
  return around.fitter.switch(values) ?? around.extra(`has_${hint}`, values, around.samples);
}

function within(around: MemberSurroundings, indices: readonly number[]): MemberSurroundings {
  return {
    ...around,
    fitter: around.fitter.within(indices),
    samples: indices.map((i) => around.samples[i] as number),
    classOf: (sample, block) => around.classOf(indices[sample] as number, block),
  };
}

function where<T>(values: readonly T[], holds: (value: T) => boolean): readonly number[] {
  return values.flatMap((value, i) => (holds(value) ? [i] : []));
}

function mergeRecords(values: readonly (MemberRecord | undefined)[], hint: string, around: MemberSurroundings): MemberTemplate {
  const filled = where(values, (value) => value !== undefined);
  const records = filled.map((i) => values[i] as MemberRecord);
  const keys = must(records[0], hint).entries.map(([key]) => key);
  if (records.some(({ entries }) => entries.map(([key]) => key).join() !== keys.join()))
    throw new NoProgram(`${hint} has other keys`);
  const inside = within(around, filled);
  const entries = keys.map((key, at) => {
    const each = records.map((record) => record.entries[at]?.[1]);
    return [key, mergeMember(each, `${hint}_${key}`, inside)] as const;
  });
  return {
    kind: "record",
    present: presence(
      values.map((value) => value !== undefined),
      hint,
      around,
    ),
    entries,
  };
}

function mergeLists(values: readonly (MemberList | undefined)[], hint: string, around: MemberSurroundings): MemberTemplate {
  const lists = values.map((value) => value?.items ?? []);
  const filled = where(lists, (items) => items.length > 0);
  const lengths = new Set(filled.map((i) => (lists[i] as readonly unknown[]).length));
  const length = Math.max(0, ...lengths);
  const inside = within(around, filled);
  const need = lengths.size > 1 ? "needed" : filled.length < lists.length && length > 1 ? "likely" : "only if alike";
  const repeated = repeatedList(lists, hint, around, need);
  if (repeated !== undefined) return repeated;
  const items = Array.from({ length }, (_, at) =>
    mergeMember(
      filled.map((i) => lists[i]?.[at]),
      `${hint}_${at}`,
      inside,
    ),
  );
  const present = (): Rule | undefined =>
    presence(
      lists.map((each) => each.length > 0),
      hint,
      around,
    );
  return { kind: "list", present: length === 0 ? undefined : present(), items };
}

/**
 * A list of one constructor: where lengths differ that is the only way. Where a list is there in some samples alone, and of one length, it may be one
 * of several constructors, too; otherwise one is taken for items that are all the same.
 */
function repeatedList(
  lists: readonly (readonly Member[])[],
  hint: string,
  around: MemberSurroundings,
  need: "needed" | "likely" | "only if alike",
): MemberTemplate | undefined {
  const longest = Math.max(...lists.map(({ length }) => length));
  const plain = lists.every((items) => items.every(({ kind }) => kind === "layer" || kind === "block"));
  const needed = need === "needed";
  if (!needed && longest < 2) return undefined;
  if (lists.flat().every(({ kind }) => kind === "list" || kind === "record")) return nestedList(lists, hint, around, need);
  if (!plain && !needed) return undefined;
  if (!plain) throw new NoProgram(`${hint} is a list of modules and lists`);
  const made = lists.map((items, i) => (items as readonly Module[]).map((module) => madeOf(module, i, around)));
  const [first] = made.flat();
  if (first === undefined || made.flat().some((each) => keyOf(each.callee) !== keyOf(first.callee))) {
    if (!needed) return undefined;
    throw new NoProgram(`${hint} is a list of several kinds`);
  }
  const slots = slotNames(made.flat()).map((name): readonly [string, ItemSlot] => {
    const given = made.map((items) => items.map(({ values }) => values.get(name) as PyConstant));
    const slot = defaultOf(made.flat(), name) ?? around.fitter.items(given);
    return [name, slot ?? { kind: "sequence", parts: [around.extra(`${hint}_${name}`, given, around.samples)] }];
  });
  const each = slots.every(([, slot]) => slot.kind === "each" || slot.kind === "default");
  if (need === "only if alike" && !each) return undefined;
  const walks = slots.some(([, slot]) => walkedBy(slot, around.level).length > 0);
  const count = walks
    ? undefined
    : countOf(
        lists.map(({ length }) => length),
        hint,
        around,
      );
  return { kind: "repeated", construct: { callee: first.callee, slots }, count, level: around.level };
}

/** A list of lists or records, each of which is a sample of its own that knows its place. */
function nestedList(
  lists: readonly (readonly Member[])[],
  hint: string,
  around: MemberSurroundings,
  need: "needed" | "likely" | "only if alike",
): MemberTemplate | undefined {
  const { level } = around;
  if (level >= placeNames.length - 1) throw new NoProgram(`${hint} is nested too deeply`);
  const lengths = lists.map(({ length }) => length);
  const at = lengths.flatMap((length, sample) => Array.from({ length }, () => sample));
  const inside: MemberSurroundings = {
    level: level + 1,
    fitter: around.fitter.places(lengths),
    samples: at.map((_, i) => i),
    classOf: (sample, block) => around.classOf(must(at[sample], "the sample of an item"), block),
    // An argument that has one value for each of the items.
    extra: (name, values, items) => {
      if (level > 0 || items.length < at.length) throw new NoProgram(`${name} follows from nothing known`);
      const each = lists.map((_, sample) => values.filter((_, i) => at[items[i] as number] === sample));
      return { kind: "item", list: around.extra(name, each, around.samples), level };
    },
  };
  let item: MemberTemplate;
  try {
    item = mergeMember(lists.flat(), hint, inside);
  } catch (error) {
    if (error instanceof NoProgram && need !== "needed") return undefined;
    throw error;
  }
  const rules = rulesOf(item);
  const walks = rules.some((rule) => listsWalked(rule, level).length > 0);
  if (need === "only if alike" && (walks || rules.some((rule) => asksPlace(rule, level)))) return undefined;
  return { kind: "nested", item, count: walks ? undefined : countOf(lengths, hint, around), level };
}

function countOf(lengths: readonly number[], hint: string, around: MemberSurroundings): Rule {
  return around.fitter.fit(lengths) ?? around.extra(`num_${hint}`, lengths, around.samples);
}

function mergeModules(values: readonly (Module | undefined)[], hint: string, around: MemberSurroundings): MemberTemplate {
  const made = values.map((module, i) => (module === undefined ? undefined : madeOf(module, i, around)));
  const keys = made.map((each) => (each === undefined ? "" : keyOf(each.callee)));
  // What is always there first, absence last.
  const groups = [...new Set(keys)].sort((a, b) => Number(a === "") - Number(b === ""));
  const choices = groups.map((key, g): Choice => {
    const inGroup = where(keys, (other) => other === key);
    const last = g === groups.length - 1;
    const test = last ? undefined : testFor(keys, key, groups, hint, around);
    if (key === "") return { test };
    const construct = mergeConstruct(
      inGroup.map((i) => made[i] as Made),
      hint,
      within(around, inGroup),
    );
    return { test, construct };
  });
  return { kind: "module", choices };
}

function testFor(
  keys: readonly string[],
  key: string,
  groups: readonly string[],
  hint: string,
  around: MemberSurroundings,
): Rule {
  const rule = around.fitter.switch(keys.map((other) => other === key));
  if (rule !== undefined) return rule;
  if (groups.length === 2 && groups.includes(""))
    return around.extra(
      `has_${hint}`,
      keys.map((other) => other === key),
      around.samples,
    );
  throw new NoProgram(`${hint} is of several kinds`);
}

function mergeConstruct(made: readonly Made[], hint: string, around: MemberSurroundings): Construct<Slot> {
  const [first] = made as readonly [Made];
  const slots = slotNames(made).map((name): readonly [string, Slot] => {
    const values = made.map((each) => each.values.get(name) as PyConstant);
    return [name, defaultOf(made, name) ?? around.fitter.fit(values) ?? around.extra(`${hint}_${name}`, values, around.samples)];
  });
  return { callee: first.callee, slots };
}

function slotNames(made: readonly Made[]): readonly string[] {
  return [...must(made[0], "what is made").values.keys()];
}

/** The op's own rule, where every author left the attribute to it, Python can follow it, and what it gives differs. */
function defaultOf(made: readonly Made[], name: string): DefaultSlot | undefined {
  const [first] = made;
  if (first?.callee.kind !== "layer" || !made.every(({ defaulted }) => defaulted.has(name))) return undefined;
  const fallback = first.callee.op.attributes?.[name]?.default;
  if (fallback === undefined || !isRule(fallback) || fallback.python === undefined) return undefined;
  const given = distinct(made.map(({ values }) => values.get(name) as PyConstant));
  return given.length === 1 ? undefined : { kind: "default", default: fallback };
}

function keyOf(callee: Callee): string {
  return callee.kind === "layer" ? `layer ${callee.op.name}` : `class ${numberOf(callee.made)}`;
}

const numbers = new WeakMap<ClassProgram, number>();
let made = 0;

function numberOf(program: ClassProgram): number {
  const known = numbers.get(program);
  if (known !== undefined) return known;
  numbers.set(program, ++made);
  return made;
}

function madeOf(module: Module, sample: number, around: MemberSurroundings): Made {
  if (module.kind === "layer") return layerCall(module);
  const { made: program, args } = around.classOf(sample, module);
  return { callee: { kind: "class", made: program }, values: args, defaulted: new Set() };
}

function layerCall({ op, attrs, defaulted }: Layer): Made {
  return { callee: { kind: "layer", op }, values: new Map(Object.entries(attrs)), defaulted: new Set(defaulted) };
}
