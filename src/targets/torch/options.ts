/** What a person chooses of a package, and what it wants to be brought. */
import * as z from "zod";
import type { Recipe } from "../../recipe/schema.ts";
import type { Shown } from "../target.ts";
import type { Author } from "./author.ts";
import type { NetworkModules, ProjectFile } from "./project.ts";

/** What packages train by where no recipe is named. */
export const defaultRecipe = "paper-256-two-phase";

export interface TorchOptions {
  /** Names a recipe. */
  readonly recipe?: string | undefined;
}

export interface TorchResources {
  recipe(name: string): Promise<Recipe>;
  /** What training needs beside a model whose images have so many channels. */
  networks(imageChannels: number): NetworkModules;
  /** The files of these networks, by module, where they were written before. */
  writtenNetworks(imageChannels: number): Readonly<Record<string, string>> | undefined;
  /** What stands in files beside the code of blocks. */
  readonly author: Author;
  /** The text of a file of Python that an author brings for an op; throws UserError where it cannot be read. */
  python(file: string): string;
  /** The Python files that are the same in every package, by their paths in it. */
  runtime(): readonly ProjectFile[];
}

export const torchOptions = z.strictObject({
  recipe: z
    .string()
    .optional()
    .meta({
      description: "how the torch package trains: a preset, or a .ts file",
      placeholder: "recipe",
      rule: defaultRecipe,
    } satisfies Shown),
});
