import { openWeights } from "../../src/artifact/weights-file.ts";
import { must } from "../../src/errors/must.ts";
import type { Model } from "../../src/ir/model.ts";
import { partOf } from "../../src/ir/walk.ts";
import { runPasses } from "../../src/passes/index.ts";
import { audiences } from "../../src/targets/onnx/audience.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { irVersionOf, onnxPasses } from "../../src/targets/onnx/options.ts";
import { half, runGraphPasses } from "../../src/targets/onnx/passes/index.ts";
import { encodeModel } from "../../src/targets/onnx/serde.ts";
import { weightsFromFile } from "../../src/weights/weights.ts";

/** The graph of a part in which everything that can be float16 is, as without calibration. */
export function wholeHalf(model: Model, name: string, file: string): Buffer {
  const part = must(partOf(model, name), name);
  const weights = weightsFromFile(openWeights(file), model, model.parts);
  // Not as for anyone: onnx's evaluator pools no block of nothing but NaN.
  const lowered = lowerPart(runPasses(part, onnxPasses), (param) => weights.load(param), 18, audiences.web);
  const info = { irVersion: irVersionOf[18] ?? 0, producer: "litevae", producerVersion: "test", metadata: {} };
  return Buffer.concat([...encodeModel(runGraphPasses(lowered, [half(new Set())]), info)]);
}
