/** The figures of memory, under the names that they have in every report. */
import type { PartCounts } from "./count.ts";

type BytesKey = { [K in keyof PartCounts]: PartCounts[K] extends number | null ? K : never }[keyof PartCounts] & `${string}Bytes`;

export interface MemoryFigure {
  readonly key: BytesKey;
  readonly name: string;
  /** Its column in CSV. */
  readonly column: string;
  /** What is counted, and how sure it is. */
  readonly about: string;
}

/** The first is the one that modules have, too. */
export const memoryFigures = [
  {
    key: "activationBytes",
    name: "activation",
    column: "activation_bytes",
    about:
      "peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top",
  },
  {
    key: "largestTensorBytes",
    name: "largest tensor",
    column: "largest_tensor_bytes",
    about: "largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more",
  },
  {
    key: "torchActivationBytes",
    name: "activation in torch",
    column: "torch_activation_bytes",
    about:
      "peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top",
  },
  {
    key: "savedBytes",
    name: "saved for backward",
    column: "saved_bytes",
    about:
      "tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top",
  },
] as const satisfies readonly MemoryFigure[];
