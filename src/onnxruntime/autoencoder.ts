/** The graphs of a compiled folder that encode and decode images. */
import type { Manifest } from "../compiler/manifest.ts";
import type { Config } from "../compiler/config.ts";
import { UserError } from "../errors/index.ts";
import { must } from "../errors/must.ts";
import { usualWiring } from "../ir/autoencoder.ts";
import type { Autoencoder, Sources } from "../ir/model.ts";
import { nearestFitting } from "../ir/size.ts";
import { sizesOfParts } from "../compiler/config.ts";

/** The graphs that encode and decode, and what goes from one to the other: an output and the input that it is. */
export interface Joined {
  readonly encoder: string;
  readonly decoder: string;
  /** The encoder's outputs that are a distribution's; absent where it gives the latent itself. */
  readonly posterior: Autoencoder["posterior"];
  /** What each of the decoder's inputs is. */
  readonly taken: Sources;
}

export function autoencoderOf({ model, wiring = usualWiring }: Config): Joined {
  const { autoencoder, sources } = wiring;
  if (autoencoder === null) {
    throw new UserError({
      what: `${model} is no autoencoder: it has nothing that encodes and decodes an image`,
      expected: "the folder of an autoencoder",
      help: "run its graphs on arrays with onnxruntime instead",
    });
  }
  const { encoder, decoder, posterior } = autoencoder;
  return { encoder, decoder, posterior, taken: must(sources[decoder], `what the ${decoder} takes`) };
}

export function graphName(part: string): string {
  return `${part}.onnx`;
}

/** The names of what a part takes, in order. */
export function inputsOf({ parts }: Manifest, part: string): readonly string[] {
  return Object.keys(must(parts[part], part).inputs);
}

/** UserError where one of these parts does not take square images of this side. */
export function requireSquare(size: number, config: Config, parts: readonly string[]): void {
  const misfit = sizesOfParts(config, parts)
    .flatMap(({ height, width }) => [height, width])
    .find(({ minimum, step }) => size < minimum || (size - minimum) % step !== 0);
  if (misfit === undefined) return;
  throw new UserError({
    what: `images of ${size}×${size} do not fit ${config.model}`,
    expected: `--size ${nearestFitting(size, misfit).join(" or ")}`,
    found: `--size ${size}`,
    help: "choose a size that fits",
  });
}
