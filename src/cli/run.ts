import type { Command } from "commander";
import type { Fit } from "../onnxruntime/image.ts";
import { choice } from "./options.ts";

const fits: readonly Fit[] = ["pad", "crop"];

interface Flags {
  readonly output: string;
  readonly fit: Fit;
}

export function addRun(program: Command): void {
  program
    .command("run")
    .description("encode and decode an image with onnxruntime")
    .argument("<dir>", "folder that compile wrote")
    .argument("<image>", "a file that sharp reads: JPEG, PNG, WebP, …")
    .requiredOption("-o, --output <folder>", "where to write reconstruction.png, latent.png and latent.safetensors")
    .addOption(choice("--fit <how>", "how the image gets a size that the model takes", fits).default("pad"))
    .action(async (folder: string, image: string, flags: Flags) => {
      const { reconstruct } = await import("../onnxruntime/reconstruct.ts");
      const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
      const result = await reconstruct({ folder, image, out: flags.output, fit: flags.fit, progress });
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
      if (result.untrained)
        process.stderr.write(
          "The weights are untrained: the reconstruction is noise. Compile with --weights for a trained model.\n",
        );
    });
}
