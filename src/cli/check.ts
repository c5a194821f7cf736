import { must } from "../errors/must.ts";
import type { Command } from "commander";
import { UserError } from "../errors/index.ts";
import type { Model, Part } from "../ir/model.ts";
import { formatShape } from "../ir/shape.ts";
import { fittingSizes } from "../ir/size.ts";
import { verifyModel } from "../ir/verify.ts";
import { reachText } from "../report/reach.ts";
import { filePath, isFile } from "./load-file.ts";
import { latentOption, modelArgument } from "./options.ts";

export function addCheck(program: Command): void {
  program
    .command("check")
    .description("check a model's types and shapes")
    .argument("<model>", modelArgument)
    .addOption(latentOption)
    .action(async (name: string, flags: { readonly latent?: number }) => {
      const { isFolder, loadModel } = await import("./load-model.ts");
      if (isFile(name) && !isFolder(name)) await checkTypes(filePath(name, "model"));
      const model = await loadModel(name, { latentChannels: flags.latent });
      verifyModel(model);
      process.stdout.write(describe(model));
    });
}

async function checkTypes(path: string): Promise<void> {
  const script = /\.m?js$/.test(path);
  process.stderr.write(script ? "checking types, of JavaScript where // @ts-check asks for it\n" : "checking types\n");
  const { typeErrors } = await import("./typecheck.ts");
  const errors = typeErrors(path);
  if (errors.length > 0) throw new UserError(...errors);
}

function describe(model: Model): string {
  const lines = model.parts.map((part) => {
    const { inputs } = part.graph;
    const input = inputs
      .map(({ shape }, i) => `${inputs.length > 1 ? `${part.inputNames[i]} ` : ""}${formatShape(shape)}`)
      .join(", ");
    const outputs = part.outputNames
      .map((name, i) => `${name} ${formatShape(must(part.graph.outputs[i], name).shape)}`)
      .join(", ");
    return `  ${part.name.padEnd(13)} ${input} → ${outputs}; ${[sizes(part), reachText(part) ?? []].flat().join("; ")}`;
  });
  return `${model.name}: types and shapes are right\n${lines.join("\n")}\n`;
}

function sizes(part: Part): string {
  const along = fittingSizes([part], "H");
  if (along === undefined) return "no image size up to 4096 fits";
  const { minimum, step } = along;
  if (minimum === 1 && step === 1) return "any size";
  return minimum === step ? `sides in multiples of ${step}` : `sides ${minimum}, ${minimum + step}, ${minimum + 2 * step}, …`;
}
