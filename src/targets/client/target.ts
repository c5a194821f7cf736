import * as z from "zod";
import type { Target } from "../target.ts";

export interface ClientResources {
  /** The text of template.mts. */
  clientTemplate(): string;
}

/** client.ts, for whoever runs the graphs of an encoder and a decoder. */
export const client: Target<object, ClientResources> = {
  name: "client",
  options: z.strictObject({}),
  prepare: async (compilation, _options, resources) => {
    const { clientFiles } = await import("./client.ts");
    const runnable = compilation.parts.filter(({ trainingOnly }) => trainingOnly !== true);
    const files = clientFiles(compilation.model, runnable, compilation.sizes, resources.clientTemplate());
    return () => Promise.resolve({ files });
  },
};
