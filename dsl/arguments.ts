/** How many arguments a call may have: JavaScript drops what is too much, and TypeScript sees it only where it knows what is called. */
import { UserError, type Report } from "../src/errors/index.ts";
import { inputCount, type Op } from "../src/ir/op.ts";
import { captureSource, placeOf } from "../src/ir/source.ts";
import type { Below } from "./config.ts";
import { mostArguments } from "./tracing/code-text.ts";
import { describeForeign, Traced } from "./tracing/trace.ts";

/** What a function was called with: its `arguments`. */
export type Given = ArrayLike<unknown>;

interface Takes {
  /** What messages call the function. */
  readonly called: string;
  readonly most: number;
  /** What these are. */
  readonly takes: string;
  readonly help?: string | undefined;
  /** Where it was called. */
  at(): Pick<Report, "where" | "module">;
}

/**
 * The arguments, of which there may be `most`; UserError where there are more. The place and the list that an array's map and reduce hand on are left
 * out, so that `maps.map(relu)` and `maps.reduce(add)` mean what they say.
 */
export function checkedArguments(given: Given, { called, most, takes, help, at }: Takes): readonly unknown[] {
  const all = Array.from(given);
  if (all.length <= most) return all;
  const [place, list] = all.slice(most);
  const isCallback = all.length === most + 2 && typeof place === "number" && Array.isArray(list) && list[place] === all[most - 1];
  if (isCallback) return all.slice(0, most);
  throw new UserError({
    what: most === 0 ? `${called} takes no argument` : `${called} is given ${all.length} arguments`,
    ...at(),
    op: called,
    expected: takes,
    found: all.map((each) => (each instanceof Traced ? "a feature" : describeForeign(each))).join(", "),
    help: help ?? (most === 0 ? "call it without arguments" : `leave out what stands behind argument ${most}`),
  });
}

/** Refuses more than what stands in `{ … }`; where nothing does, as in `conv2d(3, 16)`, that is what there is to say. */
export function checkOnlySettings(called: string, given: Given, below: Below): void {
  if (typeof given[0] !== "object") return;
  checkedArguments(given, { called, most: 1, takes: "its settings, in one object", at: () => above(below) });
}

/** The inputs of an op, where there are not too many. */
export function checkedInputs(op: Op, given: Given, at: Takes["at"]): readonly unknown[] {
  return checkedArguments(given, {
    called: nameOf(op),
    most: inputCount(op).most,
    takes: featuresOf(op),
    help: helpOf(op, given),
    at,
  });
}

/** What a function of an author's is to be called with, where that is not too much for it; `each` says what one argument is. */
export function checkedForAuthor(
  run: Below,
  given: Given,
  each: string,
  { called, at }: Pick<Takes, "called" | "at">,
): readonly unknown[] {
  if (given.length <= run.length) return Array.from(given);
  const most = mostArguments(run);
  const help = "leave out what it does not take, or give its function a parameter more";
  return checkedArguments(given, { called, most, takes: most === 0 ? "nothing" : counted(most, each), help, at });
}

/** Refuses more arguments than the inputs of the op and its settings, as a function of `litevae/dsl` takes them. */
export function checkFunction(op: Op, given: Given, below: Below): void {
  const settings = Object.keys(op.attributes ?? {});
  const takes = `${featuresOf(op)}; ${settings.length === 0 ? "it has no settings" : `and { ${settings.join(", ")} }`}`;
  const most = inputCount(op).most + Math.min(settings.length, 1);
  checkedArguments(given, { called: nameOf(op), most, takes, at: () => above(below) });
}

/** Where the user called `below`. */
export function above(below: Below): Pick<Report, "where"> {
  return { where: placeOf(captureSource(below)) };
}

const nameOf = ({ constructorName, name }: Op): string => constructorName ?? name;

function helpOf(op: Op, given: Given): string | undefined {
  if (op.source === true) return "call it without arguments, and apply what it returns: mul(h, l.gamma())";
  return op.own && `leave out what it does not take, or declare inputs: ${given.length} in the op`;
}

function featuresOf(op: Op): string {
  const { least, most } = inputCount(op);
  if (most === 0) return "nothing";
  if (most === Infinity) return `${least} features or more`;
  return least === most ? counted(most, "feature") : `${least} to ${most} features`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
