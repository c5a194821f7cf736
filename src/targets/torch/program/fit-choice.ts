/** Rules of two sides: one number where a condition holds, another where it does not. */
import { distinct, enough, multiple, type Term } from "./fit-terms.ts";
import type { Condition } from "./fit-tests.ts";
import { constant, type Rule } from "./rules.ts";

/** Each side is known of so many samples as `fewest`. */
export function choiceOf(
  values: readonly number[],
  atoms: readonly Term[],
  conditions: readonly Condition[],
  fewest: number,
): Rule | undefined {
  const sideOf = (indices: readonly number[]): Rule | undefined => {
    const some = indices.map((i) => values[i] as number);
    const different = distinct(some);
    // Two values follow from too much.
    if (different > 1) return different < enough ? undefined : multiple(termsAt(indices), some);
    // What never varies where it is found may follow from what does not vary there either.
    const first = some[0] as number;
    const follows = atoms.some(({ values: own }) => {
      const here = own[indices[0] as number] as number;
      return here > 1 && first % here === 0 && indices.every((i) => own[i] === here);
    });
    return follows ? undefined : constant(first);
  };
  const termsAt = (indices: readonly number[]): readonly Term[] =>
    atoms.map(({ rule, values: own }) => ({ rule, values: indices.map((i) => own[i] as number) }));
  for (const { rule: test, holds } of conditions) {
    const [on, off]: [number[], number[]] = [[], []];
    holds.forEach((value, i) => (value ? on : off).push(i));
    if (on.length < fewest || off.length < fewest) continue;
    const then = sideOf(on);
    const otherwise = then === undefined ? undefined : sideOf(off);
    if (then !== undefined && otherwise !== undefined) return { kind: "choice", test, then, otherwise };
  }
  return undefined;
}
