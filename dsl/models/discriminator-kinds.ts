/** The discriminators by their kind: as an option of the models, and on their own for training against another than the model's. */
import { UserError } from "../../src/errors/index.ts";
import type { Network } from "../../src/ir/model.ts";
import { captureSource, placeOf } from "../../src/ir/source.ts";
import { checkChoice, checkCounts, checkKeys } from "../config.ts";
import type { Feature } from "../feature.ts";
import type { Discriminated } from "../model.ts";
import { networkBeside } from "../network.ts";
import { PatchGan, UNetDiscriminator, type UNetDiscriminatorConfig } from "./discriminators.ts";
import { StyleGanDiscriminator, type StyleGanConfig } from "./stylegan.ts";

type Options<Config> = Partial<Omit<Config, "imageChannels">>;

export type DiscriminatorConfig =
  | ({ readonly kind: "unet" } & Options<UNetDiscriminatorConfig<number>>)
  | { readonly kind: "patchgan"; readonly channels?: number }
  | ({ readonly kind: "stylegan" } & Options<StyleGanConfig<number>>);

const settings: Readonly<Record<DiscriminatorConfig["kind"], readonly string[]>> = {
  unet: ["channels", "multipliers", "reduction"],
  patchgan: ["channels"],
  stylegan: ["resolution", "channels", "maxChannels"],
};

/** The discriminator that a model's options ask for; `below` is the constructor that the user called. */
export function discriminatorFor(
  imageChannels: number,
  config: DiscriminatorConfig | false = { kind: "unet" },
  below: (...args: never[]) => unknown,
): ((image: Feature<number, 1>) => Discriminated) | undefined {
  if (config === false) return undefined;
  checkChoice("kind of discriminator", config.kind, Object.keys(settings), below);
  checkKeys("discriminator", config, ["kind", ...settings[config.kind]], below);
  if (config.kind === "stylegan") checkStyleGan(config, below);
  return discriminator(imageChannels, config);
}

function discriminator(imageChannels: number, config: DiscriminatorConfig): (image: Feature<number, 1>) => Discriminated {
  switch (config.kind) {
    case "unet":
      return UNetDiscriminator({
        imageChannels,
        channels: config.channels ?? 32,
        multipliers: config.multipliers ?? [1, 2, 4, 8, 8, 16],
        reduction: config.reduction ?? "sum",
      });
    case "patchgan":
      return PatchGan({ imageChannels, channels: config.channels ?? 64 });
    case "stylegan": {
      const { resolution = 256, maxChannels = 512 } = config;
      // As in the paper's configuration F.
      const channels = config.channels ?? Math.max(1, 32768 / resolution);
      return StyleGanDiscriminator({ imageChannels, resolution, channels, maxChannels });
    }
  }
}

function checkStyleGan(
  { resolution = 256, channels = 1, maxChannels = 1 }: Options<StyleGanConfig<number>>,
  below: (...args: never[]) => unknown,
): void {
  checkCounts("discriminator", { channels, maxChannels }, below);
  if (Number.isInteger(resolution) && resolution >= 8 && Number.isInteger(Math.log2(resolution))) return;
  throw new UserError({
    what: "resolution of the discriminator cannot be halved down to 4",
    where: placeOf(captureSource(below)),
    expected: "resolution: a power of two of at least 8",
    found: `resolution: ${resolution}`,
    help: "give the side of the training crops, such as 128 or 256; larger images get more logits",
  });
}

/** The discriminators of arXiv:2405.14477 Table 10 at the sizes of its training crops, by the names that recipes have for them. */
export function discriminatorNetworks(imageChannels: number): readonly Network[] {
  const configs: Readonly<Record<string, DiscriminatorConfig>> = {
    unet: { kind: "unet" },
    unet_128: { kind: "unet", multipliers: [1, 2, 4, 8, 16] },
    patchgan: { kind: "patchgan" },
    stylegan: { kind: "stylegan" },
    stylegan_128: { kind: "stylegan", resolution: 128 },
  };
  const inputs = [{ channels: imageChannels }];
  return Object.entries(configs).map(([name, config]) =>
    networkBeside({ name, inputs, output: "pixel_logits", block: discriminator(imageChannels, config) }),
  );
}
