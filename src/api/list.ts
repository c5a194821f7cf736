import { builtIns } from "../../dsl/models/index.ts";
import { recipes } from "../../dsl/recipes/index.ts";

/** Something built in: its name, and a line about it. */
export interface Listed {
  /** What commands and functions call it. */
  readonly name: string;
  /** What it is, in a line. */
  readonly about: string;
}

/** What is built in, as `litevae list --format json` prints it. */
export interface Listing {
  /** What `builtIn` makes. */
  readonly models: readonly Listed[];
  /** Presets of the training recipe, which the option `recipe` of the target torch takes. */
  readonly recipes: readonly Listed[];
}

/** The built-in models and recipes. */
export function list(): Listing {
  const listed = (all: Readonly<Record<string, { readonly about: string }>>): readonly Listed[] =>
    Object.entries(all).map(([name, { about }]) => ({ name, about }));
  return { models: listed(builtIns), recipes: listed(recipes) };
}
