import { Option, type Command } from "commander";
import { UsageError } from "../errors/index.ts";
import { reportFormats, type ReportFormat } from "../report/format.ts";
import { choice, latentOption, modelArgument, sizeOption, terminalWidth, wholeNumber } from "./options.ts";

interface Flags {
  readonly depth?: number;
  readonly keys: boolean;
  readonly size: number;
  readonly latent?: number;
  readonly format: ReportFormat;
}

export function addSummary(program: Command): void {
  program
    .command("summary")
    .description("a model's modules with their shapes, parameters, MACs and memory")
    .argument("<model>", modelArgument)
    .addOption(new Option("--depth <n>", "levels of the tree; all by default").argParser(wholeNumber("--depth", 0, 2)))
    .option("--keys", "the key and shape of every parameter instead, as weights, PyTorch and ONNX graphs have it", false)
    .addOption(sizeOption)
    .addOption(latentOption)
    .addOption(choice("--format <format>", "how to print", reportFormats).default("table"))
    .action(async (name: string, { depth, keys, size, latent, format }: Flags, command: Command) => {
      const unused = ["size", "depth"].find((option) => keys && command.getOptionValueSource(option) === "cli");
      if (unused !== undefined) throw ofNoUse(unused);
      const { loadModel } = await import("./load-model.ts");
      const model = await loadModel(name, { latentChannels: latent });
      if (keys) {
        const { formatKeys, keysOf } = await import("../report/keys.ts");
        process.stdout.write(formatKeys(keysOf(model), format, terminalWidth()));
        return;
      }
      const { summary } = await import("../api/summary.ts");
      const { formatSummary } = await import("../report/summary.ts");
      const { renderNotes } = await import("./render.ts");
      const found = await summary(model, { size, depth });
      process.stdout.write(formatSummary(found, { format, width: terminalWidth() }));
      process.stderr.write(renderNotes(found.notes ?? []));
    });
}

function ofNoUse(option: string): UsageError {
  return new UsageError({
    what: `--${option} is of no use with --keys`,
    expected: "keys and shapes, which are the same for all sizes",
    found: `--keys and --${option}`,
    help: "leave one of them out",
  });
}
