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
    if (some.length < fewest) return undefined;
    const terms = atoms.map(({ rule, values: own }) => ({ rule, values: indices.map((i) => own[i] as number) }));
    // Two values follow from too much.
    if (distinct(some) > 1) return distinct(some) < enough ? undefined : multiple(terms, some);
    // What never varies where it is found may follow from what does not vary there either.
    const first = some[0] as number;
    const follows = terms.some(
      ({ values: own }) => (own[0] as number) > 1 && distinct(own) === 1 && first % (own[0] as number) === 0,
    );
    return follows ? undefined : constant(first);
  };
  for (const { rule: test, holds } of conditions) {
    const [on, off] = [true, false].map((side) => holds.flatMap((value, i) => (value === side ? [i] : [])));
    const then = sideOf(on ?? []);
    const otherwise = then === undefined ? undefined : sideOf(off ?? []);
    if (then !== undefined && otherwise !== undefined) return { kind: "choice", test, then, otherwise };
  }
  return undefined;
}
