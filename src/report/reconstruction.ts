/** What `run` prints of images that went through an autoencoder. */
import { counted } from "../errors/counted.ts";
import { left, right, textTable } from "./grid.ts";

/** An image that went through an autoencoder, as `litevae run --format json` prints it. */
export interface Reconstruction {
  /** Its file. */
  readonly image: string;
  /** The image's own. */
  readonly height: number;
  /** The image's own. */
  readonly width: number;
  /** What was done to make the image fit, or "". */
  readonly fitted: string;
  /** The latent's shape [1, C, h, w], and how its values are spread. */
  readonly latent: {
    readonly shape: readonly number[];
    readonly mean: number;
    readonly std: number;
    readonly min: number;
    readonly max: number;
  };
  /** In dB; null where the image came back exactly, which is infinite. */
  readonly psnr: number | null;
  /** Milliseconds in the encoder. */
  readonly encodeMs: number;
  /** Milliseconds in the decoder. */
  readonly decodeMs: number;
  /** Which parts ran in tiles, and which could not. */
  readonly tiles: readonly string[];
  /** What was written. */
  readonly files: readonly string[];
}

/** A block of lines about one image. */
export function reconstructionText(result: Reconstruction): string {
  const { height, width, fitted, latent, tiles, files } = result;
  const { shape, mean, std, min, max } = latent;
  const lines: readonly (readonly [name: string, text: string])[] = [
    ["image", `${height}×${width}${fitted === "" ? "" : `, ${fitted}`}`],
    [
      "latent",
      `[${shape.join(", ")}], mean ${mean.toFixed(3)}, std ${std.toFixed(3)}, range ${min.toFixed(3)} … ${max.toFixed(3)}`,
    ],
    ...tiles.map((text, i) => [i === 0 ? "tiles" : "", text] as const),
    ["PSNR", decibels(result.psnr)],
    ["time", `encode ${seconds(result.encodeMs)}, decode ${seconds(result.decodeMs)}`],
    ...files.map((file, i) => [i === 0 ? "written" : "", file] as const),
  ];
  return lines.map(([name, text]) => `${name.padEnd(17)}${text}\n`).join("");
}

/** A row for each image, and their mean PSNR. */
export function reconstructionsText(results: readonly Reconstruction[], output: string, lineWidth?: number): string {
  const columns = [left("image"), right("size"), left("fitted"), right("PSNR"), right("encode"), right("decode")];
  const rows = results.map(({ image, height, width, fitted, psnr, encodeMs, decodeMs }) => [
    image,
    `${height}×${width}`,
    fitted,
    decibels(psnr),
    seconds(encodeMs),
    seconds(decodeMs),
  ]);
  return `${textTable({ columns, rows }, lineWidth)}\nmean PSNR ${meanText(results.map(({ psnr }) => psnr))}, written into ${output}\n`;
}

/** Images that came back exactly have no number to be averaged. */
function meanText(all: readonly (number | null)[]): string {
  const finite = all.filter((psnr) => psnr !== null);
  if (finite.length === 0) return decibels(null);
  const mean = decibels(finite.reduce((sum, value) => sum + value, 0) / finite.length);
  const exact = all.length - finite.length;
  return `${mean} of ${counted(finite.length, "image")}${exact === 0 ? "" : ` (${exact} more came back exactly)`}`;
}

function decibels(psnr: number | null): string {
  return psnr === null ? "∞ (identical)" : `${psnr.toFixed(2)} dB`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
