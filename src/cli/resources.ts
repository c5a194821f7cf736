/** What the targets want to be brought: files of the installation, images and a runtime, recipes and networks of the DSL. */
import { networks } from "../../dsl/models/index.ts";
import { author } from "../artifact/author.ts";
import { clientTemplate } from "../artifact/client-template.ts";
import { ownPython } from "../artifact/own-python.ts";
import { runtimeFiles } from "../artifact/runtime-files.ts";
import { writtenNetworks } from "../artifact/written-networks.ts";
import type { Resources } from "../targets/index.ts";

export const resources: Resources = {
  author,
  calibration: (folder, rule) => ({
    images: async (channels, sizes) => {
      const { calibrationImages } = await import("../onnxruntime/calibration-images.ts");
      const { spreadWarning } = await import("../images/signed.ts");
      const images = await calibrationImages(folder, channels, rule, sizes);
      const warning = spreadWarning(images.map(({ data }) => data));
      if (warning !== undefined) process.stderr.write(`warning: ${warning}\n`);
      return images;
    },
    noise: async (shape, seed) => (await import("../onnxruntime/scenes.ts")).sceneValue("noise", shape, seed, Infinity).data,
    load: async (graph) => (await import("../onnxruntime/session.ts")).loadGraph(graph, { asWritten: true }),
  }),
  clientTemplate,
  networks,
  recipe: async (name) => (await import("./load-recipe.ts")).loadRecipe(name),
  python: ownPython,
  runtime: runtimeFiles,
  writtenNetworks,
};
