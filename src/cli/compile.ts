import { Option, type Command } from "commander";
import { nearest, UsageError, UserError } from "../errors/index.ts";
import type { Calibration, HalfReport } from "../targets/onnx/calibrate.ts";
import type { Model, Part, PartName } from "../ir/model.ts";
import type { Training } from "../targets/torch/project.ts";
import { choice, defaultRecipe, latentOption, modelArgument, partList, targetList, wholeNumber, type Target } from "./options.ts";

interface Flags {
  readonly output: string;
  readonly parts: readonly PartName[];
  readonly target: readonly Target[];
  readonly weights?: string;
  readonly seed: number;
  readonly opset: number;
  readonly irVersion?: number;
  readonly externalData: boolean;
  readonly precision: "fp32" | "fp16";
  readonly calibrate?: string;
  readonly recipe?: string;
  readonly force: boolean;
  readonly latent?: number;
  readonly dumpAfter?: string;
}

export function addCompile(program: Command): void {
  program
    .command("compile")
    .description("compile a model into a folder: ONNX graphs, a PyTorch package, weights")
    .argument("<model>", modelArgument)
    .requiredOption("-o, --output <dir>", "folder to write, empty or of an earlier compile")
    .addOption(
      new Option("--parts <list>", "parts to compile: encoder, decoder, discriminator")
        .argParser(partList)
        .default(["encoder", "decoder"], "encoder,decoder"),
    )
    .addOption(
      new Option("--target <list>", "what to write: onnx for graphs, torch for a package that trains")
        .argParser(targetList)
        .default(["onnx"], "onnx"),
    )
    .option("--weights <file>", "trained weights, a safetensors file; seeded ones without it")
    .addOption(new Option("--seed <n>", "seed of untrained weights").argParser(wholeNumber("--seed", 0, 1)).default(0))
    .addOption(new Option("--opset <n>", "ONNX operator set, 18 to 21").argParser(wholeNumber("--opset", 1, 18)).default(18))
    .addOption(
      new Option("--ir-version <n>", "ONNX IR version, 8 to 10")
        .argParser(wholeNumber("--ir-version", 1, 8))
        .default(undefined, "what the operator set needs"),
    )
    .addOption(
      choice("--precision <p>", "numbers inside the graphs; inputs and outputs are float32", ["fp16", "fp32"] as const).default(
        "fp32",
      ),
    )
    .option("--calibrate <dir>", "folder of pictures that tell which layers leave the range of fp16")
    .addOption(
      new Option("--recipe <recipe>", "how the torch package trains: a preset, or a .ts file").default(undefined, defaultRecipe),
    )
    .option("--external-data", "keep weights in a file beside the graph", false)
    .option("--force", "write into a folder that holds other files, or trained weights that would be lost", false)
    .addOption(latentOption)
    .option("--dump-after <pass>", "print the IR to stdout after inline, dropTrainingOnly, foldWeights or deadCode")
    .action(async (name: string, flags: Flags) => {
      const { compile, irVersionOf, onnxPasses } = await import("../compiler/compile.ts");
      const { printPart } = await import("../ir/print.ts");
      checkRecipeFlag(flags);
      const irVersion = checkVersions(flags, irVersionOf);
      const half = await calibrationOf(flags);
      checkPass(
        flags.dumpAfter,
        onnxPasses.map((pass) => pass.name),
      );
      const { hasPointwise } = await import("../weights/weights.ts");
      const { openWeights } = await import("../artifact/weights-file.ts");
      const pointwise = flags.weights !== undefined && hasPointwise(openWeights(flags.weights));
      const { loadModel } = await import("./load-model.ts");
      const model = await loadModel(name, { latentChannels: flags.latent, pointwise });
      const absent = flags.parts.find((part) => !model.parts.some((candidate) => candidate.name === part));
      if (absent !== undefined) {
        throw new UserError({
          what: `${model.name} has no ${absent}`,
          found: model.parts.map((part) => part.name).join(", "),
          help: "leave it out of --parts, or add it to the model",
        });
      }
      const training = flags.target.includes("torch") ? await trainingOf(model, flags.recipe) : undefined;
      const started = performance.now();
      const manifest = await compile(model, {
        out: flags.output,
        force: flags.force,
        parts: flags.parts,
        targets: flags.target,
        opset: flags.opset,
        irVersion,
        seed: flags.seed,
        weights: flags.weights,
        externalData: flags.externalData,
        half,
        training,
        progress: (doing) => process.stderr.write(`${model.name}: ${doing}\n`),
        halfReport: (part, report) => process.stderr.write(describeHalf(part, report)),
        dump: (pass: string, part: Part) => {
          if (pass === flags.dumpAfter) process.stdout.write(printPart(part));
        },
      });
      const counts = Object.entries(manifest.parts).map(
        ([part, { params }]) => `${part} ${params.toLocaleString("en")} parameters`,
      );
      process.stderr.write(
        `${model.name}: ${counts.join(", ")}; ${((performance.now() - started) / 1000).toFixed(1)} s, in ${flags.output}\n`,
      );
    });
}

