/** Whether a package has the class `Autoencoder`, and with it what trains, evaluates and benchmarks one. */
import { UserError, type Note } from "../../errors/index.ts";
import { autoencoderParts, conditionsOf, type AutoencoderParts } from "../../ir/autoencoder.ts";
import type { Model } from "../../ir/model.ts";

/** The parts of the class; undefined where the model is no autoencoder, or has parts that the class knows nothing of. */
export function wrappedParts(model: Model): AutoencoderParts | undefined {
  const found = autoencoderParts(model);
  if (found === undefined) return undefined;
  const own = [found.encoder, found.decoder, found.discriminator];
  return model.parts.every((part) => own.includes(part)) ? found : undefined;
}

/** The parts of a class that images alone train: what it takes besides, it makes of them. */
export function trainedParts(model: Model): AutoencoderParts | undefined {
  const found = wrappedParts(model);
  return found === undefined || conditionsOf(found).length > 0 ? undefined : found;
}

/** What a person should know of a package that nothing trains. */
export function describeUntrained(model: Model): Note {
  const found = wrappedParts(model);
  if (found === undefined)
    return {
      what: `${model.name} is no autoencoder, or more than one: its package has its networks, and nothing that trains or evaluates them`,
    };
  const conditions = conditionsOf(found).join(", ");
  return {
    what: `${model.name} takes ${conditions} from outside, which images do not bring: its package has the class Autoencoder, and nothing that trains or evaluates it`,
  };
}

/** A recipe was named for such a package. */
export function untrainable(model: Model, recipe: string): UserError {
  const found = wrappedParts(model);
  if (found !== undefined) {
    return new UserError({
      what: `${model.name} cannot be trained by the recipe ${recipe}: recipes train on images alone`,
      expected: "an autoencoder without conditions; skips, and the image as original in the decoder, are none",
      found: `conditions ${conditionsOf(found).join(", ")}`,
      help: "leave --recipe out: the package then has the class Autoencoder, for a training loop of your own",
    });
  }
  const { name, parts } = model;
  return new UserError({
    what: `${name} cannot be trained by the recipe ${recipe}: recipes train autoencoders`,
    expected: "an encoder, a decoder of what it gives, and at most a discriminator beside them",
    found: parts.map((part) => `${part.name}: ${part.inputNames.join(", ")} -> ${part.outputNames.join(", ")}`).join("\n"),
    help: "leave --recipe out: the package then has the networks alone",
  });
}
