import { existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";
import { manifestIn } from "./compiled-folder.ts";

/** Refuses to take trained weights out of a folder, where they may be the only copy. Changes nothing. */
export function keepTrainedWeights(
  folder: string,
  { weights, parts }: { readonly weights?: string | undefined; readonly parts: readonly string[] },
): void {
  const earlier = manifestIn(folder);
  if (earlier === undefined || !("file_sha256" in earlier.weights)) return;
  const own = join(folder, "model.safetensors");
  if (weights === undefined) {
    throw new UserError({
      what: `${folder} holds trained weights, and this compile has none to put in their place`,
      expected: "--weights",
      found: `${own}, trained, of ${earlier.model}`,
      help: `compile with --weights ${own} to keep them, give another -o, or --force to replace them by untrained ones`,
    });
  }
  const dropped = Object.keys(earlier.parts).filter((part) => !parts.includes(part));
  if (dropped.length === 0 || !existsSync(own) || realpathSync(weights) !== realpathSync(own)) return;
  throw new UserError({
    what: `${own} is compiled into its own folder without all of its parts`,
    expected: Object.keys(earlier.parts).join(", "),
    found: parts.join(", "),
    help: `add ${dropped.join(",")} to --parts, give another -o, or --force to drop those weights`,
  });
}