/** The networks that training needs beside the model, and the recipe, checked against both. */
async function trainingOf(model: Model, recipe: string | undefined): Promise<Training> {
  const { networks: networksFor } = await import("../../dsl/models/index.ts");
  const { recipeFor } = await import("./load-recipe.ts");
  const networks = networksFor(model.imageChannels);
  return { networks, recipe: await recipeFor({ model, networks }, recipe) };
}

function checkRecipeFlag({ recipe, target }: Flags): void {
  if (recipe === undefined || target.includes("torch")) return;
  throw new UsageError({
    what: "--recipe is of the torch target",
    expected: "torch among --target",
    found: `--target ${target.join(",")}`,
    help: "add --target torch, or leave --recipe out",
  });
}

/** What fp16 is calibrated with; undefined for fp32. */
async function calibrationOf({ precision, calibrate, target }: Flags): Promise<Calibration | undefined> {
  if (precision === "fp32") {
    if (calibrate === undefined) return undefined;
    throw new UsageError({
      what: "--calibrate is of no use without --precision fp16",
      expected: "--precision fp16 --calibrate DIR, or neither",
      found: "--calibrate alone",
      help: "add --precision fp16, or leave --calibrate out",
    });
  }
  if (!target.includes("onnx")) {
    throw new UsageError({
      what: "--precision fp16 is of the onnx target",
      expected: "onnx among --target",
      found: `--target ${target.join(",")}`,
      help: "leave --precision out: torch packages choose their precision when they train",
    });
  }
  if (calibrate === undefined) {
    throw new UsageError({
      what: "--precision fp16 needs pictures",
      expected: "--calibrate DIR, a folder of a few pictures such as the model will see",
      found: "no --calibrate",
      help: "which layers leave the range of fp16, and would give black images, shows on pictures only",
    });
  }
  const { calibrationPictures } = await import("../onnxruntime/calibration-pictures.ts");
  const { loadGraph } = await import("../onnxruntime/session.ts");
  return { pictures: (channels, sizes) => calibrationPictures(calibrate, channels, sizes), load: loadGraph };
}

function describeHalf(part: string, { nodes, declared, outOfRange, reach, worstError }: HalfReport): string {
  const shown = reach.slice(0, 10).map(({ name, max }) => `  ${name} reaches ${magnitude(max)}\n`);
  const more = reach.length > 10 ? `  … and ${reach.length - 10} more\n` : "";
  return (
    `${part} in fp16: ${declared + outOfRange} of ${nodes} nodes stay float32, ${declared} for what they compute ` +
    `(statistics, attention, sums), ${outOfRange} for values that leave fp16's range\n${shown.join("")}${more}` +
    `${part} in fp16: worst error against fp32 ${worstError.toExponential(2)}\n`
  );
}

function magnitude(value: number): string {
  return value < 1 ? `${value.toExponential(2)} at most` : value.toLocaleString("en", { maximumFractionDigits: 0 });
}

function checkVersions(flags: Flags, irVersionOf: Readonly<Record<number, number>>): number {
  const needed = irVersionOf[flags.opset];
  if (needed === undefined) {
    throw new UsageError({
      what: `--opset ${flags.opset} is not supported`,
      expected: Object.keys(irVersionOf).join(", "),
      found: String(flags.opset),
      help: "write --opset 18, which most runtimes read",
    });
  }
  const irVersion = flags.irVersion ?? needed;
  if (irVersion < needed || irVersion > 10) {
    throw new UsageError({
      what: `--ir-version ${irVersion} does not go with opset ${flags.opset}`,
      expected: needed === 10 ? "10" : `${needed} to 10`,
      found: String(irVersion),
      help: "leave --ir-version out",
    });
  }
  return irVersion;
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
