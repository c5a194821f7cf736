import type { Command } from "commander";
import { UsageError } from "../errors/index.ts";
import type { Fit } from "../onnxruntime/image.ts";
import { pixelContradiction, pixelSchema, type PixelRule } from "../recipe/pixels.ts";
import { choice } from "./options.ts";
import { schemaOptions } from "./target-options.ts";

const fits: readonly Fit[] = ["pad", "crop"];

interface Flags extends Partial<PixelRule> {
  readonly output: string;
  readonly fit: Fit;
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
  for (const option of schemaOptions(pixelSchema)) command.addOption(option);
  command.action(async (folder: string, image: string, flags: Flags) => {
    const rule = pixelSchema.parse({ profile: flags.profile, range: flags.range, nodata: flags.nodata, fill: flags.fill });
    const wrong = pixelContradiction(rule);
    if (wrong !== undefined)
      throw new UsageError({ what: "what samples mean is contradictory", ...wrong, help: "change --range or --fill" });
    const { reconstruct } = await import("../onnxruntime/reconstruct.ts");
    const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
    const result = await reconstruct({ folder, image, out: flags.output, fit: flags.fit, rule, progress });
    const { mean, std, min, max } = result.latent;
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
    process.stdout.write(
      `${[
        `image            ${result.size.height}×${result.size.width}${result.fitted === "" ? "" : `, ${result.fitted}`}`,
        `latent           [${result.latentShape.join(", ")}], mean ${mean.toFixed(3)}, std ${std.toFixed(3)}, range ${min.toFixed(3)} … ${max.toFixed(3)}`,
        `PSNR             ${Number.isFinite(result.psnr) ? `${result.psnr.toFixed(2)} dB` : "∞ (identical)"}`,
        `time             encode ${seconds(result.encodeMs)}, decode ${seconds(result.decodeMs)}`,
        ...result.files.map((file, i) => (i === 0 ? "written" : "").padEnd(17) + file),
      ].join("\n")}\n`,
    );
    if (result.warning !== undefined) process.stderr.write(`warning: ${result.warning}\n`);
    if (result.untrained)
      process.stderr.write(
        "The weights are untrained: the reconstruction is noise. Compile with --weights for a trained model.\n",
      );
  });
}
