/** Which steps of a forward stand where they are read, and which are too long for that and get a name. */
import { pyName } from "../../../ir/python.ts";
import { lineLength } from "../layout.ts";
import { printExpr } from "../printer.ts";
import type { Expressions } from "./forward-expressions.ts";
import type { Values } from "./forward-values.ts";
import type { TemplateResult, TemplateStep } from "./template.ts";

/** What an expression may take of a line, beside indentation and the variable that it is given to. */
const longest = lineLength - 8 - 12;

export class Nesting {
  readonly #values: Values;
  readonly #expressions: Expressions;
  readonly #named = new Set<TemplateStep>();
  readonly #widths = new Map<TemplateStep, number>();

  constructor(values: Values, expressions: Expressions) {
    this.#values = values;
    this.#expressions = expressions;
  }

  isNamed(step: TemplateStep): boolean {
    return this.#named.has(step);
  }

  nests(step: TemplateStep, last: TemplateStep | undefined): boolean {
    if (step.outputs !== 1 || this.#values.used(step) !== 1 || this.#named.has(step)) return false;
    if (step.kind === "call") return step === last && step.returns.kind === "one";
    return step.kind === "op";
  }

  /** What is nested into a step is given a name where the step reads it again and again, or gets too long for a line, the longest first. */
  nameTooLong(step: TemplateStep, last: TemplateStep | undefined): void {
    for (const { step: input } of this.#readAgain(step)) this.#named.add(input);
    if (step.kind === "loop" || step.kind === "select")
      for (const { step: input } of step.inputs) if (step.kind === "loop") this.#named.add(input);
    const widthOf = (): number =>
      step.inputs.reduce(
        (sum, { step: input }) => sum + (this.nests(input, last) ? (this.#widths.get(input) ?? 6) : 6),
        this.#ownWidth(step),
      );
    while (widthOf() > longest) {
      const nested = step.inputs.filter(({ step: input }) => this.nests(input, last) && (this.#widths.get(input) ?? 0) > 12);
      const widest = nested.reduce<TemplateResult | undefined>(
        (best, each) =>
          best === undefined || (this.#widths.get(each.step) ?? 0) > (this.#widths.get(best.step) ?? 0) ? each : best,
        undefined,
      );
      if (widest === undefined) break;
      this.#named.add(widest.step);
    }
    this.#widths.set(step, widthOf());
  }

  /** The operands that stand more than once in what the step is written as. */
  #readAgain(step: TemplateStep): readonly TemplateResult[] {
    if (step.kind !== "op" || step.ref !== undefined) return [];
    const marks = step.inputs.map((_, i) => `operand ${i};`);
    const text = JSON.stringify(this.#expressions.applied(step, marks.map(pyName), { items: new Map() }));
    return step.inputs.filter((_, i) => text.split(marks[i] as string).length > 2);
  }

  /** The width of a step without its operands. */
  #ownWidth(step: TemplateStep): number {
    if (step.kind === "call" || (step.kind === "op" && step.ref !== undefined))
      return step.ref === undefined ? 0 : 8 + step.ref.key.length + 4 * step.ref.steps.length;
    if (step.kind !== "op") return 0;
    return (
      printExpr(
        this.#expressions.applied(
          step,
          step.inputs.map(() => pyName("x")),
          { items: new Map() },
        ),
      ).length - step.inputs.length
    );
  }

  nestsInBranch(step: TemplateStep): boolean {
    return (
      step.outputs === 1 &&
      this.#values.used(step) === 1 &&
      (step.kind === "op" || (step.kind === "call" && step.returns.kind === "one"))
    );
  }
}
