import { Option, type Command } from "commander";
import * as z from "zod";
import type { Fit } from "../onnxruntime/image.ts";
import { pixelOptions, type PixelOptions } from "../recipe/pixels.ts";
import { choice, wholeNumber } from "./options.ts";
import { schemaOptions } from "./target-options.ts";

const fits: readonly Fit[] = ["pad", "crop"];

interface Flags extends PixelOptions {
  readonly output: string;
  readonly fit: Fit;
  readonly tile?: number;
  readonly blend?: boolean;
}

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("encode and decode an image with onnxruntime")
    .argument("<dir>", "folder that compile wrote")
    .argument("<image>", "JPEG, PNG, WebP, TIFF, …, or a .npy array: with as many channels as the model's images")
    .requiredOption(
      "-o, --output <folder>",
      "where to write reconstruction.png (.npy where it has neither 1 nor 3 channels), latent.png and latent.safetensors",
    )
    .addOption(choice("--fit <how>", "how the image gets a size that the model takes", fits).default("pad"));
  command.addOption(
    new Option(
      "--tile <pixels>",
      "encode and decode in tiles of that side, where they give what the whole image gives: less memory for large images",
    ).argParser(wholeNumber("--tile", 1, 512)),
  );
  command.option(
    "--blend",
    "with --tile: blend tiles where something sees the whole image, which gives something else; by how much is measured",
  );
  for (const option of schemaOptions(z.strictObject(pixelOptions))) command.addOption(option);
  command.action(async (folder: string, image: string, flags: Flags) => {
    const { output: out, fit, tile, blend = false, ...pixels } = flags;
    const { reconstruct } = await import("../onnxruntime/reconstruct.ts");
    const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
    const result = await reconstruct({ folder, image, out, fit, pixels, tile, blend, progress });
    const { mean, std, min, max } = result.latent;
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    process.stdout.write(
      `${[
        `image            ${result.size.height}×${result.size.width}${result.fitted === "" ? "" : `, ${result.fitted}`}`,
        `latent           [${result.latentShape.join(", ")}], mean ${mean.toFixed(3)}, std ${std.toFixed(3)}, range ${min.toFixed(3)} … ${max.toFixed(3)}`,
        ...result.tiles.map((text, i) => (i === 0 ? "tiles" : "").padEnd(17) + text),
        `PSNR             ${Number.isFinite(result.psnr) ? `${result.psnr.toFixed(2)} dB` : "∞ (identical)"}`,
        `time             encode ${seconds(result.encodeMs)}, decode ${seconds(result.decodeMs)}`,
        ...result.files.map((file, i) => (i === 0 ? "written" : "").padEnd(17) + file),
      ].join("\n")}\n`,
    );
    if (result.departure !== undefined) process.stderr.write(`note: ${result.departure}\n`);
    if (result.warning !== undefined) process.stderr.write(`warning: ${result.warning}\n`);
    if (result.untrained)
      process.stderr.write(
        "The weights are untrained: the reconstruction is noise. Compile with --weights for a trained model.\n",
      );
  });
}
