/** The one batch and image size that graphs are written for: whether such images fit, and their tensors what runs them. */
import { UserError } from "../../errors/index.ts";
import type { Bindings } from "../../ir/dim.ts";
import type { Model } from "../../ir/model.ts";
import { nearestFitting, type Sizes } from "../../ir/size.ts";
import type { Compilation } from "../target.ts";
import type { OnnxGraph } from "./graph.ts";
import { shapesOf } from "./shapes.ts";

/** The batch and the image size that graphs are fixed to; UserError where such images do not fit. */
export function bindingsOf(
  [batch, height, width]: readonly [number, number, number],
  { model, parts, sizes }: Compilation,
): Bindings {
  const taken = sizes(parts);
  for (const [along, side] of Object.entries({ height, width }) as [keyof Sizes, number][]) {
    const { minimum, step } = taken[along];
    if (side >= minimum && (side - minimum) % step === 0) continue;
    throw new UserError({
      what: `images of ${height}×${width} do not fit ${model.name}`,
      expected: `a ${along} of ${nearestFitting(side, taken[along]).join(" or ")}`,
      found: `--fixed ${batch},${height},${width}`,
      help: "choose a size that fits",
    });
  }
  return { N: batch, H: height, W: width };
}

/** Runtimes count a tensor's elements in 32 bits. */
const mostElements = 2 ** 31 - 1;

interface Sized {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly module?: string | undefined;
}

/** Refuses a batch and size at which a tensor would have more elements than that, and says by how many. */
export function requireCountable(
  [batch, height, width]: readonly [number, number, number],
  bindings: Bindings,
  model: Model,
  graphs: readonly OnnxGraph[],
): void {
  const image: Sized = { name: "image", sizes: [batch, model.imageChannels ?? 1, height, width] };
  const largest = isCountable(image) ? graphs.flatMap((graph) => tensorsOf(graph, bindings)).reduce(larger, image) : image;
  if (isCountable(largest)) return;
  const { name, sizes, module } = largest;
  const asked = `--fixed ${batch},${height},${width}`;
  const over = (countOf(largest) - mostElements).toLocaleString("en", { maximumSignificantDigits: 15 });
  throw new UserError({
    what: `${name} of ${model.name} for ${asked} has ${over} elements too many`,
    ...(module === undefined ? {} : { module }),
    expected: `at most ${mostElements.toLocaleString("en")} elements in a tensor, which runtimes count in 32 bits`,
    found: `${name} [${sizes.join(", ")}]`,
    help: "choose a smaller batch or size",
  });
}

function tensorsOf(graph: OnnxGraph, bindings: Bindings): readonly Sized[] {
  const shapes = shapesOf(graph, bindings);
  return graph.nodes.flatMap(({ module, outputs }) =>
    outputs.flatMap((name) => {
      const sizes = shapes.get(name);
      return sizes === undefined ? [] : [{ name, sizes, module }];
    }),
  );
}

function countOf({ sizes }: Sized): number {
  return sizes.reduce((product, size) => product * size, 1);
}

function isCountable(tensor: Sized): boolean {
  return countOf(tensor) <= mostElements;
}

function larger(a: Sized, b: Sized): Sized {
  return countOf(b) > countOf(a) ? b : a;
}
