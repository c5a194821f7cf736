/** Which format a file has, by its first bytes, as runtime/'s data/formats.py says it. */
import { ImageError } from "./samples.ts";

const starts = {
  PNG: ["\x89PNG\r\n\x1a\n"],
  JPEG: ["\xff\xd8\xff"],
  GIF: ["GIF87a", "GIF89a"],
  TIFF: ["II*\0", "MM\0*", "II+\0", "MM\0+"],
  NPY: ["\x93NUMPY"],
  BMP: ["BM"],
} as const;

export type Format = keyof typeof starts | "WEBP";

/** Throws an ImageError where it is none that is read. */
export function formatOf(bytes: Buffer): Format {
  const start = bytes.subarray(0, 12).toString("latin1");
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return "WEBP";
  const known = Object.entries(starts) as [keyof typeof starts, readonly string[]][];
  const found = known.find(([, each]) => each.some((bytesOf) => start.startsWith(bytesOf)));
  if (found === undefined) throw new ImageError("none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY");
  return found[0];
}
