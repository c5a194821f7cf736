/** The recipes that the CLI knows by name. */
import type { Recipe } from "../../src/recipe/schema.ts";
import { demo } from "./demo.ts";
import { paper256TwoPhase, paperImageNet128 } from "./paper.ts";
import { smoke } from "./smoke.ts";

export interface Preset {
  readonly about: string;
  readonly recipe: Recipe;
}

export const recipes = {
  "paper-256-two-phase": {
    about: "100k steps at 128², then 50k at 256² with the discriminator: the default",
    recipe: paper256TwoPhase,
  },
  "paper-imagenet-128": { about: "200k steps at 128² with the discriminator", recipe: paperImageNet128 },
  demo: {
    about: "a few minutes on a CPU, overfitting the example photographs: it made the weights in examples/demo",
    recipe: demo,
  },
  smoke: { about: "a few minutes on a CPU: both phases, tiny", recipe: smoke },
} as const satisfies Readonly<Record<string, Preset>>;
