import * as z from "zod";
import { autoencoderParts } from "../../ir/autoencoder.ts";
import type { Target } from "../target.ts";
import type { ClientOptions, ClientTemplate } from "./client.ts";

export interface ClientResources {
  clientTemplate(): ClientTemplate;
}

/** A field of the options of whatever comes with a client. */
export const fixedField = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).optional();

/** client.mjs, for whoever runs the graphs of an encoder and a decoder. */
export const client: Target<ClientOptions, ClientResources> = {
  name: "client",
  // Of the graphs' other options nothing is asked.
  options: z.object({ fixed: fixedField }),
  prepare: async (compilation, { fixed }, resources) => {
    const { clientFiles } = await import("./client.ts");
    const { model, parts, note } = compilation;
    const found = autoencoderParts(model);
    if (found === undefined) {
      return () => {
        note(`${model.name} is no autoencoder: it gets no client.mjs\n`);
        return Promise.resolve({ files: [] });
      };
    }
    const runnable = parts.filter((part) => part === found.encoder || part === found.decoder);
    const { sizes, latents, pixels } = compilation;
    const files = clientFiles(model, runnable, sizes, resources.clientTemplate(), { latents, pixels, fixed });
    return () => Promise.resolve({ files });
  },
};
