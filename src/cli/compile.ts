import { Option, type Command } from "commander";
import { nearest, UsageError } from "../errors/index.ts";
import { choice, latentOption, modelArgument, partList, wholeNumber } from "./options.ts";
import { addTargetOptions, chosenTargets, passNames, targetOption } from "./target-options.ts";

interface Flags {
  readonly output: string;
  readonly parts?: readonly string[];
  readonly target: readonly string[];
  readonly weights?: string;
  readonly seed: number;
  readonly force: boolean;
  readonly latent?: number;
  readonly dumpAfter?: string;
  readonly format: (typeof formats)[number];
}

const formats = ["text", "json"] as const;

export function addCompile(program: Command): void {
  const command = program
    .command("compile")
    .description("compile a model into a folder: ONNX graphs, a PyTorch package, weights")
    .argument("<model>", modelArgument)
    .requiredOption("-o, --output <dir>", "folder to write, empty or of an earlier compile")
    .addOption(
      new Option("--parts <list>", "parts to compile, such as encoder,decoder,discriminator")
        .argParser(partList)
        .default(undefined, "those that inference runs: encoder,decoder"),
    )
    .addOption(targetOption)
    .option("--weights <file>", "trained weights, a safetensors file or a folder with one; seeded ones without it")
    .addOption(new Option("--seed <n>", "seed of untrained weights").argParser(wholeNumber("--seed", 0, 1)).default(0));
  addTargetOptions(command);
  command
    .option("--force", "write into a folder that holds other files, or trained weights that would be lost", false)
    .addOption(latentOption)
    .option("--dump-after <pass>", `print the IR to stdout after ${passNames.slice(0, -1).join(", ")} or ${passNames.at(-1)}`)
    .addOption(
      choice("--format <format>", "what goes to stdout: nothing, or what manifest.json says as json", formats).default("text"),
    )
    .action(async (name: string, flags: Flags) => {
      const { output, target, dumpAfter, latent, format, parts, seed, force } = flags;
      const targets = chosenTargets(command, target);
      checkPass(dumpAfter, passNames);
      if (dumpAfter !== undefined && format === "json")
        throw new UsageError({
          what: "--dump-after and --format json both write to stdout",
          help: "give one of them, and the other in a second compile",
        });
      const { compileTo } = await import("../api/node/compile.ts");
      const { isFolder } = await import("../api/node/load-model.ts");
      const { loadModel, loadRecipe } = await import("./load-model.ts");
      const { printPart } = await import("../ir/print.ts");
      const { renderNotes } = await import("./render.ts");
      const weights = flags.weights ?? (isFolder(name) ? name : undefined);
      const model = await loadModel(name, { latentChannels: latent, weights });
      const started = performance.now();
      const compiled = await compileTo(model, output, {
        ...{ parts, seed, force },
        targets,
        weights,
        recipe: loadRecipe,
        progress: (doing) => void process.stderr.write(`${model.name}: ${doing}\n`),
        dump: (pass, part) => {
          if (pass === dumpAfter) process.stdout.write(printPart(part));
        },
      });
      const { manifest, notes } = compiled;
      process.stderr.write(renderNotes(notes));
      const counts = Object.entries(manifest.parts).map(
        ([part, { params }]) => `${part} ${params.toLocaleString("en")} parameters`,
      );
      process.stderr.write(
        `${model.name}: ${counts.join(", ")}; ${((performance.now() - started) / 1000).toFixed(1)} s, in ${output}\n`,
      );
      if (format === "json") process.stdout.write((await import("../report/format.ts")).jsonText(compiled));
    });
}

function checkPass(name: string | undefined, names: readonly string[]): void {
  if (name === undefined || names.includes(name)) return;
  const meant = nearest(name, names);
  throw new UsageError({
    what: `no pass is called ${name}`,
    expected: names.join(", "),
    found: name,
    help: meant === undefined ? "choose one of these" : `did you mean ${meant}?`,
  });
}
