import * as z from "zod";
import { autoencoderParts } from "../../ir/autoencoder.ts";
import type { Emission, Target } from "../target.ts";
import type { ClientOptions, ClientTemplate } from "./client.ts";

export interface ClientResources {
  /** Undefined where the texts of the installation are not at hand: graphs then come without a client. */
  clientTemplate(): ClientTemplate | undefined;
}

/** A field of the options of whatever comes with a client. */
export const fixedField = z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).optional();

/** client.js, for whoever runs the graphs of an encoder and a decoder. */
export const client: Target<ClientOptions, ClientResources> = {
  name: "client",
  // Of the graphs' other options nothing is asked.
  options: z.object({ fixed: fixedField }),
  prepare: async (compilation, { fixed }, resources) => {
    const { clientFiles } = await import("./client.ts");
    const { model, parts, note } = compilation;
    const found = autoencoderParts(model);
    const without = (what: string) => (): Promise<Emission> => {
      note({ what });
      return Promise.resolve({ files: [] });
    };
    if (found === undefined) return without(`${model.name} is no autoencoder: it gets no client.js`);
    const runnable = parts.filter((part) => part === found.encoder || part === found.decoder);
    const { sizes, latents, pixels } = compilation;
    const template = resources.clientTemplate();
    if (template === undefined) return without("the graphs get no client.js, which is made of files of the installation");
    const files = clientFiles(model, runnable, sizes, template, { latents, pixels, fixed });
    return () => Promise.resolve({ files });
  },
};
