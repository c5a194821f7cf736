/** Two ops that litevae/dsl does not have, and an autoencoder with them. */
import { block, conv2d, layers, model, mul, sigmoid, upsample, type Feature } from "litevae/dsl";
import {
  anyMap,
  apply,
  composeOp,
  defineOp,
  elementCount,
  expectChannels,
  featureDims,
  layer,
  pyAttribute,
  pyCall,
  pyFrom,
  pyInput,
  pySymbol,
} from "litevae/op";

/** The square of what is above 0, written in ONNX's own operators. */
export const squaredReluOp = defineOp({
  name: "squaredRelu",
  doc: "The square of max(x, 0) (So et al. 2021).",
  infer: ([x]) => [x],
  onnx(writer, [x]) {
    const positive = writer.node("Relu", [x]);
    return [writer.node("Mul", [positive, positive])];
  },
  torch: {
    kind: "function",
    call: (inputs) => pyCall(pyAttribute(pyCall(pySymbol("F", "relu"), [pyInput(inputs)]), "square")),
  },
  reach: () => "place",
  // What relu gives, which is neither input nor output.
  saves: ([x]) => ({ bytes: 4 * elementCount(x) }),
  sample: (choose) => ({ attrs: {}, inputs: [anyMap(choose)] }),
});

export function squaredRelu<C extends number, S extends number>(x: Feature<C, S>): Feature<C, S> {
  return apply(squaredReluOp, {}, [x], squaredRelu);
}

/** x·sigmoid(βx) with a learned β, made of functions of litevae/dsl. */
export const swishOp = composeOp({
  name: "swish",
  doc: "x·sigmoid(βx) with a learned β per channel, 1 at first (Ramachandran et al. 2017).",
  attributes: { channels: { kind: "count", doc: "Channels of the input." } },
  params: ({ channels }) => [{ role: "beta", shape: [channels, 1, 1], init: { kind: "constant", value: 1 } }],
  check([x], { channels }) {
    featureDims(x);
    expectChannels(x, channels, "channels");
  },
  compose: ([x], _, param) => mul(x, sigmoid(mul(x, param("beta")))),
  torch: { kind: "module", callee: pyFrom("./swish.py", "Swish"), args: [{ attr: "channels" }] },
  saves: ([x]) => ({ inputs: true, bytes: 4 * elementCount(x) }),
  sample(choose) {
    const shape = anyMap(choose);
    return { attrs: { channels: shape[1] }, inputs: [shape] };
  },
});

export function swish<const C extends number>(config: {
  readonly channels: C;
}): <S extends number>(x: Feature<C, S>) => Feature<C, S> {
  return layer(swishOp, config, swish);
}

const Encoder = block("Encoder", ({ channels }: { channels: number }) => {
  const { stem, act, head } = layers({
    stem: conv2d({ in: 3, out: channels, stride: 2 }),
    act: swish({ channels }),
    head: conv2d({ in: channels, out: 8, stride: 2 }),
  });
  return (image: Feature<3, 1>) => head(act(stem(image)));
});

const Decoder = block("Decoder", ({ channels }: { channels: number }) => {
  const { stem, head } = layers({ stem: conv2d({ in: 4, out: channels }), head: conv2d({ in: channels, out: 3 }) });
  return (latent: Feature<4, 4>) => head(upsample(squaredRelu(stem(latent)), { factor: 4 }));
});

export default model({ latentChannels: 4, encoder: Encoder({ channels: 16 }), decoder: Decoder({ channels: 16 }) });
