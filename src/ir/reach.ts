/** What of its inputs a position of an op's output depends on. */

/** Along one side, position o of the output depends on ⌊(o·stride + low)/divisor⌋ to ⌊(o·stride + high)/divisor⌋ of the input. */
export interface Span {
  readonly stride: number;
  readonly divisor: number;
  readonly low: number;
  readonly high: number;
}

/** Spans from the output back to the input, one after the other, down the rows and along the columns. */
export interface Spans {
  readonly height: readonly Span[];
  readonly width: readonly Span[];
}

/**
 * `place`: on the same position of the input. `everything`: on all of them, as statistics of a map and attention do. Beyond the border nothing is counted:
 * an op that fills it with what stands near the border, within the span, depends on no more than that.
 */
export type Reach = "place" | "everything" | Spans;

/** Positions from `first` to `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** What of the input these positions of the output depend on, as if the map had no border. */
export function seen(spans: readonly Span[], range: Range): Range {
  return spans.reduce(
    ({ first, last }, { stride, divisor, low, high }) => ({
      first: Math.floor((first * stride + low) / divisor),
      last: Math.floor((last * stride + high) / divisor),
    }),
    range,
  );
}

/** What is said of one input of several. */
export function reachOf(declared: Reach | readonly Reach[] | undefined, input: number): Reach | undefined {
  if (declared === undefined || typeof declared === "string" || "height" in declared) return declared;
  return declared[input];
}
