/** Wrong lines of models, and what TypeScript says of each. */
export interface Case {
  readonly code: string;
  /** Line of the snippet, then the message; none where the snippet is right. */
  readonly errors: readonly string[];
}

const parts = `export const encoder = (x: Feature<3, 1>): Feature<24, 8> => dsl.conv2d({ in: 3, out: 24, stride: 8 })(x);
export const decoder = (z: Feature<12, 8>): Feature<3, 1> => dsl.upsample(dsl.conv2d({ in: 12, out: 3 })(z), { factor: 8 });
`;

export const cases: Readonly<Record<string, Case>> = {
  "the channels of a convolution": {
    code: `dsl.conv2d({ in: 16, out: 24 })(feature<36, 8>());`,
    errors: [
      `1: Argument of type 'Feature<36, 8>' is not assignable to parameter of type 'Feature<16, 8>'.
  Type '36' is not assignable to type '16'.`,
    ],
  },
  "different strides in concat": {
    code: `dsl.concat(feature<16, 4>(), feature<12, 4>(), feature<12, 8>());`,
    errors: [
      `1: Argument of type 'Feature<12, 8>' is not assignable to parameter of type 'Feature<12, 8> & Feature<number, 4>'.
  Type 'Feature<12, 8>' is not assignable to type 'Feature<number, 4>'.
    Type '8' is not assignable to type '4'.`,
    ],
  },
  "different channels in add": {
    code: `dsl.add(feature<16, 8>(), feature<36, 8>());`,
    errors: [
      `1: Argument of type 'Feature<36, 8>' is not assignable to parameter of type 'MapOperand<16, 8>'.
  Type 'Feature<36, 8>' is not assignable to type 'Feature<16, 8>'.
    Type '36' is not assignable to type '16'.`,
    ],
  },
  "a skip of another stride": {
    code: `dsl.add(feature<16, 2>(), dsl.upsample(feature<16, 8>(), { factor: 2 }));`,
    errors: [
      `1: Argument of type 'Feature<16, 4>' is not assignable to parameter of type 'MapOperand<16, 2>'.
  Type 'Feature<16, 4>' is not assignable to type 'Feature<16, 2>'.
    Type '4' is not assignable to type '2'.`,
    ],
  },
  "the channels of a block of one's own": {
    code: `const Res = dsl.block("Res", <C extends number>({ channels }: { channels: C }) => {
  const { norm } = dsl.layers({ norm: dsl.groupNorm({ channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => dsl.add(x, norm(x));
});
Res({ channels: 16 })(feature<36, 8>());`,
    errors: [
      `5: Argument of type 'Feature<36, 8>' is not assignable to parameter of type 'Feature<16, 8>'.
  Type '36' is not assignable to type '16'.`,
    ],
  },
  "a block that promises another stride": {
    code: `dsl.block("Down", ({ channels }: { channels: 16 }) => {
  const { conv } = dsl.layers({ conv: dsl.conv2d({ in: channels, out: 24, stride: 2 }) });
  return (x: Feature<16, 4>): Feature<24, 4> => conv(x);
});`,
    errors: [
      `3: Type 'Feature<24, 8>' is not assignable to type 'Feature<24, 4>'.
  Type '8' is not assignable to type '4'.`,
    ],
  },
  "the channels of the Haar bands": {
    code: `dsl.conv2d({ in: 3, out: 24 })(dsl.haarDwt(feature<3, 1>()).bands);`,
    errors: [
      `1: Argument of type 'Feature<12, 2>' is not assignable to parameter of type 'Feature<3, 2>'.
  Type '12' is not assignable to type '3'.`,
    ],
  },
  "the whole result of haarDwt": {
    code: `dsl.silu(dsl.haarDwt(feature<3, 1>()));`,
    errors: [
      `1: Argument of type '{ readonly low: Feature<3, 2>; readonly bands: Feature<12, 2>; }' is not assignable to parameter of type 'FeatureOrVector'.`,
    ],
  },
  "a layer that was not applied": {
    code: `dsl.silu(dsl.conv2d({ in: 3, out: 3 }));`,
    errors: [`1: Argument of type 'Conv<3, 3, 1>' is not assignable to parameter of type 'FeatureOrVector'.`],
  },
  "a vector of another length": {
    code: `dsl.spectralLinear({ in: 64, out: 1 })(vector<32>());`,
    errors: [
      `1: Argument of type 'Vector<32>' is not assignable to parameter of type 'Vector<64>'.
  Type '32' is not assignable to type '64'.`,
    ],
  },
  "a linear layer on another vector": {
    code: `dsl.linear({ in: 64, out: 10 })(vector<32>());`,
    errors: [
      `1: No overload matches this call.
  Overload 1 of 3, '(x: Vector<64>): Vector<10>', gave the following error.
    Argument of type 'Vector<32>' is not assignable to parameter of type 'Vector<64>'.
      Type '32' is not assignable to type '64'.
  Overload 2 of 3, '(x: Tokens<64>): Tokens<10>', gave the following error.
    Argument of type 'Vector<32>' is not assignable to parameter of type 'Tokens<64>'.
      Property '[Sequence]' is missing in type 'Vector<32>' but required in type 'Tokens<64>'.
  Overload 3 of 3, '(x: Feature<64, number>): Feature<10, number>', gave the following error.
    Argument of type 'Vector<32>' is not assignable to parameter of type 'Feature<64, number>'.
      Type 'Vector<32>' is missing the following properties from type 'Feature<64, number>': [Channels], [Stride]`,
    ],
  },
  "moments that are not twice the latent": {
    code: `${parts}dsl.model({ latentChannels: 12, encoder: (x: Feature<3, 1>): Feature<16, 8> => dsl.conv2d({ in: 3, out: 16, stride: 8 })(x), decoder });`,
    errors: [
      `3: Type '(x: Feature<3, 1>) => Feature<16, 8>' is not assignable to type '(image: Feature<3, 1>, given: GivenConditions<Record<never, never>>) => Encoded<Feature<24, 8>, "gaussian", FurtherOutputs>'.
  Type 'Feature<16, 8>' is not assignable to type 'Encoded<Feature<24, 8>, "gaussian", FurtherOutputs>'.
    Type 'Feature<16, 8>' is not assignable to type 'Feature<24, 8>'.
      Type '16' is not assignable to type '24'.`,
    ],
  },
  "a decoder of another stride": {
    code: `${parts}dsl.model({ latentChannels: 12, encoder, decoder: (z: Feature<12, 4>): Feature<3, 1> => dsl.upsample(dsl.conv2d({ in: 12, out: 3 })(z), { factor: 4 }) });`,
    errors: [
      `3: Type '(z: Feature<12, 4>) => Feature<3, 1>' is not assignable to type '(latent: Feature<12, 8>, given: BesideLatent<3, Record<never, never>, FurtherOutputs>) => Feature<3, 1>'.
  Types of parameters 'z' and 'latent' are incompatible.
    Type 'Feature<12, 8>' is not assignable to type 'Feature<12, 4>'.
      Type '8' is not assignable to type '4'.`,
    ],
  },
  "a decoder of another latent": {
    code: `${parts}dsl.model({ latentChannels: 12, encoder, decoder: (z: Feature<4, 8>): Feature<3, 1> => dsl.upsample(dsl.conv2d({ in: 4, out: 3 })(z), { factor: 8 }) });`,
    errors: [
      `3: Type '(z: Feature<4, 8>) => Feature<3, 1>' is not assignable to type '(latent: Feature<12, 8>, given: BesideLatent<3, Record<never, never>, FurtherOutputs>) => Feature<3, 1>'.
  Types of parameters 'z' and 'latent' are incompatible.
    Type 'Feature<12, 8>' is not assignable to type 'Feature<4, 8>'.
      Type '12' is not assignable to type '4'.`,
    ],
  },
  "an encoder of grey images without imageChannels": {
    code: `${parts}dsl.model({ latentChannels: 12, encoder: (x: Feature<1, 1>): Feature<24, 8> => dsl.conv2d({ in: 1, out: 24, stride: 8 })(x), decoder });`,
    errors: [
      `3: Type '(x: Feature<1, 1>) => Feature<24, 8>' is not assignable to type '(image: Feature<3, 1>, given: GivenConditions<Record<never, never>>) => Encoded<Feature<24, 8>, "gaussian", FurtherOutputs>'.
  Types of parameters 'x' and 'image' are incompatible.
    Type 'Feature<3, 1>' is not assignable to type 'Feature<1, 1>'.
      Type '3' is not assignable to type '1'.`,
    ],
  },
  "a discriminator of three logits": {
    code: `${parts}dsl.model({ latentChannels: 12, encoder, decoder, discriminator: (x: Feature<3, 1>): Feature<3, 1> => dsl.silu(x) });`,
    errors: [
      `3: Type '(x: Feature<3, 1>) => Feature<3, 1>' is not assignable to type '(image: Feature<3, 1>) => Discriminated'.
  Type 'Feature<3, 1>' is not assignable to type 'Discriminated'.
    Type 'Feature<3, 1>' is not assignable to type 'Feature<1, number>'.
      Type '3' is not assignable to type '1'.`,
    ],
  },
  "no latentChannels": {
    code: `${parts}dsl.model({ encoder, decoder });`,
    errors: [
      `3: Argument of type '{ encoder: (x: Feature<3, 1>) => Feature<24, 8>; decoder: (z: Feature<12, 8>) => Feature<3, 1>; }' is not assignable to parameter of type 'ModelConfig<3, number, 8, "gaussian", Record<never, never>, FurtherOutputs>'.
  Property 'latentChannels' is missing in type '{ encoder: (x: Feature<3, 1>) => Feature<24, 8>; decoder: (z: Feature<12, 8>) => Feature<3, 1>; }' but required in type 'ModelConfig<3, number, 8, "gaussian", Record<never, never>, FurtherOutputs>'.`,
    ],
  },
  "a missing setting": {
    code: `dsl.conv2d({ in: 16 });`,
    errors: [
      `1: Argument of type '{ in: 16; }' is not assignable to parameter of type 'Conv2dConfig<16, number, 1>'.
  Property 'out' is missing in type '{ in: 16; }' but required in type 'Conv2dConfig<16, number, 1>'.`,
    ],
  },
  "a setting that does not exist": {
    code: `dsl.conv2d({ in: 16, out: 24, kernal: 3 });`,
    errors: [
      `1: Object literal may only specify known properties, but 'kernal' does not exist in type 'Conv2dConfig<16, 24, 1>'. Did you mean to write 'kernel'?`,
    ],
  },
  "a norm that does not exist": {
    code: `litevae({ variant: "B", latentChannels: 12, decoder: { norm: "gruop" } });`,
    errors: [`1: Type '"gruop"' is not assignable to type 'DecoderNorm | undefined'. Did you mean '"group"'?`],
  },
  "a variant that does not exist": {
    code: `litevae({ variant: "XL" });`,
    errors: [`1: Type '"XL"' is not assignable to type '"B" | "L" | "M" | "S"'.`],
  },
  "a reduction that does not exist": {
    code: `dsl.globalPool(feature<64, 8>(), { reduction: "median" });`,
    errors: [`1: Type '"median"' is not assignable to type '"max" | "mean" | "sum"'. Did you mean '"mean"'?`],
  },
  "a named thing that is no layer": {
    code: `dsl.layers({ conv: 3 });`,
    errors: [`1: Type 'number' is not assignable to type 'Nameable | undefined'.`],
  },
  "an entry of a list in layers": {
    code: `const { convs } = dsl.layers({ convs: [[dsl.conv2d({ in: 3, out: 3 }), 3], [dsl.conv2d({ in: 3, out: 3 })]] });
convs[0][0](feature<3, 1>());`,
    errors: [`1: Type 'number' is not assignable to type 'LayersByKey | LayerOrBlock | readonly Nameable[]'.`],
  },
  "a block that returns nothing": {
    code: `dsl.block("Empty", () => { dsl.layers({ conv: dsl.conv2d({ in: 3, out: 3 }) }); });`,
    errors: [
      `1: Argument of type '() => void' is not assignable to parameter of type '() => FunctionOfFeatures'.
  Type 'void' is not assignable to type 'FunctionOfFeatures'.`,
    ],
  },
  "a setting that does not exist in place of one that must, beside a stride": {
    code: `dsl.conv2d({ inChannels: 16, out: 24, stride: 2 });`,
    errors: [
      `1: Object literal may only specify known properties, and 'inChannels' does not exist in type 'Conv2dConfig<number, number, 1>'.`,
    ],
  },
  "moments where the latent itself is wanted": {
    code: `${parts}dsl.model({ latentChannels: 12, posterior: "none", encoder, decoder });`,
    errors: [
      `3: Type '(x: Feature<3, 1>) => Feature<24, 8>' is not assignable to type '(image: Feature<3, 1>, given: GivenConditions<Record<never, never>>) => Encoded<Feature<12, 8>, "none", FurtherOutputs>'.
  Type 'Feature<24, 8>' is not assignable to type 'Encoded<Feature<12, 8>, "none", FurtherOutputs>'.
    Type 'Feature<24, 8>' is not assignable to type 'Feature<12, 8>'.
      Type '24' is not assignable to type '12'.`,
    ],
  },
  "nothing: a model that fits": { code: `${parts}dsl.model({ latentChannels: 12, encoder, decoder });`, errors: [] },
};
