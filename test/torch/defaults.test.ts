/** Settings that a configuration leaves to the author's code: one class, whose argument has the author's default or is told what it is. */
// @module-tag python
import { describe, expect, test } from "vitest";
import { add, block, conv2d, groupNorm, layers, model, scale, silu, type Feature } from "../../dsl/authoring.ts";
import type { Model } from "../../src/ir/model.ts";
import { paramsOf, partOf } from "../../src/ir/walk.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { expectClose } from "../support/close.ts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";

type FeatureMap = Feature<number, number>;
type Layer = (x: FeatureMap) => FeatureMap;

const torch = torchServer();

function modelOf(blocks: readonly Layer[]): Model {
  const Encoder = block("Encoder", () => {
    const { stem, body, head } = layers({ stem: conv2d({ in: 3, out: 16 }), body: blocks, head: conv2d({ in: 16, out: 4 }) });
    return (image: Feature<3, 1>) => head(body.reduce<FeatureMap>((x, layer) => layer(x), stem(image)) as Feature<16, 1>);
  });
  return model({ name: "defaults", latentChannels: 2, encoder: Encoder(), decoder: conv2d({ in: 2, out: 3 }) });
}

/** The heads of constructors, what is called in the encoder, and the encoder's numbers in PyTorch as in the ONNX graph. */
async function written(
  blocks: readonly Layer[],
): Promise<{ readonly heads: readonly string[]; readonly calls: readonly string[] }> {
  const built = modelOf(blocks);
  const source = modelPy(built);
  const encoder = partOf(built, "encoder")!;
  const weights = initialWeights(built.parts, 1);
  const params = [...paramsOf(built.parts.flatMap(({ modules }) => modules))];
  const state = Object.fromEntries(params.map((param) => [param.path, weights.load(param)]));
  const image = randomTensor([2, 3, 5, 4], randomOf(2));
  const [found, reference] = await Promise.all([
    runOnnx(
      encodePart(encoder, (param) => weights.load(param)),
      { image },
    ),
    torch().part(source, "encoder", [image], state),
  ]);
  encoder.outputNames.forEach((name, i) => expectClose(found[name]!, reference.outputs[i]!, 1e-5));
  const heads = [...source.matchAll(/class (\w+)\(nn\.Module\).*?def __init__\((.*?)\) -> None/gs)]
    .filter(([, name]) => name !== "Encoder")
    // However the printer breaks the line.
    .map(([, name, parameters = ""]) => `${name}(${parameters.trim().replaceAll(/\s+/g, " ").replace(/,$/, "")})`);
  const calls = [...source.matchAll(/\b(?:Res|Stack)\d*\((?:[^:()]|\([\d, ]*\))*\)(?=[,\n\]])/g)].map(([call]) => call);
  return { heads, calls };
}

interface ResConfig {
  readonly channels: number;
  readonly expand?: number;
  readonly hidden?: number;
  readonly kernel?: 1 | 3;
  readonly gain?: number;
  readonly widened?: boolean;
}

const Res = block(
  "Res",
  ({ channels, expand = 2, hidden = expand * channels, kernel = 3, gain = 0.3, widened = false }: ResConfig) => {
    const l = layers({
      norm: groupNorm({ channels }),
      grow: conv2d({ in: channels, out: hidden, kernel }),
      wide: widened ? [conv2d({ in: hidden, out: hidden, kernel: 1 })] : [],
      shrink: conv2d({ in: hidden, out: channels, kernel: 1 }),
    });
    return (x: FeatureMap): FeatureMap =>
      add(x, scale(l.shrink(silu(l.wide.reduce<FeatureMap>((h, layer) => layer(h), l.grow(l.norm(x))))), { factor: gain }));
  },
);

describe("a number, a fraction, a switch", () => {
  test("that some instances give is an argument with the author's default", async () => {
    const { heads, calls } = await written([
      Res({ channels: 16 }),
      Res({ channels: 16, expand: 4 }),
      Res({ channels: 16, expand: 1, kernel: 1 }),
      Res({ channels: 16, gain: 0.7, widened: true }),
    ]);
    expect(heads).toEqual([
      "Res(self, channels: int, expand: int = 2, kernel: int = 3, gain: float = 0.3, widened: bool = False)",
    ]);
    expect(calls).toEqual(["Res(16)", "Res(16, expand=4)", "Res(16, expand=1, kernel=1)", "Res(16, gain=0.7, widened=True)"]);
  });

  test("whose default follows from another is told what it is", async () => {
    const { heads, calls } = await written([Res({ channels: 16 }), Res({ channels: 16, hidden: 24 })]);
    expect(heads).toEqual(["Res(self, channels: int, hidden: int)"]);
    expect(calls).toEqual(["Res(16, 32)", "Res(16, 24)"]);
  });

  test("that no instance gives is the author's number, and no argument", async () => {
    const { heads } = await written([Res({ channels: 16 })]);
    expect(heads).toEqual(["Res(self, channels: int)"]);
  });
});

test("a list", async () => {
  const Stack = block("Stack", ({ channels, multipliers = [1, 2] }: { channels: number; multipliers?: readonly number[] }) => {
    const l = layers({ res: multipliers.map((multiplier) => Res({ channels, hidden: multiplier * channels })) });
    return (x: FeatureMap): FeatureMap => l.res.reduce<FeatureMap>((h, layer) => layer(h), x);
  });
  const { heads, calls } = await written([Stack({ channels: 16 }), Stack({ channels: 16, multipliers: [3, 1, 1] })]);
  expect(heads).toEqual([
    "Res(self, channels: int, hidden: int)",
    "Stack(self, channels: int, multipliers: Sequence[int] = (1, 2))",
  ]);
  expect(calls.filter((call) => call.startsWith("Stack"))).toEqual(["Stack(16)", "Stack(16, multipliers=(3, 1, 1))"]);
});
