/** Images to encode, and what lies in files of latents. */
import sharp from "sharp";
import { opened } from "../support/safetensors.ts";
import { write } from "./litevae.ts";

/** The bytes of a tensor in a file of latents. */
export function tensorIn(path: string, name: string): ArrayBuffer {
  const { header, data } = opened(path);
  const [begin, end] = header[name]?.data_offsets ?? [0, 0];
  return new Uint8Array(data.subarray(begin, end)).buffer;
}

/** A PNG of its own for every shade. */
export async function writeImage(folder: string, name: string, shade: number, width = 24, height = 18): Promise<void> {
  const pixels = Buffer.from(Array.from({ length: 3 * width * height }, (_, i) => (i * shade) % 251));
  const file = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  write(folder, { [name]: file });
}
