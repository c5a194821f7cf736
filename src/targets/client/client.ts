/** client.ts: the template, a module that checks itself, with the facts of one model in the place of its own. */
import { readFileSync } from "node:fs";
import type { Model } from "../../ir/model.ts";
import type { FittingSizes, Sizes } from "../../ir/size.ts";

/** `parts` are those whose graphs are written. Empty where there is nothing that a client runs. */
export function clientFiles(
  model: Model,
  parts: readonly string[],
  sizes: Sizes,
): readonly { readonly name: string; readonly text: string }[] {
  const runnable = parts.filter((part) => part === "encoder" || part === "decoder");
  if (runnable.length === 0) return [];
  const template = readFileSync(new URL("./template.mts", import.meta.url), "utf8");
  const begin = template.indexOf("// model:");
  const end = template.indexOf("// end of model\n");
  return [
    {
      name: "client.ts",
      text: template.slice(0, begin) + facts(model, runnable, sizes) + template.slice(end).replace(/^.*\n/, ""),
    },
  ];
}

function facts(model: Model, parts: readonly string[], { height, width }: Sizes): string {
  const along = ({ minimum, step }: FittingSizes): string => `{ minimum: ${minimum}, step: ${step} }`;
  return `export const model = {
  name: ${JSON.stringify(model.name)},
  imageChannels: ${model.imageChannels},
  latentChannels: ${model.latentChannels},
  stride: ${model.stride},
  sizes: { height: ${along(height)}, width: ${along(width)} },
  parts: [${parts.map((part) => `"${part}"`).join(", ")}],
} as const;
`;
}
