import { add, clamp, fsq, lfq, mul, roundSte, vectorQuantizer } from "../../dsl/authoring.ts";
import type { Layer, Place } from "./place.ts";

/** What rounds, of values far from where it steps. */
export function rounding({ channels }: Place): Layer {
  const levels = Array<number>(channels).fill(3);
  return (x) => {
    const far = clamp(x, { min: 1.6, max: 2.4 });
    return mul(x, mul(mul(roundSte(far), lfq(far)), fsq(far, { levels })));
  };
}

/** A codebook of one entry, which is the nearest however numbers round. */
export function oneEntry({ names, channels }: Place): Layer {
  const codebook = names.add("codebook", vectorQuantizer({ channels, codes: 1 }));
  return (x) => add(x, codebook(x));
}
