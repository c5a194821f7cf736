/** Random programs through the whole compiler: whatever the DSL accepts compiles, runs and has the shapes that were inferred. */
// @module-tag slow
import fc from "fast-check";
import { expect, test } from "vitest";
import { ops } from "../../src/ops/index.ts";
import type { Bindings } from "../../src/ir/dim.ts";
import type { Model, Part } from "../../src/ir/model.ts";
import { evaluateShape } from "../../src/ir/shape.ts";
import { fittingSizes } from "../../src/ir/size.ts";
import { verifyModel } from "../../src/ir/verify.ts";
import { stepsOf } from "../../src/ir/walk.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { encodePart, opsets, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor, runs, seeds } from "../support/random.ts";
import { buildProgram } from "./build.ts";
import { programs } from "./generate.ts";

/** The size that fits `rank` steps above the smallest. */
function fittingSize(model: Model, axis: "H" | "W", rank: number): number {
  const sizes = fittingSizes(model.parts, axis);
  if (sizes === undefined) throw new Error("no size fits");
  return sizes.minimum + rank * sizes.step;
}

function encodeModel(model: Model, seed: number, opset: number): readonly Uint8Array[] {
  verifyModel(model);
  const weights = initialWeights(model.parts, seed);
  return model.parts.map((part) => encodePart(part, (param) => weights.load(param), opset));
}

async function checkRun(part: Part, bytes: Uint8Array, bindings: Bindings, seed: number): Promise<void> {
  const random = randomOf(seed);
  const feeds = part.inputNames.map((name, i) => {
    const shape = evaluateShape(part.graph.inputs[i]!.shape, bindings);
    return [name, randomTensor(shape, random)] as const;
  });
  const results = await runOnnx(bytes, Object.fromEntries(feeds));
  part.outputNames.forEach((name, i) => {
    const { shape, data } = results[name]!;
    expect(shape, `shape of ${part.name}'s ${name}`).toEqual(evaluateShape(part.graph.outputs[i]!.shape, bindings));
    expect(data.every(Number.isFinite), `${part.name}'s ${name} is finite`).toBe(true);
  });
}

const timeout = 90_000;

test(
  "every program compiles to the same bytes twice and runs with the inferred shapes",
  async () => {
    const rank = fc.integer({ min: 0, max: 1 });
    const size = fc.record({ batch: fc.integer({ min: 1, max: 3 }), height: rank, width: rank });
    await fc.assert(
      fc.asyncProperty(
        programs,
        size,
        fc.constantFrom(...opsets),
        seeds,
        async (program, { batch, height, width }, opset, seed) => {
          const model = buildProgram(program);
          const files = encodeModel(model, seed, opset);
          const again = encodeModel(buildProgram(program), seed, opset);
          expect(files.map((file, i) => Buffer.compare(file, again[i]!))).toEqual(files.map(() => 0));

          const bindings = { N: batch, H: fittingSize(model, "H", height), W: fittingSize(model, "W", width) };
          for (const [i, part] of model.parts.entries()) await checkRun(part, files[i]!, bindings, seed);
        },
      ),
      runs(200, timeout),
    );
  },
  timeout,
);

test("random programs use every op that ONNX has a form for", () => {
  const used = new Set<string>();
  for (const program of fc.sample(programs, { numRuns: 150, seed: 1 })) {
    for (const part of buildProgram(program).parts) for (const { node } of stepsOf(part.graph)) used.add(node.op.name);
  }
  expect([...used].sort()).toEqual(
    Object.values<{ name: string; torchOnly?: string }>(ops)
      .filter(({ torchOnly }) => torchOnly === undefined)
      .map(({ name }) => name)
      .sort(),
  );
});
