/** `litevae/blocks`: what the paper's models and published ones are made of, to build others with. */
export { LiteVaeEncoder, type LiteVaeEncoderConfig } from "./models/litevae.ts";
export { NafBlock, NafNet, type NafNetConfig } from "./models/nafnet.ts";
export { Vit, VitBlock, type VitConfig } from "./models/vit.ts";
export {
  FixedEncoder,
  WaveletEncoder,
  type EncoderOptions,
  type FixedEncoding,
  type WaveletEncoderConfig,
  type WaveletLevel,
} from "./models/wavelet-encoder.ts";
export { ResBlock, UNet, type ResBlockConfig, type UNetConfig, type UNetNorm } from "./models/unet.ts";
export {
  AttentionBlock,
  DownBlock,
  Downsample,
  KlDecoder,
  KlEncoder,
  MidBlock,
  ResnetBlock,
  SmcResnetBlock,
  UpBlock,
  Upsample,
  type DecoderNorm,
  type DownBlockConfig,
  type KlDecoderConfig,
  type KlEncoderConfig,
  type MidBlockConfig,
  type ResnetBlockConfig,
  type UpBlockConfig,
} from "./models/autoencoder-kl.ts";
export {
  DcDecoder,
  DcDownsample,
  DcEncoder,
  DcResBlock,
  DcUpsample,
  EfficientViTBlock,
  GatedMbConv,
  MultiscaleAttention,
  MultiscaleProjection,
  type DcActivation,
  type DcDecoderConfig,
  type DcDownsampleConfig,
  type DcDownsampling,
  type DcEncoderConfig,
  type DcNorm,
  type DcResBlockConfig,
  type DcUpsampleConfig,
  type DcUpsampling,
  type MultiscaleAttentionConfig,
  type MultiscaleProjectionConfig,
} from "./models/autoencoder-dc.ts";
export {
  MaskConditionDecoder,
  MaskConditionEncoder,
  type MaskConditionDecoderConfig,
  type MaskConditionEncoderConfig,
} from "./models/mask-condition.ts";
export { TinyBlock, TinyDecoder, TinyEncoder, type TinyConfig } from "./models/taesd.ts";
export { PatchGan, UNetDiscriminator, type UNetDiscriminatorConfig } from "./models/discriminators.ts";
export { StyleGanDiscriminator, type StyleGanConfig } from "./models/stylegan.ts";
