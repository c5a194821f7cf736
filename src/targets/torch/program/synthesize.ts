/** From instances of a kind of block to the class that makes them all, and what else its author's code would make. */
import type { Rebuilds } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { childrenKnown } from "./children.ts";
import { contentOf, distinct, distinctSamples } from "./distinct.ts";
import { Prober } from "./prober.ts";
import { hasNestedLists, type Sample } from "./samples.ts";
import { numbersOf } from "./template-parameters.ts";
import { Synthesis, type Known } from "./synthesis.ts";
import { NoProgram, type ClassProgram } from "./template.ts";

/** That, and how blocks are built again. */
export interface Knowledge extends Known {
  readonly rebuilds: Rebuilds;
}

/** So often a class is made anew of what contradicts it, before its settings are given up. */
const mostRounds = 4;

/** So many more configurations tell the rule of an argument, or none does. */
const mostTold = 48;

/**
 * The class of these instances, with the settings in `free` as parameters; what cannot be varied is settled. It is learnt of some configurations,
 * and looked at under others: those of which it makes something else are learnt of, too. Undefined where no class was found that makes every
 * instance and everything that the block makes of other configurations.
 */
export function synthesize(
  instances: readonly Sample[],
  free: ReadonlySet<string>,
  knowledge: Knowledge,
): ClassProgram | undefined {
  const [first] = instances as readonly [Sample];
  const { classOf, rebuilds, numbers } = knowledge;
  const values = new Map(
    [...first.settings.keys()].map((name) => [name, distinct(instances.map(({ settings }) => settings.get(name) ?? null))]),
  );
  const several = (name: string): boolean => (values.get(name)?.length ?? 0) > 1;
  const tried = new Set([...free].filter((name) => several(name) || !hasText(first.settings.get(name))));
  const prober = new Prober(first, tried, values, numbers, rebuilds);
  const known = (samples: readonly Sample[]): readonly Sample[] => samples.filter((sample) => childrenKnown(sample, classOf));
  const probed = prober.samples();
  // Two instances that differ most give what lies between them too.
  const samples = [...distinctSamples(instances), ...known(probed)];
  const varied = new Set([...tried].filter((name) => several(name) || !isChildrens(name, first, probed, samples)));
  // None is built twice: what one class was looked at with is for the next as well.
  const looked: Sample[] = [];
  const learnt = (from: readonly Sample[], others: readonly Sample[]): ClassProgram | undefined => {
    const made = (learning: readonly Sample[]): ClassProgram => {
      const open = [...varied].filter((name) => distinct(learning.map(({ settings }) => settings.get(name) ?? null)).length > 1);
      return new Synthesis(learning, open, knowledge).program(instances);
    };
    return learntOf(from, others, made, (program) => {
      const checks = varied.size === 0 ? [] : known(prober.checks(numbersOf(program)));
      looked.push(...checks);
      return checks;
    });
  };
  const found = learnt(samples, []);
  if (found !== undefined && extrasOf(found) === 0) return found;
  // Where lists that belong together are not equally long, code leaves lists in lists empty, which Python's zip refuses: then that tells nothing.
  const nested = samples.some(({ block }) => hasNestedLists(block));
  const uneven = nested ? known(probed).filter(({ settings }) => prober.isUneven(settings)) : [];
  const even =
    uneven.length === 0
      ? undefined
      : learnt(
          samples.filter((sample) => !uneven.includes(sample)),
          [...uneven, ...looked],
        );
  return found === undefined || (even !== undefined && extrasOf(even) < extrasOf(found)) ? even : found;
}

function extrasOf({ parameters }: ClassProgram): number {
  return parameters.filter(({ extra }) => extra === true).length;
}

/** The class that is made of these samples, and of those among the others and among its checks of which it would make something else. */
function learntOf(
  from: readonly Sample[],
  others: readonly Sample[],
  made: (samples: readonly Sample[]) => ClassProgram,
  checksOf: (program: ClassProgram) => readonly Sample[],
): ClassProgram | undefined {
  const samples = [...from];
  const checks = [...others];
  let best: ClassProgram | undefined;
  for (let round = 0; round < mostRounds; round++) {
    let program: ClassProgram;
    try {
      program = made(samples);
    } catch (error) {
      if (error instanceof NoProgram) return best;
      throw error;
    }
    checks.push(...checksOf(program));
    const wrong = checks.filter(({ block, body }) => program.contradicts(block, body));
    if (wrong.length === 0) {
      // An argument that follows from nothing known contradicts nothing: all that is known may tell its rule.
      if (best !== undefined || extrasOf(program) === 0)
        return best === undefined || extrasOf(program) < extrasOf(best) ? program : best;
      best = program;
      const step = Math.ceil(checks.length / mostTold);
      samples.push(...checks.filter((_, i) => i % step === 0));
      continue;
    }
    samples.push(...wrong.slice(0, 8));
    for (const sample of wrong.slice(0, 8)) checks.splice(checks.indexOf(sample), 1);
  }
  return best;
}

/**
 * Whether children are made for the value that a setting has here: with another one alone, where that changes anything, there is no class of them. The
 * class around them is made for it, too.
 */
function isChildrens(name: string, first: Sample, probed: readonly Sample[], known: readonly Sample[]): boolean {
  const text = (sample: Sample, setting: string): string => JSON.stringify(sample.settings.get(setting));
  const others = [...first.settings.keys()].filter((other) => other !== name);
  const alone = probed.filter(
    (sample) => text(sample, name) !== text(first, name) && others.every((other) => text(sample, other) === text(first, other)),
  );
  return (
    alone.some((sample) => !known.includes(sample)) &&
    alone.every((sample) => !known.includes(sample) || contentOf(sample) === contentOf(first))
  );
}

/** A text can only be varied where the model has several. */
function hasText(value: PyConstant | undefined): boolean {
  return typeof value === "string" || (Array.isArray(value) && value.some((item) => typeof item === "string"));
}
