import { Option, type Command } from "commander";
import * as z from "zod";
import { usualWorkers } from "../api/node/encode.ts";
import { exitCode, type Note } from "../errors/index.ts";
import { dtypeNames, type DTypeName } from "../onnxruntime/latents/stored.ts";
import { StopSignals } from "./stop-signals.ts";
import { pixelOptions, type PixelOptions } from "../recipe/pixels.ts";
import { refuseModel } from "./compiled.ts";
import { choice, threadsOption, wholeNumber } from "./options.ts";
import { schemaOptions } from "./target-options.ts";

interface Flags extends PixelOptions {
  readonly output: string;
  readonly size?: number;
  readonly flip: boolean;
  readonly dtype: DTypeName;
  readonly shardImages: number;
  readonly batch?: number;
  readonly workers: number;
  readonly provider?: string;
  readonly threads?: number;
  readonly format: (typeof formats)[number];
}

const formats = ["table", "json"] as const;

export function addEncode(program: Command): void {
  const command = program
    .command("encode")
    .description(
      "encode a set of images with onnxruntime: moments of the latents, labels and statistics, for training on latents",
    )
    .argument("<dir>", "folder that compile wrote")
    .argument("<images>", "folder of images, at any depth")
    .requiredOption("-o, --output <latents>", "folder of the latents; an unfinished one is continued")
    .addOption(
      new Option("--size <pixels>", "side of the images: bicubic antialiased resize of the shorter side, then the centre crop")
        .argParser(wholeNumber("--size", 1, 256))
        .default(undefined, "256, or the size of --fixed"),
    )
    .option("--flip", "encode the mirrored images too", false)
    .addOption(choice("--dtype <type>", "of the stored moments", dtypeNames).default("float32"))
    .addOption(
      new Option("--shard-images <n>", "images in a file; a kill costs the file that is being made")
        .argParser(wholeNumber("--shard-images", 1, 1024))
        .default(1024),
    )
    .addOption(
      new Option("--batch <n>", "images at once")
        .argParser(wholeNumber("--batch", 1, 16))
        .default(undefined, "16, or the batch of --fixed"),
    )
    .addOption(
      new Option("--workers <n>", "threads that read images")
        .argParser(wholeNumber("--workers", 0, 4))
        .default(usualWorkers, "one a core, at most 4"),
    )
    .addOption(
      new Option("--provider <name>", "execution provider of onnxruntime, such as cuda").default(
        undefined,
        "as onnxruntime chooses",
      ),
    )
    .addOption(threadsOption);
  for (const option of schemaOptions(z.strictObject(pixelOptions))) command.addOption(option);
  command.addOption(choice("--format <format>", "how to print", formats).default("table"));
  command.action(async (folder: string, images: string, flags: Flags) => {
    const { output, format, size, flip, dtype, shardImages, batch, workers, provider, threads, ...pixels } = flags;
    await refuseModel("encode", folder);
    const { encode } = await import("../api/node/encode.ts");
    const { finishedText, paceText } = await import("../onnxruntime/latents/told.ts");
    const { jsonText } = await import("../report/format.ts");
    const { renderNotes } = await import("./render.ts");
    const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
    const note = (each: Note): void => void process.stderr.write(renderNotes([each]));
    const signals = new StopSignals();
    const stop = (): void => {
      progress("stopped: the same command continues");
      process.exit(exitCode.interrupted);
    };
    process.once("SIGINT", stop);
    try {
      const { signal } = signals;
      const options = { size, flip, dtype, shardImages, batch, workers, provider, threads, pixels, progress, note, signal };
      const found = await encode(folder, images, output, options);
      const pace = found.encoded === null ? "" : `\n${paceText(found.encoded)}\n`;
      process.stdout.write(format === "json" ? jsonText(found) : `${finishedText(output, found.manifest)}\n${pace}`);
    } finally {
      signals.close();
      process.off("SIGINT", stop);
    }
  });
}
