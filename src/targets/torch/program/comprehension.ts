/** A comprehension over lists at once, and what its variables are called. */
import { must } from "../../../errors/must.ts";
import { pyName, type PyExpr, type PyLoop } from "../../../ir/python.ts";
import { unused } from "../names.ts";
import type { Rule } from "./rules.ts";
import { loopOver, nameOfList, placeNames, pythonOf, singular, type Naming } from "./rules-python.ts";
import type { MemberTemplate } from "./template.ts";

export class Comprehension {
  /** How rules are written in it. */
  readonly naming: Naming;
  readonly #level: number;
  readonly #taken: Set<string>;
  readonly #names: ReadonlyMap<string, string>;
  readonly #walked = new Map<string, { readonly name: string; readonly list: PyExpr }>();
  readonly #own: string[] = [];
  #index: string | undefined;

  /** `taken` are the names around it, to which it adds its own; `names` are attributes that are made of the items of a list alone, by the list. */
  constructor(around: Naming, level: number, taken: Set<string>, names: ReadonlyMap<string, string>) {
    this.#level = level;
    this.#taken = taken;
    this.#names = names;
    this.naming = {
      ...around,
      item: (list, of) => (of === level ? this.#item(list, around) : (around.item?.(list, of) ?? notAround())),
      index: (of) => (of === level ? this.#place() : (around.index?.(of) ?? notAround())),
    };
  }

  #item(list: Rule, around: Naming): PyExpr {
    const key = JSON.stringify(list);
    const known = this.#walked.get(key);
    if (known !== undefined) return pyName(known.name);
    const slot = this.#names.get(key);
    const name = this.#named(slot === undefined ? singular(nameOfList(list)) : itemName(slot));
    this.#walked.set(key, { name, list: pythonOf(list, around) });
    return pyName(name);
  }

  #named(wanted: string): string {
    const name = unused(wanted, this.#taken);
    this.#taken.add(name);
    this.#own.push(name);
    return name;
  }

  #place(): PyExpr {
    // No parameter is called as the first of them is.
    const name = must(placeNames[this.#level], "what a place is called");
    this.#index ??= this.#level === 0 ? name : this.#named(name);
    return pyName(this.#index);
  }

  /** The lists that it walks, as far as they have been asked for. */
  get lists(): readonly PyExpr[] {
    return [...this.#walked.values()].map(({ list }) => list);
  }

  /** When all that stands in it is written: outside of it, its names are free. */
  loop(count: PyExpr | undefined): PyLoop {
    for (const name of this.#own) this.#taken.delete(name);
    return loopOver([...this.#walked.values()], this.#index, count);
  }
}

function notAround(): never {
  throw new Error("a rule asks for the place in a list that is not around it");
}

const widths: Readonly<Record<string, string>> = { in_channels: "c_in", in: "c_in", out_channels: "c_out", out: "c_out" };

function itemName(slot: string): string {
  return widths[slot] ?? singular(slot).replace(/_item$/, "");
}

/** The attributes that are items of a list of that level, by the list: where there are several, what comes in or goes out names it. */
export function attributesOfItems(member: MemberTemplate, level: number): ReadonlyMap<string, string> {
  const found = slotsIn(member).flatMap(([name, rule]) =>
    rule.kind === "item" && rule.level === level ? [[JSON.stringify(rule.list), name] as const] : [],
  );
  const [first, others] = [true, false].map((width) => found.filter(([, name]) => name in widths === width));
  return new Map([...(first ?? []), ...(others ?? [])].reverse());
}

/** Attributes with the rules of them that hold for one item, those that hold for some items alone last. */
function slotsIn(member: MemberTemplate): readonly (readonly [name: string, rule: Rule])[] {
  switch (member.kind) {
    case "module":
      return member.choices.flatMap(({ construct }) =>
        (construct?.slots ?? []).flatMap(([name, slot]) => (slot.kind === "default" ? [] : [[name, slot] as const])),
      );
    case "list":
      return member.items.flatMap(slotsIn);
    case "record":
      return member.entries.flatMap(([, entry]) => slotsIn(entry));
    case "nested":
      return slotsIn(member.item);
    case "repeated": {
      const rules = (kinds: readonly string[]): readonly (readonly [string, Rule])[] =>
        member.construct.slots.flatMap(([name, slot]) => {
          if (!kinds.includes(slot.kind)) return [];
          if (slot.kind === "each" || slot.kind === "place") return [[name, slot.rule] as const];
          return slot.kind === "edge" ? [[name, slot.at] as const, [name, slot.rest] as const] : [];
        });
      return [...rules(["each", "place"]), ...rules(["edge"])];
    }
  }
}
