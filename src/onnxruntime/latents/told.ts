/** What an encoding prints and logs: where the latents lie, how they are spread, how fast it went. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { pythonJson } from "../../artifact/python-json.ts";
import { version } from "../../ir/version.ts";
import { counted } from "../../errors/counted.ts";
import { spreadWarning } from "../../images/signed.ts";
import { hardware } from "../hardware.ts";
import { importRuntime } from "../session.ts";
import type { Encoded, EncodeOptions } from "./encode.ts";
import { logFile } from "./layout.ts";
import type { LatentsManifest } from "./manifest.ts";
import type { Timing } from "./shard-encoder.ts";

/** Of a manifest: the latents' form and their statistics by channel. */
export function finishedText(folder: string, manifest: LatentsManifest): string {
  const { latent, statistics, settings } = manifest;
  const short = (value: unknown): string => String(Number((value as number).toPrecision(6)));
  const [mean, std] = [statistics["latents_mean"], statistics["latents_std"]] as [readonly number[], readonly number[]];
  const rows = [["channel", "latents_mean", "latents_std"], ...mean.map((value, i) => [String(i), short(value), short(std[i])])];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return [
    `${folder}: ${latent.tensors.join(" and ")} [${latent.channels}, ${latent.height}, ${latent.width}] of ` +
      `${counted(manifest.images.toLocaleString("en"), "image")}${settings.flip ? " and of the mirrored ones" : ""}, ` +
      `${latent.dtype}, in ${counted(manifest.shards.length.toLocaleString("en"), "file")}`,
    `key ${manifest.key}`,
    `scaling_factor ${short(statistics["scaling_factor"])}, shift_factor ${short(statistics["shift_factor"])}`,
    "",
    ...rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] as number)).join("  ")),
  ].join("\n");
}

/** `120 images in 10.3 s: 11.7 images/s, 0.2 s (2.1%) waiting for data` */
export function timingText({ images, seconds, waited }: Timing): string {
  const share = seconds === 0 ? 0 : waited / seconds;
  return (
    `${counted(images.toLocaleString("en"), "image")} in ${seconds.toFixed(1)} s: ${paceOf(images, seconds).toFixed(1)} images/s, ` +
    `${waited.toFixed(1)} s (${(100 * share).toFixed(1)}%) waiting for data`
  );
}

function paceOf(images: number, seconds: number): number {
  return seconds === 0 ? 0 : images / seconds;
}

/** What a person should know of the images. */
export function notesOf({ manifest, timing }: Encoded): readonly string[] {
  const { corrupt, enlarged, settings } = manifest;
  const [first] = corrupt;
  const narrow =
    timing === undefined || timing.images === 0 ? undefined : spreadWarning([Float32Array.of(timing.least, timing.most)]);
  return [
    ...(narrow === undefined ? [] : [`warning: ${narrow}`]),
    ...(first === undefined
      ? []
      : [
          `warning: ${counted(corrupt.length.toLocaleString("en"), "image")} could not be used and left out, the first ${first.name}: ${first.reason}`,
        ]),
    ...(enlarged === 0
      ? []
      : [
          `note: ${counted(enlarged.toLocaleString("en"), "image")} smaller than ${settings.size} ${enlarged === 1 ? "was" : "were"} enlarged`,
        ]),
  ];
}

/** Adds a line: when, by what command, on what, how fast. It is no part of the latents' bytes. */
export async function log({ timing, batch }: Encoded, options: EncodeOptions): Promise<void> {
  if (timing === undefined) return;
  const runtime = await importRuntime();
  const { images, seconds, waited } = timing;
  const entry = {
    time: new Date().toISOString().replace(/\.\d+Z$/, "+00:00"),
    command: process.argv.join(" "),
    processes: [hardware([options.provider ?? "cpu"], options.threads)],
    batch,
    workers: options.workers,
    versions: {
      litevae: version,
      onnxruntime: runtime.env.versions.node ?? runtime.env.versions.common,
      sharp: sharp.versions.sharp,
    },
    images,
    seconds,
    images_per_second: paceOf(images, seconds),
    waited_seconds: waited,
  };
  const file = join(options.out, logFile);
  // Behind a line that was cut off.
  const isCut = existsSync(file) && /[^\n]$/.test(readFileSync(file, "utf8"));
  appendFileSync(file, `${isCut ? "\n" : ""}${pythonJson(entry, "sorted")}\n`);
}
