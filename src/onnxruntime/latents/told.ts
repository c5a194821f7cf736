/** What an encoding prints and logs: where the latents lie, how they are spread, how fast it went. */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { pythonJson } from "../../artifact/python-json.ts";
import { version } from "../../ir/version.ts";
import { counted } from "../../errors/counted.ts";
import type { Note } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import { spreadWarning } from "../../images/signed.ts";
import { hardware } from "../hardware.ts";
import { importRuntime } from "../session.ts";
import type { Encoded, EncodeOptions } from "./encode.ts";
import { logFile } from "./layout.ts";
import type { LatentsManifest } from "./manifest.ts";

/** Of a manifest: the latents' form and their statistics by channel. */
export function finishedText(folder: string, manifest: LatentsManifest): string {
  const { latent, statistics, settings } = manifest;
  const { scaling_factor, shift_factor, latents_mean, latents_std } = statistics;
  const short = (value: number): string => String(Number(value.toPrecision(6)));
  const channels = latents_mean.map((mean, i) => [String(i), short(mean), short(must(latents_std[i], "a deviation"))]);
  const rows = [["channel", "latents_mean", "latents_std"], ...channels];
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => (row[column] as string).length)));
  return [
    `${folder}: ${latent.tensors.join(" and ")} [${latent.channels}, ${latent.height}, ${latent.width}] of ` +
      `${counted(manifest.images.toLocaleString("en"), "image")}${settings.flip ? " and of the mirrored ones" : ""}, ` +
      `${latent.dtype}, in ${counted(manifest.shards.length.toLocaleString("en"), "file")}`,
    `key ${manifest.key}`,
    `scaling_factor ${short(scaling_factor)}, shift_factor ${short(shift_factor)}`,
    "",
    ...rows.map((row) => row.map((cell, column) => cell.padStart(widths[column] as number)).join("  ")),
  ].join("\n");
}

/** Images that were encoded, and how fast. */
export interface Pace {
  /** Those that could be used; mirrored ones do not count. */
  readonly images: number;
  /** From the first image to the last. */
  readonly seconds: number;
  /** The part of them in which the encoder waited for images. */
  readonly waitedSeconds: number;
}

/** `120 images in 10.3 s: 11.7 images/s, 0.2 s (2.1%) waiting for data` */
export function paceText({ images, seconds, waitedSeconds: waited }: Pace): string {
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
export function notesOf({ manifest, timing }: Encoded): readonly Note[] {
  const { corrupt, enlarged, settings } = manifest;
  const [first] = corrupt;
  const narrow =
    timing === undefined || timing.images === 0 ? undefined : spreadWarning([Float32Array.of(timing.least, timing.most)]);
  return [
    ...(narrow === undefined ? [] : [warning(narrow)]),
    ...(first === undefined
      ? []
      : [
          warning(
            `${counted(corrupt.length.toLocaleString("en"), "image")} could not be used and left out, the first ${first.name}: ${first.reason}`,
          ),
        ]),
    ...(enlarged === 0
      ? []
      : [
          {
            what: `${counted(enlarged.toLocaleString("en"), "image")} smaller than ${settings.size} ${enlarged === 1 ? "was" : "were"} enlarged`,
          },
        ]),
  ];
}

function warning(what: string): Note {
  return { severity: "warning", what };
}

type LoggedOptions = Pick<EncodeOptions, "out" | "provider" | "threads" | "workers">;

/** Adds a line: when, by what command, on what, how fast. It is no part of the latents' bytes. */
export async function log({ timing, batch }: Encoded, options: LoggedOptions): Promise<void> {
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
