/** What `run` prints of images that went through an autoencoder. */
import { counted } from "../errors/counted.ts";
import { jsonText } from "./format.ts";
import { left, right, textTable } from "./grid.ts";

/** An image, what was made of it, and how near that is. */
export interface ReconstructedImage {
  /** Its file. */
  readonly image: string;
  /** The image's own. */
  readonly size: { readonly height: number; readonly width: number };
  /** What was done to make the image fit, or "". */
  readonly fitted: string;
  readonly latentShape: readonly number[];
  readonly latent: { readonly mean: number; readonly std: number; readonly min: number; readonly max: number };
  /** In dB; infinite where the image came back exactly. */
  readonly psnr: number;
  readonly encodeMs: number;
  readonly decodeMs: number;
  readonly files: readonly string[];
  /** Which parts ran in tiles, and which could not. */
  readonly tiles: readonly string[];
}

/** A block of lines about one image. */
export function reconstructionText(result: ReconstructedImage): string {
  const { size, fitted, latentShape, latent, tiles, files } = result;
  const { mean, std, min, max } = latent;
  const lines: readonly (readonly [name: string, text: string])[] = [
    ["image", `${size.height}×${size.width}${fitted === "" ? "" : `, ${fitted}`}`],
    [
      "latent",
      `[${latentShape.join(", ")}], mean ${mean.toFixed(3)}, std ${std.toFixed(3)}, range ${min.toFixed(3)} … ${max.toFixed(3)}`,
    ],
    ...tiles.map((text, i) => [i === 0 ? "tiles" : "", text] as const),
    ["PSNR", decibels(result.psnr)],
    ["time", `encode ${seconds(result.encodeMs)}, decode ${seconds(result.decodeMs)}`],
    ...files.map((file, i) => [i === 0 ? "written" : "", file] as const),
  ];
  return lines.map(([name, text]) => `${name.padEnd(17)}${text}\n`).join("");
}

/** A row for each image, and their mean PSNR. */
export function reconstructionsText(results: readonly ReconstructedImage[], output: string, width?: number): string {
  const columns = [left("image"), right("size"), left("fitted"), right("PSNR"), right("encode"), right("decode")];
  const rows = results.map(({ image, size, fitted, psnr, encodeMs, decodeMs }) => [
    image,
    `${size.height}×${size.width}`,
    fitted,
    decibels(psnr),
    seconds(encodeMs),
    seconds(decodeMs),
  ]);
  return `${textTable({ columns, rows }, width)}\nmean PSNR ${meanText(results.map(({ psnr }) => psnr))}, written into ${output}\n`;
}

/** Images that came back exactly have no number to be averaged. */
function meanText(all: readonly number[]): string {
  const finite = all.filter(Number.isFinite);
  if (finite.length === 0) return decibels(Infinity);
  const mean = decibels(finite.reduce((sum, value) => sum + value, 0) / finite.length);
  const exact = all.length - finite.length;
  return `${mean} of ${counted(finite.length, "image")}${exact === 0 ? "" : ` (${exact} more came back exactly)`}`;
}

/** One object for each image; `psnr` is null where the image came back exactly, which JSON has no number for. */
export function reconstructionsJson(results: readonly ReconstructedImage[]): string {
  return jsonText(
    results.map(({ image, size, fitted, latentShape, latent, psnr, encodeMs, decodeMs, files, tiles }) => ({
      image,
      ...size,
      fitted,
      latent: { shape: latentShape, ...latent },
      psnr: Number.isFinite(psnr) ? psnr : null,
      encodeMs,
      decodeMs,
      tiles,
      files,
    })),
  );
}

function decibels(psnr: number): string {
  return Number.isFinite(psnr) ? `${psnr.toFixed(2)} dB` : "∞ (identical)";
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
