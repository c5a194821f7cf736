export { deadCode } from "./dead-code.ts";
export { dropTrainingOnly } from "./drop-training-only.ts";
export { foldWeights } from "./fold-weights.ts";
export { inline } from "./inline.ts";
export { runPasses, type PartPass } from "./pass.ts";
