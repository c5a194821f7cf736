import { Option, type Command } from "commander";
import { nearest, UsageError, UserError } from "../errors/index.ts";
import type { Part, PartName } from "../ir/model.ts";
import type { Environment } from "./environment.ts";
import { loadModel } from "./load-model.ts";
import { latentOption, partList, targetList, wholeNumber, type Target } from "./options.ts";

interface Flags {
  readonly output: string;
  readonly parts: readonly PartName[];
  readonly target: readonly Target[];
  readonly weights?: string;
  readonly seed: number;
  readonly opset: number;
  readonly irVersion?: number;
  readonly externalData: boolean;
  readonly force: boolean;
  readonly latent?: number;
  readonly dumpAfter?: string;
}

export function addCompile(program: Command, environment: Environment): void {
  program
    .command("compile")
    .description("compile a model to ONNX graphs and weights in a folder")
    .argument("<model>", "built-in name, or a .ts file")
    .requiredOption("-o, --output <dir>", "folder to write")
    .addOption(
      new Option("--parts <list>", "parts to compile").argParser(partList).default(["encoder", "decoder"], "encoder,decoder"),
    )
    .addOption(
      new Option("--target <list>", "what to write: onnx graphs, a torch package")
        .argParser(targetList)
        .default(["onnx"], "onnx"),
    )
    .option("--weights <file>", "trained weights, safetensors")
    .addOption(new Option("--seed <n>", "seed of untrained weights").argParser(wholeNumber("--seed", 0)).default(0))
    .addOption(new Option("--opset <n>", "ONNX operator set, 18 to 21").argParser(wholeNumber("--opset", 1)).default(18))
    .addOption(
      new Option("--ir-version <n>", "ONNX IR version")
        .argParser(wholeNumber("--ir-version", 1))
        .default(undefined, "what the operator set needs"),
    )
    .option("--external-data", "keep weights in a file beside the graph", false)
    .option("--force", "write into a folder that holds other files", false)
    .addOption(latentOption)
    .option("--dump-after <pass>", "print the IR after a pass to stdout")
    .action(async (name: string, flags: Flags) => {
      const { compile, irVersionOf, onnxPasses } = await import("../compiler/compile.ts");
      const { printPart } = await import("../ir/print.ts");
      const irVersion = checkVersions(flags, irVersionOf);
      checkPass(
        flags.dumpAfter,
        onnxPasses.map((pass) => pass.name),
      );
      const { hasPointwise } = await import("../weights/weights.ts");
      const pointwise = flags.weights !== undefined && hasPointwise(flags.weights);
      const model = await loadModel(name, environment, { latentChannels: flags.latent, pointwise });
      const absent = flags.parts.find((part) => !model.parts.some((candidate) => candidate.name === part));
      if (absent !== undefined) {
        throw new UserError({
          what: `${model.name} has no ${absent}`,
          found: model.parts.map((part) => part.name).join(", "),
          help: "leave it out of --parts, or add it to the model",
        });
      }
      const started = performance.now();
      const manifest = compile(model, {
        out: flags.output,
        force: flags.force,
        parts: flags.parts,
        targets: flags.target,
        opset: flags.opset,
        irVersion,
        seed: flags.seed,
        weights: flags.weights,
        externalData: flags.externalData,
        progress: (doing) => process.stderr.write(`${model.name}: ${doing}\n`),
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
