/** Random programs as PyTorch: every model.py runs, has the keys of the IR and gives the numbers of the ONNX graph. */
// @module-tag python
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Model, Param, Part } from "../../src/ir/model.ts";
import { evaluateShape } from "../../src/ir/shape.ts";
import { fittingSizes } from "../../src/ir/size.ts";
import { paramsOf } from "../../src/ir/walk.ts";
import { tensorOf, type Tensor } from "../../src/ir/tensor.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";

import { initialWeights } from "../../src/weights/weights.ts";
import { expectClose } from "../support/close.ts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor, runs, seeds } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";
import { buildProgram } from "./build.ts";
import { programs } from "./generate.ts";

const torch = torchServer();

/** The modules that one `state_dict` holds: encoder and decoder share the autoencoder's. */
function holderOf(model: Model, part: Part): readonly Part[] {
  return part.name === "discriminator" ? [part] : model.parts.filter(({ name }) => name !== "discriminator");
}

/** The size that fits one step above the smallest, so that a norm's groups have several values. */
function fittingSize(model: Model, axis: "H" | "W"): number {
  const sizes = fittingSizes(model.parts, axis);
  if (sizes === undefined) throw new Error("no size fits");
  return sizes.minimum + sizes.step;
}

/**
 * Values for every parameter and buffer of the parts, by path. They are near the initial ones: far from those, programs amplify the rounding
 * of float32 beyond any tolerance.
 */
function randomWeights(parts: readonly Part[], seed: number): Readonly<Record<string, Tensor>> {
  const random = randomOf(seed);
  const initial = initialWeights(parts, seed);
  const params = [...paramsOf(parts.flatMap(({ modules }) => modules))];
  const near = ({ shape, data }: Tensor): Tensor =>
    tensorOf(shape, data instanceof Float32Array ? data.map((value) => value * (1 + 0.3 * random()) + 0.05 * random()) : data);
  return Object.fromEntries(params.map((param) => [param.path, near(initial.load(param))]));
}

const timeout = 120_000;

test(
  "every program is a model.py with the IR's keys and the numbers of the ONNX graph",
  async () => {
    await fc.assert(
      fc.asyncProperty(programs, seeds, async (program, seed) => {
        const model = buildProgram(program);
        const source = modelPy(model);
        const random = randomOf(seed);
        const bindings = { N: 2, H: fittingSize(model, "H"), W: fittingSize(model, "W") };
        for (const part of model.parts) {
          const holder = holderOf(model, part);
          const state = randomWeights(holder, seed);
          const load = (param: Param): Tensor =>
            param.derive === undefined
              ? state[param.path]!
              : param.derive.compute(Object.fromEntries(param.derive.from.map((from) => [from.role, load(from)])));
          const inputs = part.graph.inputs.map(({ shape }) => randomTensor(evaluateShape(shape, bindings), random));
          const feeds = Object.fromEntries(part.inputNames.map((name, i) => [name, inputs[i]!]));

          const [found, reference] = await Promise.all([
            runOnnx(encodePart(part, load), feeds),
            torch().part(source, part.name, inputs, state),
          ]);

          const keys = [...reference.parameters, ...reference.buffers].map(({ role }) => role);
          const paths = [...paramsOf(holder.flatMap(({ modules }) => modules))].map(({ path }) => path);
          expect(keys.sort()).toEqual(paths.sort());
          part.outputNames.forEach((name, i) => expectClose(found[name]!, reference.outputs[i]!, 1e-4));
        }
      }),
      { seed: 3, ...runs(24, timeout) },
    );
  },
  timeout,
);
