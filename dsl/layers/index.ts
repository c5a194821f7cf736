/** Typed constructors of the layers: ops with parameters (and dropout), to be named by `layers`. */
export * from "./activations.ts";
export * from "./convolutions.ts";
export * from "./dropout.ts";
export * from "./linear.ts";
export * from "./norms.ts";
export * from "./parameter.ts";
export * from "./quantization.ts";
