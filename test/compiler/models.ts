/** An autoencoder without a distribution, and a model that `model()` does not make: networks that are no autoencoder. */
import {
  add,
  block,
  concat,
  conv2d,
  groupNorm,
  layers,
  linear,
  model,
  pixelUnshuffle,
  silu,
  upsample,
} from "../../dsl/authoring.ts";
import type { Feature, Vector } from "../../dsl/authoring.ts";
import { tracePart } from "../../dsl/tracing/part.ts";
import { dividedDim, symbolDim } from "../../src/ir/dim.ts";
import type { Model, Part } from "../../src/ir/model.ts";
import { shapeOf, type Shape } from "../../src/ir/shape.ts";
import { captureSource } from "../../src/ir/source.ts";

const half = (channels: number): Shape => shapeOf("N", channels, dividedDim(symbolDim("H"), 2), dividedDim(symbolDim("W"), 2));
const image = shapeOf("N", 3, "H", "W");

/** A part of one or several modules, made as `model()` makes its own. */
function partOf(
  name: string,
  modules: Readonly<Record<string, unknown>>,
  inputs: Readonly<Record<string, Shape>>,
  forward: (...inputs: never[]) => unknown,
  facts: Pick<Part, "sources" | "trainingOnly"> = {},
): Part {
  const traced = tracePart(modules, Object.values(inputs), forward, captureSource(partOf), name);
  return {
    name,
    ...facts,
    modules: traced.modules,
    graph: { ...traced.graph, outputs: Object.values(traced.outputs) },
    inputNames: Object.keys(inputs),
    outputNames: Object.keys(traced.outputs),
  };
}

const Encoder = block("Encoder", ({ channels }: { channels: number }) => {
  const { conv, norm, out } = layers({
    conv: conv2d({ in: 12, out: channels, kernel: 3 }),
    norm: groupNorm({ channels }),
    out: conv2d({ in: channels, out: 4 }),
  });
  return (x: Feature<3, 1>) => out(silu(norm(conv(pixelUnshuffle(x, { factor: 2 })))));
});

const Decoder = block("Decoder", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 3, kernel: 3 }) });
  return (z: Feature<4, 2>) => conv(upsample(z, { factor: 2 }));
});

/** An encoder whose latent is what its network gives. */
export const deterministic: Model = model({
  name: "deterministic",
  latentChannels: 4,
  posterior: "none",
  encoder: Encoder({ channels: 8 }),
  decoder: Decoder(),
});

const Skipping = block("Skipping", () => {
  const { first, second } = layers({ first: conv2d({ in: 3, out: 4 }), second: conv2d({ in: 4, out: 8, kernel: 2, stride: 2 }) });
  return (x: Feature<3, 1>) => {
    const skip = silu(first(x));
    return { moments: second(skip), skip };
  };
});

const Skipped = block("Skipped", () => {
  const { conv } = layers({ conv: conv2d({ in: 11, out: 3 }) });
  return (z: Feature<4, 2>, { skip, original }: { skip: Feature<4, 1>; original: Feature<3, 1> }): Feature<3, 1> =>
    conv(concat(concat(upsample(z, { factor: 2 }), skip), original));
});

/** A decoder that takes a skip of the encoder and the image. */
export const skipping: Model = model({ name: "skipping", latentChannels: 4, encoder: Skipping(), decoder: Skipped() });

const Denoiser = block("Denoiser", () => {
  const { conv, out, embed } = layers({
    conv: conv2d({ in: 16, out: 8, kernel: 3 }),
    out: conv2d({ in: 8, out: 4 }),
    embed: linear({ in: 6, out: 5 }),
  });
  return (sample: Feature<4, 2>, condition: Feature<3, 1>, timestep: Vector<6>) => ({
    noise: add(sample, out(silu(conv(concat(sample, pixelUnshuffle(condition, { factor: 2 })))))),
    embedding: embed(timestep),
  });
});

const Coarse = block("Coarse", () => {
  const { conv } = layers({ conv: conv2d({ in: 4, out: 2, kernel: 4, stride: 4, padding: 0 }) });
  return (x: Feature<4, 2>) => conv(x);
});

const denoiser = Denoiser();
const [coarse, head] = [Coarse(), conv2d({ in: 2, out: 2 })];

/** No autoencoder: three inputs and two outputs, and a part of two modules in a row that training alone runs, on what the first gives. */
export const diffusion: Model = {
  kind: "model",
  name: "diffusion",
  imageChannels: 3,
  latentChannels: 4,
  stride: 2,
  parts: [
    partOf("denoiser", { denoiser }, { sample: half(4), condition: image, timestep: shapeOf("N", 6) }, denoiser),
    partOf(
      "scorer",
      { coarse, head },
      { noise: half(4) },
      (x: Feature<4, 2>) => {
        const y = head(coarse(x) as Feature<2, number>);
        return { score: silu(y), raw: y };
      },
      { trainingOnly: true, sources: { noise: { part: "denoiser", output: "noise" } } },
    ),
  ],
};
