export { fixed } from "./fixed.ts";
export { fitsHalf, floatTensors, half } from "./half.ts";
export { maxima, maximumName } from "./maxima.ts";
export { runGraphPasses, type GraphPass } from "./pass.ts";
export { rounded } from "./rounded.ts";
export { sameNames } from "./same-names.ts";
export { subpixel } from "./subpixel.ts";
export { wholeGroups } from "./whole-groups.ts";
export { wholeVectors } from "./whole-vectors.ts";
