import { clamp, fsq, mul, roundSte } from "../../dsl/authoring.ts";
import type { Layer, Place } from "./place.ts";

/** What rounds, of values far from where it steps. */
export function rounding({ channels }: Place): Layer {
  const levels = Array<number>(channels).fill(3);
  return (x) => {
    const far = clamp(x, { min: 1.6, max: 2.4 });
    return mul(x, mul(roundSte(far), fsq(far, { levels })));
  };
}
