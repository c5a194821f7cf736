/** Whether a class is the program of an instance: its members and its body, step by step, and what the constructor has to be given. */
import { must } from "../../../errors/must.ts";
import type { AttrValue } from "../../../ir/attributes.ts";
import type { Block, Body, Member, Module, Value } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";

import { envAt, evaluate, listsWalked, type Env, type ItemRule, type Rule } from "./rules.ts";
import { Mismatch, modulesIn, Refusal, Run } from "./run-steps.ts";
import { rulesOf, walkedBy } from "./template-parameters.ts";
import type { Callee, Choice, ClassProgram, Construct, ItemSlot, MemberTemplate, Slot } from "./template.ts";

/** The class of a child, with what its constructor is given. */
export type ChildArguments = (
  block: Block,
) => { readonly made: ClassProgram; readonly args: ReadonlyMap<string, PyConstant> } | undefined;

type Pattern = Pick<ClassProgram, "members" | "forward" | "returns">;

/** The parameters with those that the instance alone tells; what is wrong where the class makes something else, or nothing at all. */
export function match(
  pattern: Pattern,
  settings: ReadonlyMap<string, PyConstant>,
  block: Block,
  body: Body,
  argumentsOf: ChildArguments,
): ReadonlyMap<string, PyConstant> | Mismatch {
  const matcher = new Matcher(settings, argumentsOf);
  try {
    matcher.members(pattern.members, block);
    matcher.body(pattern, block, body);
  } catch (error) {
    if (error instanceof Mismatch) return error;
    throw error;
  }
  return matcher.env;
}

class Matcher {
  readonly env: Map<string, PyConstant>;
  readonly #argumentsOf: ChildArguments;
  /** Of the items whose turn it is in the lists around what is compared. */
  #places: Env = new Map();
  /** What is known with these places, until either changes. */
  #together: Env | undefined;
  /** Parameters that are lists of what the items have, as far as those are known. */
  readonly #growing = new Set<string>();

  constructor(settings: ReadonlyMap<string, PyConstant>, argumentsOf: ChildArguments) {
    this.env = new Map(settings);
    this.#argumentsOf = argumentsOf;
  }

