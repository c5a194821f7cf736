/** The contract of a pass, whatever it rewrites: a part, or the graph of a target. */
import { InternalError } from "../errors/must.ts";

/** A property that can be looked for. */
export interface Condition<T> {
  readonly name: string;
  /** Where it does not hold, or undefined; `before` is what the pass was given. */
  broken(subject: T, before: T): string | undefined;
}

/** Rewrites its subject into an equivalent one and never changes it. */
export interface Pass<T> {
  readonly name: string;
  /** One sentence: what it does. */
  readonly doc: string;
  /** What must hold before, and what holds after. Both are looked for whenever the pass runs. */
  readonly requires: readonly Condition<T>[];
  readonly ensures: readonly Condition<T>[];
  run(subject: T): T;
}

/** Runs passes in order and verifies after each. What a pass breaks is told with its name: InternalError. */
export function runInOrder<T extends { readonly name: string }>(
  subject: T,
  passes: readonly Pass<T>[],
  verify: (subject: T) => void,
  after?: (pass: Pass<T>, subject: T) => void,
): T {
  let current = subject;
  const done: string[] = [];
  for (const pass of passes) {
    const before = current;
    const ran = done.join(" → ");
    expectAll(pass.requires, before, before, `${pass.name} cannot take the ${subject.name}${ran === "" ? "" : ` after ${ran}`}`);
    current = pass.run(before);
    done.push(pass.name);
    const broken = `the ${subject.name} is broken after ${done.join(" → ")}`;
    try {
      // What a pass hands back as it was has been verified.
      if (current !== before) verify(current);
    } catch (error) {
      throw new InternalError(broken, { cause: error });
    }
    expectAll(pass.ensures, current, before, broken);
    after?.(pass, current);
  }
  return current;
}

function expectAll<T>(conditions: readonly Condition<T>[], subject: T, before: T, what: string): void {
  for (const condition of conditions) {
    const where = condition.broken(subject, before);
    if (where !== undefined) throw new InternalError(`${what}: it is not ${condition.name}, ${where}`);
  }
}
