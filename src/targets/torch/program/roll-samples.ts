/** The steps of several samples, with the same lists walked in loops. */
import { patternsWalked, rolledSteps } from "./rolling.ts";
import type { Sample } from "./samples.ts";
import { listsOf, refsOf, stepsOf, type List, type Steps } from "./steps.ts";
import { NoProgram } from "./template.ts";

/**
 * Lists that some samples repeat steps over are walked in loops; where lengths differ by more than none and one there is no other way. The steps are
 * those of the samples in which such lists are longer than `shortest`; which these are is told. With Infinity there are no loops.
 */
export function rolledSamples(
  samples: readonly Sample[],
  shortest: number,
): { readonly clear: readonly number[]; readonly steps: readonly Steps[] } {
  const lists = samples.map(({ block }) => listsOf(block));
  const lengthsOf = (i: number, pattern: string): readonly number[] =>
    [...(lists[i] as ReadonlyMap<string, List>).values()].flatMap((list) => (list.pattern === pattern ? [list.length] : []));
  const patterns = [...new Set(lists.flatMap((each) => [...each.values()].map(({ pattern }) => pattern)))];
  const long = (shortest === Infinity ? [] : patterns).filter((pattern) =>
    lists.some((_, i) => lengthsOf(i, pattern).some((length) => length > 1)),
  );
  const several = (pattern: string): boolean => {
    const found = lists.map((_, i) => lengthsOf(i, pattern)).map((each) => (each.length === 0 ? [0] : each));
    return new Set(found.flat()).size > 1 && new Set(found.map((each) => each.join())).size > 1;
  };
  const varying = long.filter(several);
  // Samples in which such a list is too short for a loop to show itself are checked at the end, as all are.
  // One without such a list shows what is done without it.
  const clear = samples.flatMap((_, i) =>
    varying.every((pattern) => lengthsOf(i, pattern).every((length) => length > shortest)) ? [i] : [],
  );
  if (clear.length === 0) throw new NoProgram("no sample shows the loops");
  const plain = clear.map((i) => {
    const { block, body } = samples[i] as Sample;
    return stepsOf(body, refsOf(block));
  });
  const stepsWith = (rolled: ReadonlySet<string>): readonly Steps[] =>
    plain.map((steps, at) => rolledSteps(steps, lists[clear[at] as number] as ReadonlyMap<string, List>, rolled));
  const all = stepsWith(new Set(long));
  const walked = all.map((steps) => new Set(patternsWalked(steps)));
  const isRolled = (pattern: string): boolean =>
    walked.every((each, at) => each.has(pattern) || lengthsOf(clear[at] as number, pattern).length === 0);
  const rolled = new Set(long.filter(isRolled));
  const steps = rolled.size === long.length ? all : stepsWith(rolled);
  return { clear, steps };
}
