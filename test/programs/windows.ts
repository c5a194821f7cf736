/** Attention within shifted windows, as a step. */
import { avgPool2d, relativePositionBias, upsample, windowAttention } from "../../dsl/authoring.ts";
import type { Layer, Place } from "./place.ts";

/** Of a map of twice the size, whose windows of two are whole whatever the size is. */
export function windows({ names, channels }: Place): Layer {
  const bias = names.add("bias", relativePositionBias({ windowSize: 2, heads: channels }));
  return (x) => {
    const large = upsample(x, { factor: 2 });
    const mixed = windowAttention(large, large, large, bias(), { heads: channels, windowSize: 2, shift: 1 });
    return avgPool2d(mixed, { size: 2 });
  };
}
