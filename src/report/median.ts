/** The median of repeated measurements, and how far it can be trusted. */
import { must } from "../errors/must.ts";

export interface MedianInterval {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** With fewer values no two of them hold the true median with 95 % confidence. */
export const leastForInterval = 6;

/** Beyond this many values the first term of the distribution below would underflow. */
export const mostValues = 1000;

/**
 * The median of at least one value, and the two values between which the true one lies with at least 95 % confidence. They are order statistics:
 * nothing is assumed of the distribution. Of fewer than six values they are the lowest and the highest.
 */
export function medianInterval(values: readonly number[]): MedianInterval {
  const ordered = [...values].sort((a, b) => a - b);
  const count = ordered.length;
  const at = (rank: number): number => must(ordered[rank], "a value to take the median of");
  const middle = (count - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  // The true median lies below the value of rank r, counted from 0, where at most r values are below the median: with the binomial
  // distribution's P(at most r of count), and as probably above its mirror image.
  let rank = 0;
  let term = 0.5 ** count;
  for (let below = term; ; rank++) {
    term *= (count - rank) / (rank + 1);
    below += term;
    if (2 * below > 0.05) return { median, low: at(rank), high: at(count - 1 - rank) };
  }
}
