import { totalmem } from "node:os";
import { Option, type Command } from "commander";
import { nearest, UsageError } from "../errors/index.ts";
import type { Part } from "../ir/model.ts";
import { inferencePartsOf } from "../ir/walk.ts";
import { checkParts, latentOption, modelArgument, partList, wholeNumber } from "./options.ts";
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
}

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
    .action(async (name: string, flags: Flags) => {
      const targets = chosenTargets(command, flags.target);
      checkPass(flags.dumpAfter, passNames);
      const { openWeights, trainedWeights, weightsPath } = await import("../artifact/weights-file.ts");
      const { plainKeys } = await import("../weights/weights.ts");
      const { isFolder, loadModel } = await import("./load-model.ts");
      const { builtIns } = await import("../../dsl/models/index.ts");
      const ofFolder = isFolder(name);
      // That it is no folder of a model is to be said before what its weights lack.
      if (ofFolder) (await import("./load-folder.ts")).folderConfig(name);
      const given = flags.weights ?? (ofFolder ? name : undefined);
      const weights = given === undefined ? undefined : weightsPath(given);
      const file = weights === undefined ? undefined : openWeights(weights);
      const keys = file && plainKeys(file);
      const model = await loadModel(name, {
        latentChannels: flags.latent,
        weightKeys: keys,
      });
      const parts = flags.parts ?? inferencePartsOf(model).map((part) => part.name);
      checkParts(
        model.name,
        model.parts.map((part) => part.name),
        parts,
      );
      const { OutputFolder } = await import("../artifact/output-folder.ts");
      const { keepTrainedWeights } = await import("../artifact/trained-weights.ts");
      const folder = new OutputFolder(flags.output, flags);
      if (!flags.force) keepTrainedWeights(flags.output, { weights, parts });

      const { compile } = await import("../compiler/compile.ts");
      const { packageVersion } = await import("../artifact/version.ts");
      const { writeCompiled } = await import("../artifact/write-compiled.ts");
      const { printPart } = await import("../ir/print.ts");
      const { resources } = await import("./resources.ts");
      const progress = (doing: string): void => void process.stderr.write(`${model.name}: ${doing}\n`);
      const started = performance.now();
      const compiled = await compile(model, {
        parts,
        targets,
        resources,
        seed: flags.seed,
        weights: file && trainedWeights(file),
        known: () => Object.values(builtIns).map(({ build }) => build({ latentChannels: flags.latent, weightKeys: keys })),
        version: packageVersion(),
        memory: Math.min(totalmem(), process.constrainedMemory() || Infinity),
        progress,
        note: (lines) => process.stderr.write(lines),
        dump: (pass: string, part: Part) => {
          if (pass === flags.dumpAfter) process.stdout.write(printPart(part));
        },
      });
      writeCompiled(folder, compiled, progress);
      const counts = Object.entries(compiled.facts.parts).map(
        ([part, { params }]) => `${part} ${params.toLocaleString("en")} parameters`,
      );
      process.stderr.write(
        `${model.name}: ${counts.join(", ")}; ${((performance.now() - started) / 1000).toFixed(1)} s, in ${flags.output}\n`,
      );
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
