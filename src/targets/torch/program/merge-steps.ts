/** One forward for the bodies of several samples: what differs follows from a rule, or stands under a test. */
import { must } from "../../../errors/must.ts";
import type { AttrValue } from "../../../ir/op.ts";
import type { Returns } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import type { Fitter } from "./fit.ts";
import type { Rule } from "./rules.ts";
import type { Ref, Result, Step, Steps } from "./steps.ts";
import { NoProgram, type Slot, type TemplateResult, type TemplateStep, type TemplateSteps, type Test } from "./template.ts";

/** What merging asks of the class around it. */
export interface Surroundings {
  readonly fitter: Fitter;
  /** A parameter for what no rule gives. */
  readonly extra: (hint: string, values: readonly PyConstant[], samples: readonly number[]) => Rule;
  /** The test that holds in some of the samples alone. */
  readonly testOf: (domain: readonly number[], within: readonly number[]) => Test | undefined;
}

/** How the steps of all samples are one; NoProgram where they are not. */
export function mergeSteps(samples: readonly Steps[], around: Surroundings): TemplateSteps {
  const merger = new Merger(around);
  const domain = samples.map((_, i) => i);
  return merger.inStep(samples, domain) ?? merger.results(samples, domain);
}

type Values = readonly Result[];

class Merger {
  readonly #around: Surroundings;
  readonly #steps: TemplateStep[] = [];
  /** What was made, by a step of it and that step's sample. */
  readonly #made = new Map<
    Step,
    { readonly domain: readonly number[]; readonly values: Values; readonly result: TemplateResult }[]
  >();
  readonly #byTuple = new Map<string, TemplateStep>();
  readonly #numbers = new Map<Step, number>();

  constructor(around: Surroundings) {
    this.#around = around;
  }

  /** Where all samples run the same steps, each is merged with those at its position. */
  inStep(samples: readonly Steps[], domain: readonly number[]): TemplateSteps | undefined {
    const [first] = samples;
    if (first === undefined) throw new NoProgram("no sample");
    const positions = samples.map(({ steps }) => new Map(steps.map((step, at) => [step, at])));
    const wiring = (s: number, results: readonly Result[]): string =>
      results.map(({ step, output }) => `${positions[s]?.get(step)}.${output}`).join();
    const same = samples.every(
      ({ steps, results }, s) =>
        steps.length === first.steps.length &&
        wiring(s, results) === wiring(0, first.results) &&
        steps.every((step, at) => {
          const other = first.steps[at] as Step;
          return signature(step) === signature(other) && wiring(s, step.inputs) === wiring(0, other.inputs);
        }),
    );
    if (!same) return undefined;
    const made: TemplateStep[] = [];
    const read = ({ step, output }: Result): TemplateResult => ({
      step: must(made[must(positions[0]?.get(step), "the place of a step")], "a step before its readers"),
      output,
    });
    first.steps.forEach((step, at) => {
      const each = samples.map(({ steps }) => steps[at] as Step);
      made.push(this.#merged(each, step.inputs.map(read), domain));
    });
    return { steps: made, results: first.results.map(read) };
  }

  results(samples: readonly Steps[], domain: readonly number[]): TemplateSteps {
    const [first] = samples;
    if (samples.some(({ results }) => results.length !== first?.results.length)) throw new NoProgram("other results");
    // Inputs come first, and all of them.
    const inputs = first?.steps.filter(({ kind }) => kind === "input") ?? [];
    const named = (steps: Steps, name: string): Step | undefined =>
      steps.steps.find((step) => step.kind === "input" && step.name === name);
    for (const input of inputs) {
      const each = samples.map((steps) => named(steps, (input as Step & { kind: "input" }).name));
      if (each.some((step) => step === undefined)) throw new NoProgram("other inputs");
      this.#value(
        (each as readonly Step[]).map((step) => ({ step, output: 0 })),
        domain,
      );
    }
    const results = (first?.results ?? []).map((_, i) =>
      this.#value(
        samples.map(({ results: own }) => own[i] as Result),
        domain,
      ),
    );
    return { steps: this.#steps, results };
  }

