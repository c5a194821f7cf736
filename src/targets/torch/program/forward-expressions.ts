/** The steps of a forward as expressions over their operands. */
import { must } from "../../../errors/must.ts";
import { isRead } from "../../../ir/op.ts";
import {
  pyAttribute,
  pyBinary,
  pyCall,
  pyCompare,
  pyConstant,
  pyIndex,
  pyName,
  pySlice,
  type PyExpr,
  type PyStatement,
} from "../../../ir/python.ts";
import { pythonOf, type Naming } from "./rules-python.ts";
import { nameOf, type Ref } from "./steps.ts";
import type { TemplateStep, Test } from "./template.ts";

export interface Frame {
  /** The list that a loop walks, by its path, as the variable of its item. */
  readonly items: ReadonlyMap<string, string>;
}

export class Expressions {
  readonly #naming: Naming;
  readonly #optional: ReadonlySet<string>;

  constructor(naming: Naming, optional: ReadonlySet<string>) {
    this.#naming = naming;
    this.#optional = optional;
  }

  applied(step: TemplateStep, operands: readonly PyExpr[], frame: Frame): PyExpr {
    if (step.kind === "call") return pyCall(this.member(step.ref, frame), operands);
    if (step.kind !== "op") throw new Error("a step that applies nothing");
    const { torch, name } = step.op;
    if (step.ref !== undefined) {
      const member = this.member(step.ref, frame);
      return isRead(step.op) ? member : pyCall(member, operands);
    }
    if (torch.kind !== "function") throw new Error(`${name} has no layer`);
    const attrs = Object.fromEntries(
      step.slots.map(([attr, slot]) => {
        if (slot.kind === "default") throw new Error(`${attr} of ${name} has no expression`);
        return [attr, pythonOf(slot, this.#naming)];
      }),
    );
    const values = Object.fromEntries(
      step.slots.flatMap(([attr, slot]) => (slot.kind === "constant" ? [[attr, slot.value]] : [])),
    );
    return torch.call(operands, attrs, values as never);
  }

  member({ key, steps }: Ref, frame: Frame): PyExpr {
    const turn = steps.lastIndexOf(null);
    const list = nameOf({ key, steps: steps.slice(0, turn) });
    const [first, ...rest] = turn < 0 ? steps : [null, ...steps.slice(turn + 1)];
    const own = pyAttribute(pyName("self"), key);
    const from = turn < 0 ? own : pyName(must(frame.items.get(list), `the loop over ${list}`));
    const item = first === undefined || first === null ? from : pyIndex(from, pyConstant(first));
    // What a list holds is a module, of which type checkers know no more.
    return rest.length === 0 ? item : pyCall(pyAttribute(item, "get_submodule"), [pyConstant(rest.join("."))]);
  }

  /** The modules of a list from one on. */
  items(list: Ref, from: number, frame: Frame): PyExpr {
    const member = this.member(list, frame);
    const within = list.steps.length > 0;
    const items = within ? pyCall(pyAttribute(member, "children")) : member;
    if (from === 0) return items;
    return pyIndex(within ? pyCall(pyName("list"), [items]) : items, pySlice(pyConstant(from)));
  }

  /** A test that all members are there which the steps under it apply: type checkers ask for no less. */
  test(test: Test, under: readonly TemplateStep[]): PyExpr {
    const applied = under.flatMap((step) => ("ref" in step && step.ref !== undefined ? [step.ref.key] : []));
    const there = (key: string): PyExpr => pyCompare("is not", pyAttribute(pyName("self"), key), pyConstant(null));
    const own = test.kind === "member" ? test.key : undefined;
    const others = [...new Set(applied)].filter((key) => this.#optional.has(key) && key !== own);
    const asked =
      test.kind === "rule"
        ? pythonOf(test.rule, this.#naming)
        : test.list
          ? pyAttribute(pyName("self"), test.key)
          : there(test.key);
    return others.map(there).reduce((all, each) => pyBinary("and", all, each), asked);
  }
}

/** What a loop put last into the list that it keeps. */
export function popped(list: string | undefined): PyExpr {
  return pyCall(pyAttribute(pyName(must(list, "the list that a loop keeps")), "pop"));
}

/** What a loop keeps goes to the end of its list. */
export function appended(list: string, value: PyExpr): PyStatement {
  return { kind: "expression", value: pyCall(pyAttribute(pyName(list), "append"), [value]) };
}
