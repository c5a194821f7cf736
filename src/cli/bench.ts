import { Option, type Command } from "commander";
import { reportFormats, type ReportFormat } from "../report/format.ts";
import { refuseModel } from "./compiled.ts";
import { choice, partList, seconds, terminalWidth, threadsOption, wholeNumber, wholeNumbers, words } from "./options.ts";
import { checkReport, writeReport } from "./write-report.ts";

interface Flags {
  readonly parts?: readonly string[];
  readonly batches?: readonly number[];
  readonly size?: number;
  readonly provider?: readonly string[];
  readonly threads?: number;
  readonly repeats: number;
  readonly seconds: number;
  readonly format: ReportFormat;
  readonly output?: string;
}

export function addBench(program: Command): void {
  program
    .command("bench")
    .description("images per second and peak memory of compiled graphs in onnxruntime, with the hardware they ran on")
    .argument("<dir>", "folder that compile wrote")
    .addOption(
      new Option("--parts <list>", "parts to measure")
        .argParser(partList)
        .default(undefined, "those that inference runs, as far as compiled"),
    )
    .addOption(
      new Option("--batches <list>", "images at a time")
        .argParser(wholeNumbers("--batches", 1, "1,8,32"))
        .default(undefined, "1,8, or the batch of --fixed"),
    )
    .addOption(
      new Option("--size <pixels>", "side of the square images, or of those that latents are of")
        .argParser(wholeNumber("--size", 1, 256))
        .default(undefined, "256, or the size of --fixed"),
    )
    .addOption(
      new Option("--provider <list>", "execution providers of onnxruntime, such as cpu, cuda, webgpu")
        .argParser(words)
        .default(undefined, "all that work here"),
    )
    .addOption(threadsOption)
    .addOption(new Option("--repeats <n>", "runs of a row at least").argParser(wholeNumber("--repeats", 1, 6)).default(6))
    .addOption(new Option("--seconds <s>", "how long a row is repeated at least").argParser(seconds).default(2))
    .addOption(choice("--format <format>", "how to print", reportFormats).default("table"))
    .option("-o, --output <file>", "write to a file instead of stdout")
    .action(async (folder: string, flags: Flags) => {
      const { output, format, provider, ...rest } = flags;
      if (output !== undefined) checkReport(output);
      await refuseModel("bench", folder);
      const { measure, requireMeasured } = await import("../api/node/measure.ts");
      const { formatBenchmark } = await import("../report/benchmark.ts");
      const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
      const result = await measure(folder, { ...rest, providers: provider, progress });
      const text = formatBenchmark(result, format, output === undefined ? terminalWidth() : undefined);
      if (output === undefined) process.stdout.write(text);
      else writeReport(output, text);
      requireMeasured(result);
    });
}
