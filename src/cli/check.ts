import { dirname } from "node:path";
import type { Command } from "commander";
import { UserError } from "../errors/index.ts";
import type { CheckedModel, CheckedPart, WrongModel } from "../api/check.ts";
import { choice, latentOption, modelArgument } from "./options.ts";

const formats = ["table", "json"] as const;

interface Flags {
  readonly latent?: number;
  readonly watch: boolean;
  readonly format: (typeof formats)[number];
}

export function addCheck(program: Command): void {
  program
    .command("check")
    .description("check a model's types and shapes")
    .argument("<model>", modelArgument)
    .addOption(latentOption)
    .addOption(choice("--format <format>", "how to print; json has what is wrong, too", formats).default("table"))
    .option("-w, --watch", "check again whenever a file in the model's folder changes, until Ctrl-C", false)
    .action(async (name: string, { latent, format, watch }: Flags) => {
      if (watch) {
        await watched(name, format);
        return;
      }
      const { check } = await import("../api/check.ts");
      const { checkTypes } = await import("../api/node/check.ts");
      const { loadModel } = await import("./load-model.ts");
      const { jsonText } = await import("../report/format.ts");
      const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
      try {
        await checkTypes(name, { progress });
        const checked = await check(await loadModel(name, { latentChannels: latent }));
        process.stdout.write(format === "json" ? jsonText(checked) : await table(checked));
      } catch (error) {
        if (format === "json" && error instanceof UserError) {
          const wrong: WrongModel = { model: name, errors: error.reports };
          process.stdout.write(jsonText(wrong));
        }
        throw error;
      }
    });
}

async function watched(name: string, format: string): Promise<void> {
  const { filePath, isFile } = await import("../api/node/load-file.ts");
  const { isFolder } = await import("../api/node/load-model.ts");
  if (!isFile(name) || isFolder(name))
    throw new UserError({ what: "--watch is for models in files", found: name, help: "leave it out: this one does not change" });
  const { rerunOnChange } = await import("./watch.ts");
  await rerunOnChange(dirname(filePath(name, "model")), ["check", name, "--format", format]);
}

async function table({ model, parts }: CheckedModel): Promise<string> {
  const { fieldText } = await import("../report/reach.ts");
  const lines = Object.entries(parts).map(([name, part]) => {
    const { inputs, outputs, reach } = part;
    const shapes = Object.entries(inputs).map(([input, shape]) => [input, `[${shape.join(", ")}]`] as const);
    const taken = shapes.map(([input, shape]) => (shapes.length > 1 ? `${input} ${shape}` : shape)).join(", ");
    const given = Object.entries(outputs).map(([output, shape]) => `${output} [${shape.join(", ")}]`);
    return `  ${name.padEnd(13)} ${taken} → ${given.join(", ")}; ${[sizesText(part), ...(reach === undefined ? [] : [fieldText(reach)])].join("; ")}`;
  });
  return `${model}: types and shapes are right\n${lines.join("\n")}\n`;
}

function sizesText({ sizes: { height } }: CheckedPart): string {
  if (height === null) return "no image size up to 4096 fits";
  const { minimum, step } = height;
  if (minimum === 1 && step === 1) return "any size";
  return minimum === step ? `sides in multiples of ${step}` : `sides ${minimum}, ${minimum + step}, ${minimum + 2 * step}, …`;
}
