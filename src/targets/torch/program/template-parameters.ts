/** What the rules in the parts of a class read. */
import { listsWalked, numbersIn, parametersIn, type Rule } from "./rules.ts";
import type { ClassProgram, ItemSlot, MemberTemplate, TemplateSteps } from "./template.ts";

export function parametersOf(member: MemberTemplate): readonly string[] {
  return rulesOf(member).flatMap(parametersIn);
}

/** The parameters that a forward reads. */
export function parametersOfSteps(steps: TemplateSteps): readonly string[] {
  return rulesOfSteps(steps).flatMap(parametersIn);
}

/** The numbers that rules compare with or limit to: where a setting passes one, the class makes something else. */
export function numbersOf({ members, forward }: Pick<ClassProgram, "members" | "forward">): readonly number[] {
  const rules = [...members.flatMap(([, member]) => rulesOf(member)), ...rulesOfSteps(forward)];
  return [...new Set(rules.filter(({ kind }) => kind !== "constant").flatMap(numbersIn))];
}

/** The rules by which a member is made. */
export function rulesOf(member: MemberTemplate): readonly Rule[] {
  const of = (rule: Rule | undefined): readonly Rule[] => (rule === undefined ? [] : [rule]);
  switch (member.kind) {
    case "module":
      return member.choices.flatMap(({ test, construct }) => [
        ...of(test),
        ...(construct?.slots ?? []).flatMap(([, slot]) => (slot.kind === "default" ? [] : [slot])),
      ]);
    case "list":
      return [...of(member.present), ...member.items.flatMap(rulesOf)];
    case "record":
      return [...of(member.present), ...member.entries.flatMap(([, entry]) => rulesOf(entry))];
    case "nested":
      return [...of(member.count), ...rulesOf(member.item)];
    case "repeated":
      return [...of(member.count), ...member.construct.slots.flatMap(([, slot]) => rulesOfItems(slot))];
  }
}

function rulesOfItems(slot: ItemSlot): readonly Rule[] {
  switch (slot.kind) {
    case "each":
    case "place":
      return [slot.rule];
    case "sequence":
      return slot.parts;
    case "edge":
      return [slot.at, slot.rest];
    case "default":
      return [];
  }
}

function rulesOfSteps({ steps }: TemplateSteps): readonly Rule[] {
  return steps.flatMap((step): readonly Rule[] => {
    if (step.kind === "op") return step.slots.flatMap(([, slot]) => (slot.kind === "default" ? [] : [slot]));
    if (step.kind === "loop") return rulesOfSteps(step.body);
    return step.kind === "select" && step.test.kind === "rule" ? [step.test.rule] : [];
  });
}

/** The lists that an attribute of the items of a list walks. */
export function walkedBy(slot: ItemSlot, level: number): readonly Rule[] {
  return slot.kind === "sequence" ? slot.parts : slot.kind === "place" ? listsWalked(slot.rule, level) : [];
}
