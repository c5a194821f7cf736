import { Option, type Command } from "commander";
import * as z from "zod";
import type { Reconstructions } from "../api/node/reconstruct.ts";
import type { Fit } from "../onnxruntime/image.ts";
import { pixelOptions, type PixelOptions } from "../recipe/pixels.ts";
import { refuseModel } from "./compiled.ts";
import { choice, terminalWidth, wholeNumber } from "./options.ts";
import { schemaOptions } from "./target-options.ts";

const fits: readonly Fit[] = ["pad", "crop"];

const formats = ["table", "json"] as const;

interface Flags extends PixelOptions {
  readonly output: string;
  readonly format: (typeof formats)[number];
  readonly fit: Fit;
  readonly tile?: number;
  readonly blend?: boolean;
}

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("encode and decode images with onnxruntime")
    .argument("<dir>", "folder that compile wrote")
    .argument(
      "<images...>",
      "JPEG, PNG, WebP, TIFF, …, or .npy arrays, with as many channels as the model's images; or folders of them, at any depth",
    )
    .requiredOption(
      "-o, --output <folder>",
      "where to write reconstruction.png (.npy where it has neither 1 nor 3 channels), latent.png and latent.safetensors; of several images, in a folder for each",
    )
    .addOption(choice("--fit <how>", "how an image gets a size that the model takes", fits).default("pad"));
  command.addOption(
    new Option(
      "--tile <pixels>",
      "encode and decode in tiles of that side, for less memory with large images; a part runs whole where tiles would change the result",
    ).argParser(wholeNumber("--tile", 1, 512)),
  );
  command.option(
    "--blend",
    "with --tile: blend tiles where a module sees the whole image; this changes the result, and the change is measured",
  );
  for (const option of schemaOptions(z.strictObject(pixelOptions))) command.addOption(option);
  command.addOption(choice("--format <format>", "how to print", formats).default("table"));
  command.action(async (folder: string, given: readonly string[], flags: Flags) => {
    const { output, format, blend, fit, tile, ...pixels } = flags;
    await refuseModel("run", folder);
    const { reconstruct, requireReconstructed } = await import("../api/node/reconstruct.ts");
    const { jsonText } = await import("../report/format.ts");
    const { renderNotes } = await import("./render.ts");
    const found = await reconstruct(folder, given, output, { fit, tile, blend, pixels, progress });
    process.stdout.write(format === "json" ? jsonText(found.images) : await table(found, output));
    process.stderr.write(renderNotes(found.notes));
    requireReconstructed(found);
  });
}

async function table({ images, unusable }: Reconstructions, output: string): Promise<string> {
  const { reconstructionText, reconstructionsText } = await import("../report/reconstruction.ts");
  const [first, ...others] = images;
  if (first === undefined) return "";
  const alone = others.length + unusable.length === 0;
  return alone ? reconstructionText(first) : reconstructionsText(images, output, terminalWidth());
}

function progress(doing: string): void {
  process.stderr.write(`${doing}\n`);
}
