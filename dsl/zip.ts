/** Lists side by side, as loops over several lists of layers go through them. */
import { UserError } from "../src/errors/index.ts";
import { above } from "./arguments.ts";
import { describeForeign } from "./tracing/trace.ts";

/**
 * The entries of lists side by side, as Python's zip(strict=True) gives them, so that no entry is possibly undefined:
 * `for (const [res, down] of zip(l.res, l.down)) x = down(res(x));`. UserError where the lists differ in length.
 */
export function zip<L extends readonly (readonly unknown[])[]>(
  ...lists: L
): readonly { readonly [I in keyof L]: L[I][number] }[] {
  const [first] = lists;
  const fits = (list: unknown): boolean => Array.isArray(list) && list.length === first?.length;
  if (first !== undefined && lists.every(fits)) return first.map((_, i) => lists.map((list) => list[i])) as never;
  throw new UserError({
    what: "zip is not given lists of one length",
    ...above(zip),
    expected: "zip(first, second), lists that are equally long",
    found: lists.map(describeForeign).join(", ") || "nothing",
    help: "leave out what has no partner, such as list.slice(1)",
  });
}
