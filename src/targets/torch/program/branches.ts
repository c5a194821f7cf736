/** Which steps of a forward stand under which test. */
import { NoProgram, type TemplateStep, type TemplateSteps } from "./template.ts";

/** For a select, the steps that run where its test holds alone, and those that run where it does not. */
export type Branches = ReadonlyMap<TemplateStep, readonly [readonly TemplateStep[], readonly TemplateStep[]]>;

interface Owner {
  readonly select: TemplateStep;
  readonly side: number;
}

/** NoProgram where a step would have to stand under two tests that lie beside each other. */
export function branchesOf({ steps, results }: TemplateSteps): Branches {
  const branches = new Map<TemplateStep, readonly [readonly TemplateStep[], readonly TemplateStep[]]>();
  const owners = new Map<TemplateStep, Owner>();
  // Inner tests first: they run in fewer samples than those around them.
  const selects = steps.filter(({ kind }) => kind === "select").sort((a, b) => a.domain.length - b.domain.length);
  for (const select of selects) {
    const sides = select.inputs.map((input, side) => {
      const own: TemplateStep[] = [];
      // What many steps take is walked once: sums of sums would be walked as often as there are ways to them.
      const walked = new Set<TemplateStep>();
      const visit = (step: TemplateStep): void => {
        const outside =
          step.domain.length >= select.domain.length || step.domain.some((sample) => !select.domain.includes(sample));
        if (outside || own.includes(step)) return;
        const owner = owners.get(step);
        if (owner !== undefined) {
          // The steps of an inner test; what they take may be this one's.
          if (!own.includes(owner.select) || walked.has(step)) return;
          walked.add(step);
          step.inputs.forEach((inner) => visit(inner.step));
          return;
        }
        if (step.kind === "select") own.push(step);
        step.inputs.forEach((inner) => visit(inner.step));
        if (step.kind === "select") own.splice(own.indexOf(step), 1);
        own.push(step);
        owners.set(step, { select, side });
      };
      visit(input.step);
      return own;
    });
    branches.set(select, sides as unknown as readonly [readonly TemplateStep[], readonly TemplateStep[]]);
  }
  const within = (step: TemplateStep, owner: Owner): boolean => {
    for (let at = owners.get(step); at !== undefined; at = owners.get(at.select))
      if (at.select === owner.select && at.side === owner.side) return true;
    return false;
  };
  for (const step of steps) {
    step.inputs.forEach((input, i) => {
      const owner = owners.get(input.step);
      if (owner === undefined || within(step, owner) || (owner.select === step && owner.side === i)) return;
      throw new NoProgram("a step stands under two tests");
    });
  }
  // Two forwards under one name are no class that a person would write: the settings that tell them apart are settled instead.
  for (const [then, otherwise] of branches.values())
    if (Math.min(then.length, otherwise.length) > 1) throw new NoProgram("two forwards in one");
  if (results.some(({ step }) => owners.has(step))) throw new NoProgram("a result stands under a test");
  return branches;
}
