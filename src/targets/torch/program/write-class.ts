/** A class program as Python: its constructor, and what its docstring says. */
import { pythonOfDefault } from "./default-call.ts";
import { torchModule } from "../../../ir/op.ts";
import {
  pyAttribute,
  pyBinary,
  pyCall,
  pyCompare,
  pyComprehension,
  pyConstant,
  pyIf,
  pyIndex,
  pyList,
  pyName,
  pySymbol,
  type PyClass,
  type PyConstant,
  type PyExpr,
  type PyParameter,
  type PyStatement,
} from "../../../ir/python.ts";
import { moduleAttributes } from "../../../ir/python-names.ts";
import { reservedNames, unused } from "../names.ts";
import { printExpr } from "../printer.ts";
import { asksPlace, inner, type Rule } from "./rules.ts";
import { ownNaming, pythonOf, singular, type Naming, loopOver, nameOfList } from "./rules-python.ts";
import { parametersOfSteps, rulesOf, walkedBy } from "./template-parameters.ts";
import type { ClassParameter, ClassProgram, Construct, ItemSlot, MemberTemplate, Slot } from "./template.ts";
import { docOf } from "./class-doc.ts";
import { distinct } from "./distinct.ts";
import { writeForward } from "./write-forward.ts";

/** `doc` is what the author says of the block. */
export function writeClass(program: ClassProgram, doc: readonly string[]): PyClass {
  // A setting called `training` is not the module's.
  const keys = new Set([...program.members.map(([key]) => key), ...moduleAttributes]);
  const stored = [...new Set(parametersOfSteps(program.forward))];
  const attributes = new Map(stored.map((name) => [name, unused(name, keys)]));
  const own = pyName("self");
  const forward = writeForward(program.forward, program.returns, {
    naming: { parameter: (name) => pyAttribute(own, attributes.get(name) ?? name) },
    optional: new Set(
      program.members.flatMap(([key, member]) =>
        member.kind === "module" && member.choices.some(({ construct: made }) => made === undefined) ? [key] : [],
      ),
    ),
  });
  const constructor: PyStatement = {
    kind: "function",
    name: "__init__",
    parameters: [
      { name: "self" },
      ...program.parameters.map((parameter): PyParameter => ({
        name: parameter.name,
        type: typeOf([...parameter.values, ...(parameter.default === undefined ? [] : [parameter.default])]),
        ...(parameter.default === undefined ? {} : { default: pyConstant(parameter.default) }),
      })),
    ],
    returns: pyConstant(null),
    body: [
      { kind: "expression", value: pyCall(pyAttribute(pyCall(pyName("super")), "__init__")) },
      ...[...attributes].map(([name, attribute]): PyStatement => ({
        kind: "assign",
        target: pyAttribute(own, attribute),
        value: pyName(name),
      })),
      ...new ConstructorWriter(program).members(),
    ],
  };
  return {
    kind: "class",
    name: program.name,
    bases: [pySymbol("nn", "Module")],
    doc: [...doc, ...docOf(program)],
    body: [constructor, forward],
  };
}

/** The annotation of an argument that takes all of these values. */
function typeOf(values: readonly PyConstant[]): PyExpr {
  const lists = values.filter((value) => Array.isArray(value)) as readonly (readonly PyConstant[])[];
  if (lists.length > 0) return pyIndex(pySymbol("collections.abc", "Sequence"), typeOf(lists.flat()));
  // Of a text that no configuration has, nothing is known.
  const texts = distinct(values.filter((value) => typeof value === "string"));
  if (texts.length > 0) return pyIndex(pySymbol("typing", "Literal"), ...texts.map(pyConstant));
  if (values.some((value) => typeof value === "boolean")) return pyName("bool");
  return pyName(values.every((value) => Number.isInteger(value)) ? "int" : "float");
}

/** The constructor's call of an instance. */
export function constructorCall(program: ClassProgram, values: ReadonlyMap<string, PyConstant>, keywords = false): PyExpr {
  return classCall(program, new Map([...values].map(([name, value]) => [name, pyConstant(value)])), keywords);
}

/** Channels are positional, as torch's own layers have them; what else there is says what it is. */
function classCall({ name, parameters }: ClassProgram, values: ReadonlyMap<string, PyExpr>, keywords = false): PyExpr {
  const counts = parameters.findIndex(
    ({ values: all, extra, default: left }) =>
      extra === true || left !== undefined || !all.every((value) => Number.isInteger(value)),
  );
  const positional = keywords ? 0 : Math.min(2, counts < 0 ? parameters.length : counts);
  const valueOf = (parameter: string): PyExpr => values.get(parameter) ?? pyConstant(null);
  return pyCall(
    pyName(name),
    parameters.slice(0, positional).map((parameter) => valueOf(parameter.name)),
    Object.fromEntries(
      parameters
        .slice(positional)
        .map((parameter) => [parameter, valueOf(parameter.name)] as const)
        .filter(([parameter, value]) => !isDefault(parameter, value))
        .map(([parameter, value]) => [parameter.name, value]),
    ),
  );
}

function isDefault({ default: left }: ClassParameter, value: PyExpr): boolean {
  return left !== undefined && value.kind === "constant" && JSON.stringify(value.value) === JSON.stringify(left);
}

