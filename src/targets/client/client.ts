/** client.ts: the template, a module that checks itself, with the facts of one model in the place of its own. */
import { unmeasured, type LatentStatistics } from "../../ir/latents.ts";
import type { Model, Part } from "../../ir/model.ts";
import type { FittingSizes, Sizes } from "../../ir/size.ts";
import type { EmittedFile } from "../target.ts";

/** `parts` are those whose graphs a client runs. Empty where there are none. */
export function clientFiles(
  model: Model,
  parts: readonly Part[],
  sizes: (parts: readonly Part[]) => Sizes,
  template: string,
  latents: LatentStatistics = unmeasured,
): readonly EmittedFile[] {
  if (parts.length === 0) return [];
  const begin = template.indexOf("// model:");
  const end = template.indexOf("// end of model\n");
  const own = facts(model, parts, sizes(parts), latents);
  return [{ name: "client.ts", pieces: () => [template.slice(0, begin), own, template.slice(end).replace(/^.*\n/, "")] }];
}

function facts(model: Model, parts: readonly Part[], { height, width }: Sizes, latents: LatentStatistics): string {
  const along = ({ minimum, step }: FittingSizes): string => `{ minimum: ${minimum}, step: ${step} }`;
  return `export const model = {
  name: ${JSON.stringify(model.name)},
  imageChannels: ${model.imageChannels},
  latentChannels: ${model.latentChannels},
  stride: ${model.stride},
  sizes: { height: ${along(height)}, width: ${along(width)} },
  parts: [${parts.map(({ name }) => `"${name}"`).join(", ")}],
} as const;

export const latents: LatentStatistics = {
${Object.entries(latents)
  .map(([key, value]) => `  ${key}: ${Array.isArray(value) ? `[${value.join(", ")}]` : JSON.stringify(value)},\n`)
  .join("")}};
`;
}
