/** The parameters that the parts of a class read. */
import { parametersIn, type Rule } from "./rules.ts";
import type { ItemSlot, MemberTemplate, TemplateSteps } from "./template.ts";

export function parametersOf(member: MemberTemplate): readonly string[] {
  const of = (rule: Rule | undefined): readonly string[] => (rule === undefined ? [] : parametersIn(rule));
  switch (member.kind) {
    case "module":
      return member.choices.flatMap(({ test, construct }) => [
        ...of(test),
        ...(construct?.slots ?? []).flatMap(([, slot]) => (slot.kind === "default" ? [] : parametersIn(slot))),
      ]);
    case "list":
      return [...of(member.present), ...member.items.flatMap(parametersOf)];
    case "record":
      return [...of(member.present), ...member.entries.flatMap(([, entry]) => parametersOf(entry))];
    case "repeated":
      return [...of(member.count), ...member.construct.slots.flatMap(([, slot]) => parametersOfItems(slot))];
  }
}

function parametersOfItems(slot: ItemSlot): readonly string[] {
  switch (slot.kind) {
    case "each":
      return parametersIn(slot.rule);
    case "sequence":
      return slot.parts.flatMap(parametersIn);
    case "edge":
      return [slot.at, slot.rest].flatMap(parametersIn);
    case "default":
      return [];
  }
}

/** The parameters that a forward reads. */
export function parametersOfSteps({ steps }: TemplateSteps): readonly string[] {
  return steps.flatMap((step): readonly string[] => {
    if (step.kind === "op") return step.slots.flatMap(([, slot]) => (slot.kind === "default" ? [] : parametersIn(slot)));
    if (step.kind === "loop") return parametersOfSteps(step.body);
    return step.kind === "select" && step.test.kind === "rule" ? parametersIn(step.test.rule) : [];
  });
}
