/** How the channels of a block's inputs and results follow from its settings, and their sizes from the first input's. */
import { must } from "../../../errors/must.ts";
import type { Body } from "../../../ir/model.ts";
import { channelsOf, type Shape } from "../../../ir/shape.ts";
import { present } from "./distinct.ts";
import type { Fitter } from "./fit.ts";
import type { Sample } from "./samples.ts";
import { relativeSizes } from "./shapes.ts";
import type { Signature, SignatureShape } from "./template.ts";

export function signatureOf(samples: readonly Sample[], fitter: Fitter): Signature {
  // A block without any of its layers gives what it takes: that is left aside where it is the exception.
  const filled = samples.flatMap(({ block }, i) => (block.members.every(([, member]) => present(member)) ? [i] : []));
  const shapes = (of: (body: Body) => readonly Shape[]): readonly SignatureShape[] => {
    const each = samples.map(({ body }) => of(body));
    return must(each[0], "a sample").map((_, at) => {
      const all = each.map((values) => must(values[at], "a shape"));
      const sizes = new Set(
        all.map((shape, i) => relativeSizes(shape, must(samples[i]?.body.graph.inputs[0], "a block's input").shape)),
      );
      const channels =
        fitter.number(all.map(channelsOf)) ?? fitter.within(filled).number(filled.map((i) => channelsOf(all[i] as Shape)));
      return { channels, sizes: sizes.size === 1 ? ([...sizes][0] as string) : "H', W'" };
    });
  };
  return {
    inputs: shapes(({ graph }) => graph.inputs.map(({ shape }) => shape)),
    results: shapes(({ graph, returns }) =>
      returns.entries.map(([, output]) => must(graph.outputs[output], "a block's output").shape),
    ),
  };
}