  #number(step: Step): number {
    const known = this.#numbers.get(step);
    if (known !== undefined) return known;
    this.#numbers.set(step, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** The one value that these are in the samples of the domain. */
  #value(values: Values, domain: readonly number[]): TemplateResult {
    const known = this.#knownValue(values, domain);
    if (known !== undefined) return known;
    const kinds = new Set(values.map(({ step, output }) => `${signature(step)}#${output}`));
    const result = kinds.size === 1 ? this.#uniform(values, domain) : this.#differing(values, domain);
    const first = values[0] as Result;
    this.#made.set(first.step, [...(this.#made.get(first.step) ?? []), { domain, values, result }]);
    values.slice(1).forEach((value) => {
      if (value.step === first.step) return;
      this.#made.set(value.step, [...(this.#made.get(value.step) ?? []), { domain, values, result }]);
    });
    return result;
  }

  /** A value that was made for these samples, or for more of them. */
  #knownValue(values: Values, domain: readonly number[]): TemplateResult | undefined {
    const [first] = values;
    if (first === undefined) throw new NoProgram("no value");
    const fitting = (this.#made.get(first.step) ?? []).filter(({ domain: other, values: own }) =>
      domain.every((sample, i) => {
        const at = other.indexOf(sample);
        return at >= 0 && own[at]?.step === values[i]?.step && own[at]?.output === values[i]?.output;
      }),
    );
    // What was made for the most samples stands under the fewest tests.
    const widest = fitting.reduce<(typeof fitting)[number] | undefined>(
      (best, each) => (best === undefined || each.domain.length > best.domain.length ? each : best),
      undefined,
    );
    return widest?.result;
  }

  #uniform(values: Values, domain: readonly number[]): TemplateResult {
    const [first] = values as readonly [Result];
    const steps = values.map(({ step }) => step);
    // A step of several outputs is one step.
    const key = `${domain.join()}:${steps.map((step) => this.#number(step)).join()}`;
    let made = this.#byTuple.get(key);
    if (made === undefined) {
      const inputs = first.step.inputs.map((_, i) =>
        this.#value(
          steps.map(({ inputs: own }) => own[i] as Result),
          domain,
        ),
      );
      made = this.#merged(steps, inputs, domain);
      this.#steps.push(made);
      this.#byTuple.set(key, made);
    }
    return { step: made, output: first.output };
  }

  /** Where some samples do more than others, that stands under a test; what both have is done once. */
  #differing(values: Values, domain: readonly number[]): TemplateResult {
    const kinds = values.map(({ step, output }) => `${signature(step)}#${output}`);
    const groups = [...new Set(kinds)];
    let best: { readonly kind: string; readonly input: number; readonly left: number } | undefined;
    const inside = (kind: string): readonly number[] => domain.filter((_, i) => kinds[i] === kind);
    const outside = (kind: string): readonly number[] => domain.filter((_, i) => kinds[i] !== kind);
    // Where several steps may be left out, the outer one is the one that runs on a condition of its own.
    const tested = groups.map((kind) => [this.#around.testOf(inside(kind), domain), this.#around.testOf(outside(kind), domain)]);
    // Whether a member is there tells more than a comparison of settings, which may hold by chance.
    const byMember = groups.filter((_, i) => tested[i]?.some((test) => test?.kind === "member"));
    const byRule = groups.filter((_, i) => tested[i]?.some((test) => test !== undefined));
    const testable = byMember.length > 0 ? byMember : byRule;
    for (const kind of testable) {
      const member = values[kinds.indexOf(kind)] as Result;
      member.step.inputs.forEach((_, input) => {
        const peeled = values.map((value, i) => (kinds[i] === kind ? (value.step.inputs[input] as Result) : value));
        const left = new Set(peeled.map(({ step, output }) => `${signature(step)}#${output}`)).size;
        if (left < groups.length && (best === undefined || left < best.left)) best = { kind, input, left };
      });
    }
    const chosen = best?.kind ?? testable[0];
    if (chosen === undefined) throw new NoProgram("it is not known when a step runs");
    if (best !== undefined) {
      const { kind, input } = best;
      this.#value(
        values.map((value, i) => (kinds[i] === kind ? (value.step.inputs[input] as Result) : value)),
        domain,
      );
    }
    const split = (inside: boolean): { readonly domain: readonly number[]; readonly values: Values } => {
      const at = kinds.flatMap((kind, i) => ((kind === chosen) === inside ? [i] : []));
      return { domain: at.map((i) => domain[i] as number), values: at.map((i) => values[i] as Result) };
    };
    const sides = [split(true), split(false)] as const;
    const tests = [this.#around.testOf(sides[0].domain, domain), this.#around.testOf(sides[1].domain, domain)] as const;
    // What asks whether a member is there reads best.
    const rank = (test: Test | undefined): number =>
      test === undefined ? 3 : test.kind === "member" ? 0 : isNegation(test.rule) ? 2 : 1;
    const swapped = rank(tests[1]) < rank(tests[0]);
    const test = tests[swapped ? 1 : 0];
    if (test === undefined) throw new NoProgram("it is not known when a step runs");
    const [then, otherwise] = swapped ? [sides[1], sides[0]] : sides;
    const inputs = [this.#value(then.values, then.domain), this.#value(otherwise.values, otherwise.domain)];
    const step: TemplateStep = { kind: "select", test, inputs, outputs: 1, domain };
    this.#steps.push(step);
    return { step, output: 0 };
  }

  #merged(steps: readonly Step[], inputs: readonly TemplateResult[], domain: readonly number[]): TemplateStep {
    const [step] = steps as readonly [Step];
    const common = { inputs, outputs: step.outputs, domain };
    switch (step.kind) {
      case "input":
        return { kind: "input", name: step.name, ...common };
      case "call":
        return { kind: "call", ref: step.ref, returns: step.returns, ...common };
      case "loop": {
        const bodies = steps.map((each) => (each as Step & { kind: "loop" }).body);
        const around: Surroundings = {
          ...this.#around,
          fitter: this.#around.fitter.within(domain),
          extra: (hint, values, own) =>
            this.#around.extra(
              hint,
              values,
              own.map((i) => domain[i] as number),
            ),
        };
        const merger = new Merger(around);
        const own = domain.map((_, i) => i);
        const body = merger.inStep(bodies, own) ?? merger.results(bodies, own);
        if (body.steps.some(({ kind }) => kind === "select")) throw new NoProgram("iterations differ");
        return { kind: "loop", lists: step.lists, body, kept: step.kept, pops: step.pops, ...common };
      }
      case "op":
        return {
          kind: "op",
          op: step.op,
          slots: this.#slots(steps as readonly (Step & { kind: "op" })[], domain),
          ref: step.ref,
          ...common,
        };
    }
  }

  /** Attributes of a function; those of a layer are its constructor's. */
  #slots(steps: readonly (Step & { kind: "op" })[], domain: readonly number[]): readonly (readonly [string, Slot])[] {
    const [step] = steps as readonly [Step & { kind: "op" }];
    if (step.ref !== undefined) return [];
    const fitter = this.#around.fitter.within(domain);
    return Object.keys(step.attrs).map((name) => {
      const values = steps.map(({ attrs }) => attrs[name] as AttrValue as PyConstant);
      return [name, fitter.fit(values) ?? this.#around.extra(name, values, domain)];
    });
  }
}

function isNegation(rule: Rule): boolean {
  return rule.kind === "not";
}

const one: Returns = { kind: "one", entries: [["", 0]] };

/** One layer in the place of another, or of a block, is applied alike. */
function module(ref: Ref, returns: Returns, inputs: number): string {
  return `module ${JSON.stringify([ref, returns])} ${inputs}`;
}

/** Steps with one signature differ in numbers alone, and in what they take. */
function signature(step: Step): string {
  const inputs = step.inputs.length;
  switch (step.kind) {
    case "input":
      return step.name;
    case "op":
      return step.ref === undefined ? `${step.op.name}(${inputs})${step.outputs}` : module(step.ref, one, inputs);
    case "call":
      return module(step.ref, step.returns, inputs);
    case "loop":
      return `loop ${JSON.stringify([step.lists, step.kept, step.pops, step.body.results.length])} ${inputs}`;
  }
}
