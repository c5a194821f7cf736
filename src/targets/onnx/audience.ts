/** For whom a graph is: what differs between what runs fast in one place and what loads everywhere. */
import { sameNames, subpixel, wholeGroups, wholeVectors, type GraphPass } from "./passes/index.ts";

export interface Audience {
  /** For the help of `--for`. */
  readonly about: string;
  readonly passes: readonly GraphPass[];
  /** Whether ops that ONNX has an operator of their own for are written as that, where the operator set has it. */
  readonly whole: boolean;
  /** Whether means along one side whose size is open are known: not to tract, nor to ncnn's importer. */
  readonly reduces: boolean;
}

/**
 * The first is the default: it loads wherever the others do. On a processor alone the enlarged map is left out, which makes decoders faster by up to a
 * sixth (docs/benchmarks.md), splits weights, and is more than some importers know.
 */
export const audiences = {
  portable: {
    about: "whatever reads ONNX, browsers too",
    passes: [wholeGroups, wholeVectors, sameNames],
    whole: false,
    reduces: false,
  },
  cpu: { about: "onnxruntime on processors", passes: [subpixel, sameNames], whole: false, reduces: true },
  gpu: {
    about: "runtimes with fused kernels, GroupNormalization from opset 21 on",
    passes: [sameNames],
    whole: true,
    reduces: true,
  },
  web: { about: "browsers, WebGPU among them", passes: [wholeGroups, wholeVectors, sameNames], whole: false, reduces: true },
} as const satisfies Readonly<Record<string, Audience>>;

export type AudienceName = keyof typeof audiences;
export const audienceNames = Object.keys(audiences) as readonly AudienceName[];
