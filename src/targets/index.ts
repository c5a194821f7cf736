import type { OnnxOptions, OnnxResources } from "./onnx/options.ts";
import { onnx } from "./onnx/target.ts";
import type { Target } from "./target.ts";
import type { WebResources } from "./web/resources.ts";
import { web } from "./web/target.ts";
import type { TorchOptions, TorchResources } from "./torch/options.ts";
import { torch } from "./torch/target.ts";

/** What the targets want to be brought. */
export type Resources = OnnxResources & TorchResources & WebResources;

/** Targets with what is chosen of each, by their names; what is left out is by default. */
export interface TargetOptions {
  readonly onnx?: Partial<OnnxOptions>;
  readonly torch?: Partial<TorchOptions>;
  readonly web?: Partial<OnnxOptions>;
}

/** Every target that can be asked for; the first one is compiled where none is. */
export const targets: readonly [Target<object, Resources>, ...Target<object, Resources>[]] = [onnx, torch, web];
