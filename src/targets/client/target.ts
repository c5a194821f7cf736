import * as z from "zod";
import { gaussianAutoencoder } from "../../ir/autoencoder.ts";
import type { Target } from "../target.ts";
import type { ClientTemplate } from "./client.ts";

export interface ClientResources {
  clientTemplate(): ClientTemplate;
}

/** client.mjs, for whoever runs the graphs of an encoder and a decoder. */
export const client: Target<object, ClientResources> = {
  name: "client",
  options: z.strictObject({}),
  prepare: async (compilation, _options, resources) => {
    const { clientFiles } = await import("./client.ts");
    const { model, parts, note } = compilation;
    const found = gaussianAutoencoder(model);
    if (found === undefined) {
      return () => {
        note(`${model.name} is no autoencoder with a Gaussian posterior: it gets no client.mjs\n`);
        return Promise.resolve({ files: [] });
      };
    }
    const runnable = parts.filter((part) => part === found.encoder || part === found.decoder);
    const files = clientFiles(model, runnable, compilation.sizes, resources.clientTemplate(), compilation.latents);
    return () => Promise.resolve({ files });
  },
};
