import type { OnnxResources } from "./onnx/options.ts";
import { onnx } from "./onnx/target.ts";
import type { Target } from "./target.ts";
import type { TorchResources } from "./torch/options.ts";
import { torch } from "./torch/target.ts";

/** What the targets want to be brought. */
export type Resources = OnnxResources & TorchResources;

/** Every target that can be asked for; the first one is compiled where none is. */
export const targets: readonly [Target<object, Resources>, ...Target<object, Resources>[]] = [onnx, torch];
