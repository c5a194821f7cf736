/** Arithmetic on channel counts that keeps literals, and those of a block's own generic parameters, in the types. */
import { UserError } from "../src/errors/index.ts";
import { above, checkedArguments, type Given } from "./arguments.ts";
import { checkFinite, type Below } from "./config.ts";
import type { Add, Product, Quotient } from "./feature.ts";

/** width · factor, checked in the editor where `2 * width` is only a number: of a generic C it is `Product<C, 2>`, and of 16 it is 32. */
export function times<const A extends number, const B extends number>(width: A, factor: B): Product<A, B> {
  checkNumbers("times", { width, factor }, arguments, times);
  return (width * factor) as Product<A, B>;
}

/** width + more, checked in the editor as what `concat` gives: of a generic C it is `Add<C, 16>`. */
export function plus<const A extends number, const B extends number>(width: A, more: B): Add<A, B> {
  checkNumbers("plus", { width, more }, arguments, plus);
  return (width + more) as Add<A, B>;
}

/** width / parts, checked in the editor as what `chunk` gives: of a generic C it is `Quotient<C, 2>`. UserError where it leaves a rest. */
export function over<const A extends number, const B extends number>(width: A, parts: B): Quotient<A, B> {
  checkNumbers("over", { width, parts }, arguments, over);
  const whole = width / parts;
  if (Number.isInteger(whole)) return whole as Quotient<A, B>;
  throw new UserError({
    what: `${width} channels have no ${parts} equal parts`,
    ...above(over),
    expected: `a multiple of ${parts}`,
    found: String(width),
    help: "choose a width that it divides, or round: Math.floor(width / parts)",
  });
}

function checkNumbers(called: string, numbers: Readonly<Record<string, number>>, given: Given, below: Below): void {
  checkedArguments(given, { called, most: 2, takes: "2 numbers", at: () => above(below) });
  checkFinite(called, numbers, below);
}