  #env(): Env {
    return this.#places.size === 0 ? this.env : (this.#together ??= new Map([...this.env, ...this.#places]));
  }

  /** A parameter that is not known yet is what the instance has; one of a list of lists, what each of its items has. */
  #isLearnt(rule: Rule, found: PyConstant): boolean {
    if (rule.kind === "parameter" && !this.env.has(rule.name)) {
      this.env.set(rule.name, found);
      this.#together = undefined;
      return true;
    }
    if (rule.kind !== "item" || rule.list.kind !== "parameter") return false;
    const { name } = rule.list;
    if (!this.env.has(name)) this.#growing.add(name);
    const list = (this.env.get(name) ?? []) as readonly PyConstant[];
    const at = evaluate({ kind: "index", level: rule.level }, this.#places);
    if (!this.#growing.has(name) || list.length !== at) return false;
    this.env.set(name, [...list, found]);
    this.#together = undefined;
    return true;
  }

  /** Whether it is a parameter, or an item of one, that the instance alone tells. */
  #isUnknown(rule: Rule): boolean {
    if (rule.kind === "item" && rule.list.kind === "parameter")
      return this.#isUnknown(rule.list) || this.#growing.has(rule.list.name);
    return rule.kind === "parameter" && !this.env.has(rule.name);
  }

  #unify(rule: Rule, found: PyConstant): void {
    if (this.#isLearnt(rule, found)) return;
    const given = this.#given(rule);
    if (given !== found && JSON.stringify(given) !== JSON.stringify(found)) throw new Mismatch();
  }

  /** What Python gets of a rule; where it would fail, there is no other network. */
  #given(rule: Rule): PyConstant {
    const value = evaluate(rule, this.#env());
    if (value === undefined || Number.isNaN(value)) throw new Refusal();
    return value;
  }

  #holds(test: Rule | undefined, found: boolean): boolean {
    if (test === undefined) return true;
    return this.#isLearnt(test, found) ? found : this.#given(test) === true;
  }

  members(templates: ClassProgram["members"], block: Block): void {
    const found = new Map(block.members);
    // Where the constructor ends in an error, it does not matter what it makes before.
    const wrong = templates.flatMap(([key, template]) => mismatchOf(() => this.#member(template, found.get(key))));
    const first = wrong.find((each) => each instanceof Refusal) ?? wrong[0];
    if (first !== undefined) throw first;
    const known = new Set(templates.map(([key]) => key));
    if (block.members.some(([key, member]) => !known.has(key) && modulesIn(member) > 0)) throw new Mismatch();
  }

  #member(template: MemberTemplate, found: Member | undefined): void {
    switch (template.kind) {
      case "module": {
        if (found?.kind === "list" || found?.kind === "record") throw new Mismatch();
        const choice = template.choices.find(({ test, construct }) =>
          this.#holds(test, this.#isMade(construct?.callee, found)),
        ) as Choice;
        if (choice.construct === undefined || found === undefined) {
          if (choice.construct !== undefined || found !== undefined) throw new Mismatch();
          return;
        }
        const values = this.#valuesOf(choice.construct.callee, found);
        this.#slots(choice.construct, (name) => values.get(name));
        return;
      }
      case "list": {
        const items = itemsOf(found);
        if (!this.#holds(template.present, items.length > 0)) {
          if (items.length > 0) throw new Mismatch();
          return;
        }
        if (items.length !== template.items.length) throw new Mismatch();
        template.items.forEach((item, i) => this.#member(item, items[i]));
        return;
      }
      case "record": {
        if (!this.#holds(template.present, found !== undefined)) {
          if (found !== undefined) throw new Mismatch();
          return;
        }
        if (found?.kind !== "record" || found.entries.length !== template.entries.length) throw new Mismatch();
        template.entries.forEach(([key, entry], i) => {
          if (found.entries[i]?.[0] !== key) throw new Mismatch();
          this.#member(entry, found.entries[i][1]);
        });
        return;
      }
      case "repeated":
        this.#repeated(template, itemsOf(found));
        return;
      case "nested":
        this.#nested(template, itemsOf(found));
    }
  }

  #isMade(callee: Callee | undefined, found: Module | undefined): boolean {
    if (callee === undefined || found === undefined) return callee === undefined && found === undefined;
    if (callee.kind === "layer") return found.kind === "layer" && found.op === callee.op;
    return found.kind === "block" && this.#argumentsOf(found)?.made === callee.made;
  }

  #valuesOf(callee: Callee, found: Module): ReadonlyMap<string, PyConstant> {
    if (!this.#isMade(callee, found)) throw new Mismatch();
    if (found.kind === "layer") return new Map(Object.entries(found.attrs));
    return this.#argumentsOf(found)?.args ?? new Map<string, PyConstant>();
  }

  #slots({ slots }: Construct<Slot>, valueOf: (name: string) => PyConstant | undefined): void {
    for (const [name, slot] of slots) {
      const value = valueOf(name) ?? null;
      if (slot.kind === "default") this.#byDefault(slot, value, valueOf);
      else this.#unify(slot, value);
    }
  }

  #byDefault(
    slot: Extract<Slot, { kind: "default" }>,
    value: PyConstant,
    valueOf: (name: string) => PyConstant | undefined,
  ): void {
    const from = slot.default.from.map((name) => valueOf(name) as AttrValue);
    if (JSON.stringify(slot.default.rule(...from)) !== JSON.stringify(value)) throw new Mismatch();
  }

  #count(count: Rule | undefined, items: readonly Member[]): void {
    if (count === undefined) return;
    // Python's range of less than nothing is empty.
    const below = count.kind === "parameter" ? undefined : evaluate(count, this.#env());
    if (!(items.length === 0 && typeof below === "number" && below < 0)) this.#unify(count, items.length);
  }

  #nested({ item, count, level }: MemberTemplate & { kind: "nested" }, items: readonly Member[]): void {
    this.#count(count, items);
    const length = this.#walk(rulesOf(item).flatMap((rule) => listsWalked(rule, level)));
    if (count === undefined && length !== undefined && length !== items.length) throw new Mismatch();
    const outside = this.#places;
    try {
      for (const [at, found] of items.entries()) {
        this.#places = envAt(outside, at, level);
        this.#together = undefined;
        this.#member(item, found);
      }
    } finally {
      this.#places = outside;
      this.#together = undefined;
    }
  }

  #repeated({ construct, count, level }: MemberTemplate & { kind: "repeated" }, items: readonly Member[]): void {
    this.#count(count, items);
    this.#walk(construct.slots.flatMap(([, slot]) => walkedBy(slot, level)));
    const values = items.map((item) => {
      if (item.kind === "list" || item.kind === "record") throw new Mismatch();
      return this.#valuesOf(construct.callee, item);
    });
    for (const [name, slot] of construct.slots) this.#item(name, slot, values, level);
  }

  /** Lists that are walked together are of one length. */
  #walk(rules: readonly Rule[]): number | undefined {
    const known = rules.filter((rule) => !this.#isUnknown(rule));
    const lengths = new Set(known.map((rule) => (this.#given(rule) as readonly PyConstant[]).length));
    if (lengths.size > 1) throw new Refusal();
    return [...lengths][0];
  }

  #item(name: string, slot: ItemSlot, values: readonly ReadonlyMap<string, PyConstant>[], level: number): void {
    const found = values.map((each) => each.get(name) ?? null);
    if (slot.kind === "default") {
      found.forEach((value, i) => this.#byDefault(slot, value, (from) => values[i]?.get(from)));
      return;
    }
    if (slot.kind === "each") found.forEach((value) => this.#unify(slot.rule, value));
    else if (slot.kind === "sequence" && slot.parts.length === 1) this.#unify(slot.parts[0] as Rule, found);
    else if (JSON.stringify(found) !== JSON.stringify(itemValues(slot, found.length, this.#env(), level))) throw new Mismatch();
  }

  body({ forward, returns }: Pattern, block: Block, body: Body): void {
    const names = (each: typeof returns): string => JSON.stringify([each.kind, each.entries.map(([name]) => name)]);
    if (names(returns) !== names(body.returns)) throw new Mismatch();
    const taken = forward.steps.filter(({ kind }) => kind === "input").length;
    if (taken !== body.graph.inputs.length) throw new Mismatch();
    const run = new Run(this.env, block, body);
    const expected = body.returns.entries.map(([, output]) => run.numberOf(body.graph.outputs[output] as Value));
    const found = run.steps(forward, new Map(), new Map());
    if (found.join() !== expected.join()) throw new Mismatch();
  }
}

function mismatchOf(run: () => void): readonly Mismatch[] {
  try {
    run();
  } catch (error) {
    if (error instanceof Mismatch) return [error];
    throw error;
  }
  return [];
}

function itemsOf(found: Member | undefined): readonly Member[] {
  if (found === undefined) return [];
  if (found.kind !== "list") throw new Mismatch();
  return found.items;
}

/** What an attribute is for each of the items. */
function itemValues(slot: Exclude<ItemRule, { kind: "each" }>, length: number, env: Env, level: number): readonly PyConstant[] {
  if (slot.kind === "place") return Array.from({ length }, (_, at) => evaluate(slot.rule, envAt(env, at, level)) ?? null);
  if (slot.kind === "edge") {
    const edge = slot.end === "first" ? 0 : length - 1;
    return Array.from({ length }, (_, at) => evaluate(at === edge ? slot.at : slot.rest, env) ?? null);
  }
  const lists = slot.parts.map((part) => evaluate(part, env) as readonly number[]);
  return must(lists[0], "a part of a sum").map((_, at) => lists.reduce((sum, list) => sum + (list[at] as number), 0));
}
