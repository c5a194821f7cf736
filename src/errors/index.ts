import { distance } from "fastest-levenshtein";

/** What a person is told when something they gave is wrong: where, what, expected, found, what to do. */
export interface Report {
  /** One sentence, lower case, no full stop: what is wrong. */
  readonly what: string;
  /** In a file. */
  readonly where?: Place | undefined;
  /** Path of the module in the model, such as `encoder.extractors.0.conv_in`. */
  readonly module?: string | undefined;
  /** The op that is concerned. */
  readonly op?: string | undefined;
  /** What would be right. */
  readonly expected?: string | undefined;
  /** What is there instead. */
  readonly found?: string | undefined;
  /** The remedy. */
  readonly help: string;
}

/** What a person should know of a result that is there: a warning where it may not be what they want. */
export interface Note extends Omit<Report, "help"> {
  /** Absent of what is only to be known. */
  readonly severity?: "warning" | undefined;
  /** What can be done about it. */
  readonly help?: string | undefined;
}

/** A place in a file; line and column count from 1. */
export interface Place {
  /** Its path. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1; absent where the line alone is known. */
  readonly column?: number | undefined;
}

/** The model or the input is wrong: exit code 1, the message and no stack. */
export class UserError extends Error {
  override readonly name: string = "UserError";
  readonly reports: readonly Report[];

  constructor(...reports: readonly Report[]) {
    super(reports.map((report) => report.what).join("; "));
    this.reports = reports;
  }
}

/** The command line is wrong: exit code 2. */
export class UsageError extends UserError {
  override readonly name = "UsageError";
}

/** Why work was stopped that the same command goes on with: a signal, by its name as the message. */
export class StoppedError extends Error {
  override readonly name = "StoppedError";
}

/** Thrown by shape rules; whoever knows the place and the module path turns it into a UserError. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
  readonly detail: Pick<Report, "expected" | "found" | "help">;

  constructor(what: string, detail: Pick<Report, "expected" | "found" | "help">) {
    super(what);
    this.detail = detail;
  }
}

/** The documented exit codes. */
export const exitCode = { ok: 0, wrongInput: 1, usage: 2, bug: 70, stopped: 75, interrupted: 130 } as const;

/** The candidate closest to `word` by edit distance, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined || best.distance >= word.length) return undefined;
  return best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** Insertions, deletions and substitutions, each counting one, and so does one swap of neighbours, the commonest slip, which the library counts as two. */
function editDistance(a: string, b: string): number {
  const swapped = Array.from({ length: Math.max(0, a.length - 1) }, (_, i) => {
    return distance(a.slice(0, i) + a.charAt(i + 1) + a.charAt(i) + a.slice(i + 2), b) + 1;
  });
  return Math.min(distance(a, b), ...swapped);
}
