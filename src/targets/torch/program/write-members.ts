/** The members of a class as assignments of its constructor. */
import { isRead } from "../../../ir/op.ts";
import { pythonOfDefault } from "./default-call.ts";
import {
  pyAttribute,
  pyBinary,
  pyCall,
  pyCompare,
  pyComprehension,
  pyConstant,
  pyIf,
  pyList,
  pyName,
  pySymbol,
  type PyExpr,
  type PyStatement,
} from "../../../ir/python.ts";
import { reservedNames, unused } from "../names.ts";
import { printExpr } from "../printer.ts";
import { attributesOfItems, Comprehension } from "./comprehension.ts";
import { construct } from "./constructor-call.ts";
import { inner, isPlaced, type Rule } from "./rules.ts";
import { nameOfList, ownNaming, pythonOf, type Naming } from "./rules-python.ts";
import { rulesOf, walkedBy } from "./template-parameters.ts";
import type { ClassProgram, Construct, ItemSlot, MemberTemplate, Slot } from "./template.ts";

/** From so many equal items on, a person writes them once. */
const longRun = 3;

/** Items of a list, with those that are made alike one after the other as `*[Block(64) for _ in range(8)]`. */
function runsOf(items: readonly PyExpr[]): readonly PyExpr[] {
  const texts = items.map((item) => JSON.stringify(item));
  return items.flatMap((item, at): readonly PyExpr[] => {
    if (at > 0 && texts[at] === texts[at - 1]) return [];
    const other = texts.findIndex((text, i) => i > at && text !== texts[at]);
    const count = (other < 0 ? items.length : other) - at;
    if (count < longRun || item.kind !== "call") return Array.from({ length: count }, () => item);
    const range = pyCall(pyName("range"), [pyConstant(count)]);
    return [{ kind: "star", of: { kind: "comprehension", item, loops: [{ target: "_", iterable: range }], list: true } }];
  });
}

/** The assignments of a constructor, with lists that several members walk computed once before. */
export class ConstructorWriter {
  readonly #program: ClassProgram;
  readonly #statements: PyStatement[] = [];
  readonly #held = new Map<string, string>();
  /** Names that the variables of a member's comprehensions cannot have. */
  #taken = new Set<string>();
  #naming: Naming;

