import type { Place } from "../errors/index.ts";
import { installation } from "./installation.ts";

/** Where a call was made. Capturing is cheap; the stack is only formatted when `placeOf` asks for it. */
export interface Source {
  readonly trace: { readonly stack?: string };
}

let withPlaces = true;

/** Runs what may fail without anybody being told where: stacks are not captured, which is most of the cost of building a block. */
export function withoutPlaces<T>(run: () => T): T {
  const [before, limit] = [withPlaces, Error.stackTraceLimit];
  withPlaces = false;
  Error.stackTraceLimit = 0;
  try {
    return run();
  } finally {
    withPlaces = before;
    Error.stackTraceLimit = limit;
  }
}

const nowhere: Source = { trace: {} };

/** The stack above the function `below`. */
export function captureSource(below: (...args: never[]) => unknown): Source {
  return withPlaces ? captured(below) : nowhere;
}

/** The file that calls `below`; undefined where it is none on a disk. */
export function fileCalling(below: (...args: never[]) => unknown): string | undefined {
  return callerOf(captured(below))?.file;
}

function captured(below: (...args: never[]) => unknown): Source {
  const trace: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 40;
  Error.captureStackTrace(trace, below);
  Error.stackTraceLimit = limit;
  return { trace };
}

const ours = ["src", "dsl", "bin"].map((folder) => pathOf(new URL(`${folder}/`, installation).href));

/** Whether a file is of this installation. */
export function isOurs(file: string): boolean {
  return ours.some((folder) => file.startsWith(folder));
}

/** The first line of the stack that is the user's: not this package, not a dependency, not Node. */
export function placeOf(source: Source | { readonly stack?: string }): Place | undefined {
  if (!withPlaces) return undefined;
  const stack = "trace" in source ? source.trace.stack : source.stack;
  for (const { file, line } of placesIn(stack)) {
    if (!isOurs(file) && !file.includes("/node_modules/")) return { file, line };
  }
  return undefined;
}

/** Where the call stands itself, in whosever file. */
export function callerOf({ trace }: Source): Place | undefined {
  return placesIn(trace.stack).next().value;
}

function* placesIn(stack: string | undefined): Generator<Place, undefined> {
  for (const line of stack?.split("\n") ?? []) {
    // `at name (/path:1:2)`, `at /path:1:2` or `at async file:///path:1:2`; not Node's own `node:fs:1:2`.
    const match = /^\s*at (?:.*? \()?(?:async )?((?:file:\/\/)?(?:\/|[A-Za-z]:[\\/])[^<>]*):(\d+):\d+\)?$/.exec(line);
    if (match !== null) yield { file: pathOf(match[1] as string), line: Number(match[2]) };
  }
  return undefined;
}

/** A stack's location as a path: what Node names by a file URL, whose path begins with a slash even before a drive's letter. */
function pathOf(location: string): string {
  if (!location.startsWith("file://")) return location;
  return decodeURIComponent(new URL(location).pathname).replace(/^\/(?=[A-Za-z]:\/)/, "");
}
