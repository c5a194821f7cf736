/** Whether a package has the class `Autoencoder`, and with it what trains, evaluates and benchmarks one. */
import { UserError } from "../../errors/index.ts";
import { autoencoderParts, type AutoencoderParts } from "../../ir/autoencoder.ts";
import type { Model } from "../../ir/model.ts";

/** The parts of the class; undefined where the model is no autoencoder, or has parts that the class knows nothing of. */
export function wrappedParts(model: Model): AutoencoderParts | undefined {
  const found = autoencoderParts(model);
  if (found === undefined) return undefined;
  const own = [found.encoder, found.decoder, found.discriminator];
  return model.parts.every((part) => own.includes(part)) ? found : undefined;
}

/** What a person should know of a package without the class. */
export function describeUnwrapped({ name }: Model): string {
  return `${name} is no autoencoder, or more than one: its package has its networks, and nothing that trains or evaluates them\n`;
}

/** A recipe was named for such a package. */
export function untrainable({ name, parts }: Model, recipe: string): UserError {
  return new UserError({
    what: `${name} cannot be trained by the recipe ${recipe}: recipes train autoencoders`,
    expected: "an encoder, a decoder of what it gives, and at most a discriminator beside them",
    found: parts.map((part) => `${part.name}: ${part.inputNames.join(", ")} -> ${part.outputNames.join(", ")}`).join("\n"),
    help: "leave --recipe out: the package then has the networks alone",
  });
}
