import type { Target } from "../target.ts";
import { torchOptions, type TorchOptions, type TorchResources } from "./options.ts";

/** A PyTorch package that trains. */
export const torch: Target<TorchOptions, TorchResources> = {
  name: "torch",
  about: "a package that trains",
  options: torchOptions,
  prepare: async (compilation, given, resources) => (await import("./emit.ts")).prepareTorch(compilation, given, resources),
};
