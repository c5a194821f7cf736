/** What fast-check needs to know of the ops, and random tensors. */
import fc from "fast-check";
import type { Choose } from "../../src/ir/op.ts";

export * from "../../src/op-test/random.ts";

function oneOf<T>(...options: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...options);
}

/** An arbitrary from a function that draws its choices; failures shrink choice by choice. */
export function drawn<T>(draw: (choose: Choose) => T): fc.Arbitrary<T> {
  return fc.gen().map((gen) =>
    draw({
      int: (min, max) => gen(fc.integer, { min, max }),
      pick: (options) => gen(oneOf<(typeof options)[number]>, ...options),
    }),
  );
}

export const seeds: fc.Arbitrary<number> = fc.integer();

/**
 * Settings of a property: LITEVAE_TEST_SEED repeats a run, as a failure prints its seed. Shrinking ends before the test's own time limit,
 * which would hide the counterexample.
 */
export function runs<T>(numRuns: number, timeout: number): Pick<fc.Parameters<T>, "numRuns" | "seed" | "plugins"> {
  const seed = process.env["LITEVAE_TEST_SEED"];
  return {
    numRuns,
    plugins: [fc.interruptAfterTimeLimit(timeout - 2000, { failOnInterrupt: true }) as fc.Plugin<T>],
    ...(seed === undefined ? {} : { seed: Number(seed) }),
  };
}