function construct({ callee }: Construct<unknown>, values: ReadonlyMap<string, PyExpr>): PyExpr {
  if (callee.kind === "class") return classCall(callee.made, values);
  const { torch, name } = callee.op;
  if (torch.kind !== "module") throw new Error(`${name} is not a torch module`);
  return torchModule(torch, Object.fromEntries(values));
}

/** The assignments of a constructor, with lists that several members walk computed once before. */
class ConstructorWriter {
  readonly #program: ClassProgram;
  readonly #statements: PyStatement[] = [];
  readonly #held = new Map<string, string>();
  readonly #naming: Naming;

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
        const items = pyList(member.items.map((item) => this.#member(item)));
        const value = member.present === undefined ? items : pyIf(this.#python(member.present), items, pyList([]));
        return pyCall(pySymbol("nn", "ModuleList"), [value]);
      }
      case "record": {
        const entries: PyExpr = {
          kind: "dict",
          entries: member.entries.map(([key, entry]) => [pyConstant(key), this.#member(entry)]),
        };
        const value =
          member.present === undefined ? entries : pyIf(this.#python(member.present), entries, { kind: "dict", entries: [] });
        return pyCall(pySymbol("nn", "ModuleDict"), [value]);
      }
      case "repeated":
        return pyCall(pySymbol("nn", "ModuleList"), [this.#repeated(member)]);
    }
  }

  #values({ slots }: Construct<Slot>): ReadonlyMap<string, PyExpr> {
    const values = new Map<string, PyExpr>();
    for (const [name, slot] of slots) if (slot.kind !== "default") values.set(name, this.#python(slot));
    for (const [name, slot] of slots) if (slot.kind === "default") values.set(name, pythonOfDefault(slot, values));
    return values;
  }

  #repeated({ construct: made, count }: MemberTemplate & { kind: "repeated" }): PyExpr {
    const taken = new Set([...reservedNames, ...this.#held.values(), ...this.#program.parameters.map(({ name }) => name)]);
    const walked = new Map<string, { readonly name: string; readonly list: PyExpr }>();
    const item = (rule: Rule): PyExpr => {
      const key = JSON.stringify(rule);
      const known = walked.get(key);
      if (known !== undefined) return pyName(known.name);
      const slot = names.get(key);
      const name = unused(slot === undefined ? singular(nameOfList(rule)) : itemName(slot), taken);
      taken.add(name);
      walked.set(key, { name, list: this.#python(rule) });
      return pyName(name);
    };
    // The own sequence of an attribute names the item; a sum's parts are looked up among those.
    const names = new Map<string, string>();
    for (const alone of [true, false]) {
      for (const [name, slot] of made.slots) {
        if (slot.kind !== "sequence" || (slot.parts.length === 1) !== alone) continue;
        for (const part of slot.parts) if (!names.has(JSON.stringify(part))) names.set(JSON.stringify(part), name);
      }
    }
    const values = new Map<string, PyExpr>();
    let counted = false;
    const length = (): PyExpr =>
      count === undefined ? pyCall(pyName("len"), [shortest([...walked.values()].map(({ list }) => list))]) : this.#python(count);
    const valueOf = (slot: Exclude<ItemSlot, { kind: "default" }>): PyExpr => {
      if (slot.kind === "each") return this.#python(slot.rule);
      if (slot.kind === "place") {
        counted ||= asksPlace(slot.rule);
        return pythonOf(slot.rule, { ...this.#naming, item });
      }
      if (slot.kind === "sequence") {
        return slot.parts.map(item).reduce((sum, part) => pyBinary("+", sum, part));
      }
      counted = true;
      const [edge, before] =
        slot.end === "first" ? [pyConstant(0), ">"] : ([pyBinary("-", length(), pyConstant(1)), "<"] as const);
      const [at, rest] = [slot.at, slot.rest].map((rule) => (rule.kind === "constant" ? rule.value : undefined));
      if (at === true && rest === false) return pyCompare("==", pyName("i"), edge);
      if (at === false && rest === true) return pyCompare(before as ">" | "<", pyName("i"), edge);
      return pyIf(pyCompare("==", pyName("i"), edge), this.#python(slot.at), this.#python(slot.rest));
    };
    // Sequences first: what asks for their length needs them.
    const sequences = made.slots.filter(([, slot]) => slot.kind !== "default" && walkedBy(slot).length > 0);
    for (const [name, slot] of [...sequences, ...made.slots]) if (slot.kind !== "default") values.set(name, valueOf(slot));
    for (const [name, slot] of made.slots) if (slot.kind === "default") values.set(name, pythonOfDefault(slot, values));
    return pyComprehension(construct(made, new Map(made.slots.map(([name]) => [name, values.get(name) as PyExpr]))), [
      loopOver([...walked.values()], counted, count === undefined ? undefined : this.#python(count)),
    ]);
  }
}

function shortest(lists: readonly PyExpr[]): PyExpr {
  return lists.reduce((best, list) => (printExpr(list).length < printExpr(best).length ? list : best));
}

function itemName(slot: string): string {
  const short: Readonly<Record<string, string>> = { in_channels: "c_in", in: "c_in", out_channels: "c_out", out: "c_out" };
  return short[slot] ?? singular(slot).replace(/_item$/, "");
}

/** Lists that are computed, with those inside of them. */
function listsIn(rule: Rule): readonly Rule[] {
  const within = inner(rule).flatMap(listsIn);
  return ["scaled", "mapped", "reversed"].includes(rule.kind) ? [...within, rule] : within;
}
