/** Models as someone who is used to PyTorch writes them, each with one mistake. */

const head = `import * as dsl from "litevae/dsl"; import * as op from "litevae/op";
import { add, attention, avgPool2d, block, chunk, concat, conv2d, globalPool, groupNorm, haarDwt, layers, linear, model, silu, upsample, type Feature } from "litevae/dsl";
const Res = block("Res", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels }), conv: conv2d({ in: channels, out: channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});
const Decoder = block("Decoder", () => {
  const { conv_in, conv_out } = layers({ conv_in: conv2d({ in: 4, out: 16 }), conv_out: conv2d({ in: 16, out: 3 }) });
  return (latent: Feature<4, 4>): Feature<3, 1> => conv_out(upsample(silu(conv_in(latent)), { factor: 4 }));
});
export const used = [attention, avgPool2d, chunk, concat, globalPool, haarDwt, linear, dsl, op];
`;
const usual = "stem: conv2d({ in: 3, out: 16, kernel: 4, stride: 4 }), head: conv2d({ in: 16, out: 8 })";
const downs = `${usual}, downs: [1, 2].map((i) => conv2d({ in: 16 * i, out: 32 * i, stride: 2 }))`;
const usualBody = "return l.head(l.stem(image));";

/** A model of which the encoder's layers are on line 12 and what is done with them on line 14. */
export function modelOf({
  named = usual,
  body = usualBody,
  made = "Encoder(settings)",
  settings = "latentChannels: 4",
  decoder = "Decoder()",
}: Mistake): string {
  return `${head}const Encoder = block("Encoder", ({ depth, attend }: { depth: number; attend: boolean }) => {
  const l = layers({ ${named} });
  return (image: Feature<3, 1>): Feature<8, 4> => {
    ${body}
  };
});
const settings = { depth: 2, attend: true };
export default model({ ${settings}, encoder: ${made}, decoder: ${decoder} });
`;
}

interface Mistake {
  /** What stands in layers. */
  readonly named?: string;
  /** What the encoder's function does. */
  readonly body?: string;
  /** The encoder as it is given to the model, and the model's other settings. */
  readonly made?: string;
  readonly settings?: string;
  readonly decoder?: string;
}

const stem = (settings: string): Mistake => ({ named: `stem: conv2d(${settings}), head: conv2d({ in: 16, out: 8 })` });
const beside = (named: string, body = usualBody): Mistake => ({ named: `${usual}, ${named}`, body });

const keeping = `block("Keeping", () => { const { conv } = layers({ conv: conv2d({ in: 3, out: 8, kernel: 4, stride: 4 }) }); return (x: Feature<3, 1>) => ({ moments: conv(x), skip: conv(x) }); })()`;
const asking = (name: string, skip: string): string =>
  `block("Asking", () => { const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) }); return (z: Feature<4, 4>, { ${name} }: { ${name}: ${skip} }) => upsample(conv(z), { factor: 4 }); })()`;
const gate = `${usual}, gate: dsl.parameter({ shape: [16, 1, 1] })`;
const doubled = (width: string): Mistake => ({
  body: `block("Twice", <C extends number>({ channels }: { channels: C }) => { const t = layers({ conv: conv2d({ in: ${width}, out: 8 }) }); return <S extends number>(x: Feature<C, S>) => t.conv(concat(x, x)); }); return l.head(l.stem(image));`,
});
const pooled = 'globalPool(l.stem(image), { reduction: "mean" })';

