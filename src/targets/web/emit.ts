/** The page: files that are the same for every model, and facts.js, which says what this one is. */
import { UserError } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import { autoencoderParts, besidesFirst } from "../../ir/autoencoder.ts";
import type { Part } from "../../ir/model.ts";
import { reachesOf } from "../../ir/receptive-field.ts";
import type { Sizes } from "../../ir/size.ts";
import { leastTile } from "../../ir/tiles.mts";
import type { ClientOptions } from "../client/client.ts";
import { partMemory } from "../onnx/memory.ts";
import type { Compilation, Emission } from "../target.ts";
import type { Largest, PageFacts, PartFacts } from "./facts.ts";
import type { WebResources } from "./resources.ts";

export function prepareWeb(
  compilation: Compilation,
  { fixed }: ClientOptions,
  resources: WebResources,
): Promise<() => Promise<Emission>> {
  const { model, parts, provenance } = compilation;
  const found = autoencoderParts(model);
  if (found === undefined || !parts.includes(found.encoder) || !parts.includes(found.decoder))
    throw unfit(`${model.name} has no encoder and decoder among its parts`, "compile both, as without --parts");
  if (found.imageChannels !== 1 && found.imageChannels !== 3)
    throw unfit(
      `images of ${model.name} have ${found.imageChannels} channels`,
      "compile with --target onnx, and use fromSamples of client.js",
    );
  const given = new Set(Object.keys(found.decoder.sources ?? {}));
  const conditions = [found.encoder, found.decoder].flatMap((part) => besidesFirst(part).filter(({ name }) => !given.has(name)));
  if (conditions.length > 0)
    throw unfit(
      `${model.name} takes ${conditions.map(({ name }) => name).join(", ")} besides`,
      "compile with --target onnx, and give them to client.js",
    );
  const sizes = compilation.sizes([found.encoder, found.decoder]);
  const factsOf = (part: Part): PartFacts => ({
    largest: largestOf(part, sizes),
    leastTile: leastTileOf(part, sizes, fixed !== undefined),
  });
  const facts: PageFacts = {
    trained: provenance === "trained",
    encoder: factsOf(found.encoder),
    decoder: factsOf(found.decoder),
  };
  const files = resources.page().map(({ name, pieces }) => ({ name, pieces }));
  return Promise.resolve(() =>
    Promise.resolve({
      files: [...files, { name: "page/facts.js", pieces: () => [`export const facts = ${JSON.stringify(facts, null, 2)};\n`] }],
    }),
  );
}

function leastTileOf(part: Part, sizes: Sizes, isFixed: boolean): number | null {
  const reach = reachesOf([part])[part.name];
  if (isFixed || reach === undefined || reach.sees_all.length > 0) return null;
  return Math.max(leastTile(sizes.height, reach.height), leastTile(sizes.width, reach.width));
}

function unfit(what: string, help: string): UserError {
  return new UserError({
    what,
    expected: "a model that makes an image of a photograph alone: the page has nothing else to give it",
    help,
  });
}

/** From two sizes: at the small one what grows with the image is largest, at the other what grows with its square, where there is such a thing. */
function largestOf(part: Part, { height, width }: Sizes): Largest {
  const at = (side: number): { readonly pixels: number; readonly bytes: number } => {
    const [h, w] = [height, width].map(({ minimum, step }) => minimum + step * Math.ceil(Math.max(0, side - minimum) / step));
    const bindings = { N: 1, H: must(h, "a height"), W: must(w, "a width") };
    return { pixels: bindings.H * bindings.W, bytes: must(partMemory(part, bindings), `the memory of ${part.name}`).largest };
  };
  const [small, large] = [at(64), at(8192)];
  const pixel = small.bytes / small.pixels;
  const grows = large.bytes > 1.01 * pixel * large.pixels;
  return { pixel, pair: grows ? large.bytes / large.pixels ** 2 : 0 };
}
