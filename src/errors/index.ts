/** What a person is told when something they gave is wrong: where, what, expected, found, what to do. */
export interface Report {
  /** One sentence, lower case, no full stop: what is wrong. */
  readonly what: string;
  readonly where?: Place | undefined;
  /** Path of the module in the model, such as `encoder.extractors.0.conv_in`. */
  readonly module?: string | undefined;
  readonly op?: string | undefined;
  readonly expected?: string | undefined;
  readonly found?: string | undefined;
  /** The remedy. */
  readonly help: string;
}

/** A place in a file; line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
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
export const exitCode = { ok: 0, wrongInput: 1, usage: 2, bug: 70 } as const;

/** The candidate closest to `word` by edit distance, when it is near enough to be what was meant. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  if (best === undefined || best.distance >= word.length) return undefined;
  return best.distance <= Math.max(1, Math.floor(word.length / 3)) ? best.candidate : undefined;
}

/** Insertions, deletions, substitutions and swaps of neighbours, each counting one. */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const at = (i: number, j: number): number => rows[i]?.[j] ?? Infinity;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const substitution = at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(i - 2, j - 2) + 1 : Infinity;
      row.push(Math.min(substitution, swap, at(i - 1, j) + 1, at(i, j - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