export const mistakes: Readonly<Record<string, Mistake>> = {
  "nothing: a model that is right": {},
  "a key of an option": stem("{ in: 3, out: 16, kernel: 4, strid: 4 }"),
  "PyTorch's keys": stem("{ in_channels: 3, out_channels: 16, kernel_size: 4, stride: 4 }"),
  "PyTorch's arguments": stem("3, 16, 4"),
  "a setting that is left out": stem("{ in: 3, kernel: 4, stride: 4 }"),
  "keys of groupNorm": beside("norm: groupNorm({ num_groups: 4, num_channels: 16 })"),
  "PyTorch's name of a layer": beside("act: dsl.GELU()"),
  "PyTorch's module": beside("act: nn.GELU()"),
  "PyTorch's container": { body: "return nn.Sequential(l.stem, l.head)(image);" },
  "a layer that does not exist": beside("lstm: dsl.convLstm({ in: 16, out: 16 })"),
  "a layer that is not imported": beside("norm: batchNorm2d({ channels: 16 })"),
  "a tuple for a number": stem("{ in: 3, out: [16, 16], kernel: 4, stride: 4 }"),
  "a tuple for a factor": { body: "return l.head(upsample(avgPool2d(l.stem(image), { size: 2 }), { factor: [2, 2] }));" },
  "a text for a kernel": stem('{ in: 3, out: 16, kernel: "4", stride: 4 }'),
  "a text for a switch": stem('{ in: 3, out: 16, kernel: 4, stride: 4, bias: "none" }'),
  "a choice of an option": stem('{ in: 3, out: 16, kernel: 4, stride: 4, paddingMode: "reflection" }'),
  "the slope of an activation": { body: "return l.head(dsl.leakyRelu(l.stem(image), 0.2));" },
  "a block of another width": beside("res: Res({ channels: 24 })", "return l.head(l.res(l.stem(image)));"),
  "a block's setting": beside("res: Res({ channel: 16 })", "return l.head(l.res(l.stem(image)));"),
  "a block's argument without a name": beside("res: Res(16)", "return l.head(l.res(l.stem(image)));"),
  "a block without its settings": beside("res: Res()", "return l.head(l.res(l.stem(image)));"),
  "a block made by new": beside("res: new Res({ channels: 16 })", "return l.head(l.res(l.stem(image)));"),
  "a list entry of another kind": beside("res: [Res({ channels: 16 }), 3]", "return l.head(l.res[0](l.stem(image)));"),
  "a list spread among the names": beside("...[Res({ channels: 16 })]"),
  "a layer that is not made": beside("down: conv2d", "return l.head(l.down(l.stem(image)));"),
  "a layer that is not applied": beside("res: Res({ channels: 16 })", "return l.head(l.res);"),
  "no return": { body: "l.head(l.stem(image));" },
  "no return in a callback": beside(
    "res: [Res({ channels: 16 })]",
    "return l.head(l.res.map((res) => { res(l.stem(image)); })[0]);",
  ),
  "a layer applied twice that changes its channels": { body: "return l.head(l.stem(l.stem(image)));" },
  "features in a list": { body: "const h = l.stem(image); return l.head(concat([h, h]));" },
  "features of an unknown number": { body: "const hs = [l.stem(image)]; return l.head(concat(...hs));" },
  "PyTorch's dim": { body: "const h = l.stem(image); return l.head(concat(h, h, { dim: 1 }));" },
  "three operands": { body: "const h = l.stem(image); return l.head(add(h, h, h));" },
  "an operator": { body: "const h = l.stem(image); return l.head(h * h);" },
  "a method": { body: "return l.head(l.stem(image).silu());" },
  "a method that is no function either": { body: "return l.head(l.stem(image).view(1));" },
  "a feature's shape": { body: "const h = l.stem(image); return h.shape[1] > 3 ? l.head(h) : l.head(silu(h));" },
  self: { body: "return l.head(this.stem(image));" },
  await: { body: "return await l.head(l.stem(image));" },
  "a name that is not there": { body: "return l.haed(l.stem(image));" },
  "a variable that is not there": { body: "return l.head(l.stem(x));" },
  "all that haarDwt gives": beside("low: conv2d({ in: 12, out: 8 })", "return l.low(haarDwt(image));"),
  "a third of two": { body: "const [q, k, v] = chunk(l.stem(image), { chunks: 2 }); return l.head(attention(q, k, v));" },
  "a vector for a map": beside(
    "fc: linear({ in: 16, out: 16 })",
    'return l.head(l.fc(globalPool(l.stem(image), { reduction: "mean" })));',
  ),
  "a loop that changes the stride": {
    named: downs,
    body: "let h = l.stem(image); for (const down of l.downs) h = down(h); return l.head(h);",
  },
  forEach: { named: downs, body: "let h = l.stem(image); l.downs.forEach((down) => { h = down(h); }); return l.head(h);" },
  reduce: { named: downs, body: "return l.head(l.downs.reduce((h, down) => down(h), l.stem(image)));" },
  "a loop over other layers": beside(
    "two: [conv2d({ in: 16, out: 32 }), conv2d({ in: 32, out: 16 })]",
    "let h = l.stem(image); for (const conv of l.two) h = conv(h); return l.head(h);",
  ),
  "a layer under a condition": beside(
    "...(attend ? { res: Res({ channels: 16 }) } : {})",
    "return l.head(l.res(l.stem(image)));",
  ),
  "null for a layer that is not there": beside("res: attend ? Res({ channels: 16 }) : null"),
  "false for a layer that is not there": beside("res: attend && Res({ channels: 16 })"),
  "a place behind the list": beside("res: [Res({ channels: 16 })]", "return l.head(l.res[1](l.stem(image)));"),
  "a list that may be empty": { body: "const skips = [l.stem(image)]; return l.head(skips.pop());" },
  "a list that may be empty, in a variable": {
    body: "const skips = [l.stem(image)]; const skip = skips.pop(); return l.head(skip);",
  },
  "a width of a list": beside("res: conv2d({ in: 16, out: [16, 32].map((width) => width).at(0) })"),
  "a parameter that is not read": beside(
    "gain: dsl.parameter({ shape: [16, 1, 1] })",
    "return l.head(dsl.mul(l.stem(image), l.gain));",
  ),
  "a parameter that is given something": beside(
    "gain: dsl.parameter({ shape: [16, 1, 1] })",
    "return l.head(dsl.mul(l.stem(image), l.gain(image)));",
  ),
  "settings where there are none": { body: "return l.head(dsl.softmax(l.stem(image), { dim: 1 }));" },
  "a number of runs without its name": { body: "const [a] = chunk(l.stem(image), 2); return l.head(concat(a, a));" },
  "sizes without their name": { body: "const [a, b] = dsl.split(l.stem(image), [8, 8]); return l.head(concat(a, b));" },
  "a block that is not called": {
    named: `${usual}, res: block("Same", () => { const { conv } = layers({ conv: conv2d({ in: 16, out: 16 }) }); return (x: Feature<16, 4>) => conv(x); })`,
    body: "return l.head(l.res(l.stem(image)));",
  },
  "a function that is called for a layer": beside("act: silu()"),
  "a place of a feature": { body: "const h = l.stem(image); return l.head(concat(h[0], h));" },
  "a list that is called": beside("res: [Res({ channels: 16 })]", "return l.head(l.res(l.stem(image)));"),
  "a minus": { body: "const h = l.stem(image); return l.head(add(-h, h));" },
  "an argument that changes": { body: "for (const conv of [l.stem]) image = conv(image); return l.head(l.stem(image));" },
  "a type without its numbers": { body: "const f = (x: Feature) => x; return l.head(f(l.stem(image)));" },
  "the block for its instance": { made: "Encoder" },
  "a decoder for its instance": { decoder: "Decoder" },
  "what makes layers for an instance": { decoder: "conv2d" },
  "a skip of another name": { made: keeping, decoder: asking("skp", "Feature<8, 4>") },
  "a skip that nothing gives": { decoder: asking("edges", "Feature<8, 4>") },
  "a skip of other channels": { made: keeping, decoder: asking("skip", "Feature<16, 4>") },
  "a skip of another stride": { made: keeping, decoder: asking("skip", "Feature<8, 2>") },
  "keys of other channels than queries": {
    body: "const h = l.stem(image); return l.head(attention(h, l.head(h), h, { heads: 4 }));",
  },
  "values of another stride than keys": {
    body: "const h = l.stem(image); return l.head(attention(h, h, upsample(h, { factor: 2 })));",
  },
  "a parameter that comes first": { named: gate, body: "return l.head(dsl.mul(l.gate(), l.stem(image)));" },
  "a parameter from which a map is taken": { named: gate, body: "return l.head(dsl.sub(l.gate(), l.stem(image)));" },
  "a parameter by a map": { named: gate, body: "return l.head(dsl.div(l.gate(), l.stem(image)));" },
  "nothing: parameters that come second": {
    named: gate,
    body: "const [h, g] = [l.stem(image), l.gate()]; return l.head(add(dsl.mul(h, g), add(dsl.neg(dsl.sub(h, g)), dsl.mul(dsl.div(1, h), g))));",
  },
  "a number that comes first": { body: "return l.head(add(1, l.stem(image)));" },
  "a vector that comes first": { body: `return l.head(dsl.mul(${pooled}, l.stem(image)));` },
  "a vector for a map or a sequence": { body: `const [a] = chunk(${pooled}, { chunks: 2 }); return l.head(a);` },
  "one count that is written in two ways": doubled("dsl.times(channels, 2)"),
  "a count that is another": doubled("dsl.times(channels, 3)"),
  "nothing: a count that is written as what is given": doubled("dsl.plus(channels, channels)"),
  "undefined in a list of layers": beside("res: [Res({ channels: 16 }), undefined]"),
  "an operator that ONNX does not have": {
    body: 'const f = (writer: op.OnnxWriter) => writer.node("Cosine", []); return l.head(l.stem(image));',
  },
  "an operator without its attributes": {
    body: 'const f = (writer: op.OnnxWriter) => writer.node("Concat", []); return l.head(l.stem(image));',
  },
  "PyTorch's spelling in the model": { settings: "latent_channels: 4" },
  "a posterior that does not exist": { settings: 'latentChannels: 4, posterior: "normal"' },
  "a function without types": { body: "const twice = (x) => add(x, x); return l.head(twice(l.stem(image)));" },
  "one of two makers, without braces": beside("norm: (attend ? dsl.rmsNorm : groupNorm)(16)"),
  "one of two makers, with nothing": beside("norm: (attend ? dsl.rmsNorm : groupNorm)()"),
  "one of two makers, with a key that neither has": beside("norm: (attend ? dsl.rmsNorm : groupNorm)({ chanels: 16 })"),
  "PyTorch's forward": { body: "return l.head.forward(l.stem(image));" },
  "a layer's weight": { body: "return l.head(l.stem(image), l.stem.weight);" },
  "a name given twice": beside("stem: conv2d({ in: 3, out: 16, kernel: 4, stride: 4 })"),
  "an encoder's record without its moments": { made: keeping.replaceAll("moments:", "latent:") },
  "a decoder's record": {
    decoder: asking("unused", "Feature<3, 1>")
      .replace(/=> (upsample\(.*\));/, "=> ({ image: $1 });")
      .replace(/, \{ unused.*\}\) =>/, ") =>"),
  },
};
