/** What the targets want to be brought: files of the installation, images and a runtime, recipes and networks of the DSL. */
import { networks } from "../../../dsl/models/index.ts";
import { author } from "../../artifact/author.ts";
import { clientTemplate } from "../../artifact/client-template.ts";
import { ownPython } from "../../artifact/own-python.ts";
import { pageFiles } from "../../artifact/page-files.ts";
import { runtimeFiles } from "../../artifact/runtime-files.ts";
import { writtenNetworks } from "../../artifact/written-networks.ts";
import type { Note } from "../../errors/index.ts";
import type { Resources } from "../../targets/index.ts";
import type { CompileSettings } from "../compile.ts";
import { loadRecipe } from "./load-recipe.ts";

/** `note` is told what a person should know of what was brought. */
export function nodeResources(
  note: (note: Note) => void,
  { recipe = loadRecipe }: Pick<CompileSettings, "recipe"> = {},
): Resources {
  return {
    author,
    calibration: (folder, rule) => ({
      images: async (channels, sizes) => {
        const { calibrationImages } = await import("../../onnxruntime/calibration-images.ts");
        const { spreadWarning } = await import("../../images/signed.ts");
        const images = await calibrationImages(folder, channels, rule, sizes);
        const warning = spreadWarning(images.map(({ data }) => data));
        if (warning !== undefined) note({ severity: "warning", what: warning });
        return images;
      },
      noise: async (shape, seed) => (await import("../../onnxruntime/scenes.ts")).sceneValue("noise", shape, seed, Infinity).data,
      load: async (graph) => (await import("../../onnxruntime/session.ts")).loadGraph(graph, { asWritten: true }),
    }),
    clientTemplate,
    networks,
    page: pageFiles,
    recipe: async (name) => await recipe(name),
    python: ownPython,
    runtime: runtimeFiles,
    writtenNetworks,
  };
}
