import { availableParallelism } from "node:os";
import { Option, type Command } from "commander";
import * as z from "zod";
import { exitCode } from "../errors/index.ts";
import { dtypeNames, type DTypeName } from "../onnxruntime/latents/stored.ts";
import { StopSignals } from "./stop-signals.ts";
import { pixelOptions, type PixelOptions } from "../recipe/pixels.ts";
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
}

export function addEncode(program: Command): void {
  const command = program
    .command("encode")
    .description(
      "encode a set of images with onnxruntime: moments of the latents, labels and statistics, for training on latents",
    )
    .argument("<dir>", "folder that compile wrote")
    .argument("<images>", "folder of images, at any depth")
    .requiredOption("-o, --output <latents>", "folder of the latents; one that is unfinished goes on")
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
        .default(Math.min(4, availableParallelism()), "one a core, at most 4"),
    )
    .addOption(
      new Option("--provider <name>", "execution provider of onnxruntime, such as cuda").default(
        undefined,
        "as onnxruntime chooses",
      ),
    )
    .addOption(threadsOption);
  for (const option of schemaOptions(z.strictObject(pixelOptions))) command.addOption(option);
  command.action(async (folder: string, images: string, flags: Flags) => {
    const { output: out, size, flip, dtype, shardImages, batch, workers, provider, threads, ...pixels } = flags;
    const [{ encode }, { finishedText, log, notesOf, timingText }] = await Promise.all([
      import("../onnxruntime/latents/encode.ts"),
      import("../onnxruntime/latents/told.ts"),
    ]);
    const say = (text: string): void => void process.stderr.write(`${text}\n`);
    const signals = new StopSignals();
    const stop = (): void => {
      say("stopped: the same command goes on");
      process.exit(exitCode.interrupted);
    };
    process.once("SIGINT", stop);
    try {
      const options = {
        folder,
        images,
        out,
        size,
        flip,
        dtype,
        shardImages,
        batch,
        workers,
        provider,
        threads,
        pixels,
        say,
        signals,
      };
      const encoded = await encode(options);
      await log(encoded, options);
      for (const note of notesOf(encoded)) say(note);
      const { manifest, timing } = encoded;
      process.stdout.write(`${finishedText(out, manifest)}\n${timing === undefined ? "" : `\n${timingText(timing)}\n`}`);
    } finally {
      signals.close();
      process.off("SIGINT", stop);
    }
  });
}