  constructor(program: ClassProgram) {
    this.#program = program;
    this.#naming = {
      parameter: ownNaming.parameter,
      held: (rule) => {
        const name = this.#held.get(JSON.stringify(rule));
        return name === undefined ? undefined : pyName(name);
      },
    };
  }

  members(): readonly PyStatement[] {
    for (const [key, member] of this.#program.members) {
      this.#hold(member);
      this.#taken = new Set([...reservedNames, ...this.#held.values(), ...this.#program.parameters.map(({ name }) => name)]);
      this.#statements.push({ kind: "assign", target: pyAttribute(pyName("self"), key), value: this.#member(member) });
    }
    return this.#statements;
  }

  #python(rule: Rule): PyExpr {
    return pythonOf(rule, this.#naming);
  }

  /** Computed lists get a variable. */
  #hold(member: MemberTemplate): void {
    const lists = rulesOf(member)
      .flatMap(listsIn)
      .filter((rule) => !isPlaced(rule))
      .sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length);
    for (const rule of lists) {
      if (this.#held.has(JSON.stringify(rule))) continue;
      const taken = new Set([...this.#held.values(), ...this.#program.parameters.map(({ name }) => name), ...reservedNames]);
      const inner = rule.kind === "reversed" ? (this.#held.get(JSON.stringify(rule.list)) ?? nameOfList(rule.list)) : "widths";
      const name = unused(rule.kind === "reversed" ? `reversed_${inner}` : inner, taken);
      this.#statements.push({ kind: "assign", target: name, value: this.#python(rule) });
      this.#held.set(JSON.stringify(rule), name);
    }
  }

  #member(member: MemberTemplate): PyExpr {
    switch (member.kind) {
      case "module": {
        const choices = member.choices.map(({ test, construct: made }) => ({
          test,
          value: made === undefined ? pyConstant(null) : construct(made, this.#values(made)),
        }));
        const last = choices.at(-1)?.value ?? pyConstant(null);
        return choices
          .slice(0, -1)
          .reduceRight(
            (otherwise, { test, value }) => (test === undefined ? value : pyIf(this.#python(test), value, otherwise)),
            last,
          );
      }
      case "list": {
        if (member.items.length === 0) return pyCall(pySymbol("nn", "ModuleList"));
        const items = pyList(runsOf(member.items.map((item) => this.#member(item))));
        const value = member.present === undefined ? items : pyIf(this.#python(member.present), items, pyList([]));
        return pyCall(pySymbol("nn", member.items.every(isParameter) ? "ParameterList" : "ModuleList"), [value]);
      }
      case "record": {
        const entries: PyExpr = {
          kind: "dict",
          entries: member.entries.map(([key, entry]) => [pyConstant(key), this.#member(entry)]),
        };
        const value =
          member.present === undefined ? entries : pyIf(this.#python(member.present), entries, { kind: "dict", entries: [] });
        const parameters = member.entries.length > 0 && member.entries.every(([, entry]) => isParameter(entry));
        return pyCall(pySymbol("nn", parameters ? "ParameterDict" : "ModuleDict"), [value]);
      }
      case "nested":
        return pyCall(pySymbol("nn", "ModuleList"), [this.#nested(member)]);
      case "repeated":
        return pyCall(pySymbol("nn", isMadeRead(member.construct) ? "ParameterList" : "ModuleList"), [this.#repeated(member)]);
    }
  }

  #values({ slots }: Construct<Slot>): ReadonlyMap<string, PyExpr> {
    const values = new Map<string, PyExpr>();
    for (const [name, slot] of slots) if (slot.kind !== "default") values.set(name, this.#python(slot));
    for (const [name, slot] of slots) if (slot.kind === "default") values.set(name, pythonOfDefault(slot, values));
    return values;
  }

  #nested(member: MemberTemplate & { kind: "nested" }): PyExpr {
    const { item, count, level } = member;
    const around = this.#naming;
    const comprehension = new Comprehension(around, level, this.#taken, attributesOfItems(item, level));
    this.#naming = comprehension.naming;
    const value = this.#member(item);
    this.#naming = around;
    return pyComprehension(value, [comprehension.loop(count === undefined ? undefined : this.#python(count))]);
  }

  #repeated({ construct: made, count, level }: MemberTemplate & { kind: "repeated" }): PyExpr {
    // The own sequence of an attribute names the item; a sum's parts are looked up among those.
    const names = new Map(attributesOfItems({ kind: "repeated", construct: made, count, level }, level));
    for (const alone of [true, false]) {
      for (const [name, slot] of made.slots) {
        if (slot.kind !== "sequence" || (slot.parts.length === 1) !== alone) continue;
        for (const part of slot.parts) if (!names.has(JSON.stringify(part))) names.set(JSON.stringify(part), name);
      }
    }
    const comprehension = new Comprehension(this.#naming, level, this.#taken, names);
    const of = (rule: Rule): PyExpr => pythonOf(rule, comprehension.naming);
    const values = new Map<string, PyExpr>();
    const length = (): PyExpr =>
      count === undefined ? pyCall(pyName("len"), [shortest(comprehension.lists)]) : this.#python(count);
    const valueOf = (slot: Exclude<ItemSlot, { kind: "default" }>): PyExpr => {
      if (slot.kind === "each") return this.#python(slot.rule);
      if (slot.kind === "place") return of(slot.rule);
      if (slot.kind === "sequence")
        return slot.parts.map((list) => of({ kind: "item", list, level })).reduce((sum, part) => pyBinary("+", sum, part));
      const place = of({ kind: "index", level });
      const [edge, before] =
        slot.end === "first" ? [pyConstant(0), ">"] : ([pyBinary("-", length(), pyConstant(1)), "<"] as const);
      const here = pyCompare("==", place, edge);
      const elsewhere = pyCompare(before as ">" | "<", place, edge);
      for (const [side, other, on, off] of [
        [slot.at, slot.rest, here, elsewhere],
        [slot.rest, slot.at, elsewhere, here],
      ] as const) {
        if (side.kind !== "constant" || typeof side.value !== "boolean") continue;
        if (other.kind === "constant") return side.value ? on : off;
        return side.value ? pyBinary("or", on, this.#python(other)) : pyBinary("and", off, this.#python(other));
      }
      return pyIf(here, this.#python(slot.at), this.#python(slot.rest));
    };
    // Sequences first: what asks for their length needs them.
    const sequences = made.slots.filter(([, slot]) => slot.kind !== "default" && walkedBy(slot, level).length > 0);
    for (const [name, slot] of [...sequences, ...made.slots]) if (slot.kind !== "default") values.set(name, valueOf(slot));
    for (const [name, slot] of made.slots) if (slot.kind === "default") values.set(name, pythonOfDefault(slot, values));
    return pyComprehension(construct(made, new Map(made.slots.map(([name]) => [name, values.get(name) as PyExpr]))), [
      comprehension.loop(count === undefined ? undefined : this.#python(count)),
    ]);
  }
}

function isMadeRead({ callee }: Pick<Construct<unknown>, "callee">): boolean {
  return callee.kind === "layer" && isRead(callee.op);
}

/** Whether a member is a parameter, for which torch has containers of its own. */
function isParameter(member: MemberTemplate): boolean {
  return member.kind === "module" && member.choices.some(({ construct: made }) => made !== undefined && isMadeRead(made));
}

function shortest(lists: readonly PyExpr[]): PyExpr {
  return lists.reduce((best, list) => (printExpr(list).length < printExpr(best).length ? list : best));
}

/** Lists that are computed, with those inside of them. */
function listsIn(rule: Rule): readonly Rule[] {
  const within = inner(rule).flatMap(listsIn);
  return ["scaled", "mapped", "reversed"].includes(rule.kind) ? [...within, rule] : within;
}
