import type { Model, Network } from "../ir/model.ts";
import type { Recipe } from "../recipe/schema.ts";

/** What `bin` hands to the commands: they do not import the DSL themselves. */
export interface Environment {
  readonly builtIns: Readonly<Record<string, BuiltIn>>;
  /** What training packages get beside a model whose images have so many channels, by Python module. */
  readonly networks: (imageChannels: number) => Readonly<Record<string, readonly Network[]>>;
  /** The recipes that --recipe takes by name. */
  readonly recipes: Readonly<Record<string, Preset>>;
  /** What `litevae` and `litevae/dsl` mean in a user's model file. */
  readonly modules: Readonly<Record<string, unknown>>;
}

export interface Preset {
  readonly about: string;
  readonly recipe: Recipe;
}

export interface BuiltIn {
  readonly about: string;
  build(options: { readonly latentChannels?: number; readonly pointwise?: boolean }): Model;
}
