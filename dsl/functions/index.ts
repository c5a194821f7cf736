/** Typed functions over features and vectors: ops without parameters. */
export * from "./activations.ts";
export * from "./arithmetic.ts";
export * from "./attention.ts";
export * from "./channels.ts";
export * from "./math.ts";
export * from "./quantization.ts";
export * from "./sampling.ts";
export * from "./tokens.ts";
