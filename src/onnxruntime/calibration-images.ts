import { readdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors/index.ts";
import type { Sizes } from "../ir/size.ts";
import type { PixelRule } from "../recipe/pixels.ts";
import { readImage } from "./image.ts";

/** No more images than these are taken, and of each no more than the middle of this side. */
const limits = { images: 16, side: 256 } as const;

const extensions = /\.(?:jpe?g|png|webp|avif|gif|svg|tiff?|npy)$/i;

/** The images in a folder as [1, channels, height, width], in the order of their names; of many, some evenly spaced. */
export async function calibrationImages(
  folder: string,
  channels: number,
  rule: PixelRule,
  sizes: Sizes,
): Promise<readonly { readonly shape: readonly number[]; readonly data: Float32Array }[]> {
  const names = imageNames(folder);
  const count = Math.min(names.length, limits.images);
  const chosen = Array.from({ length: count }, (_, i) => names[Math.floor((i * names.length) / count)] as string);
  const images = [];
  // One after the other, so that of several wrong ones the same is named every time.
  for (const name of chosen) {
    const { data, height, width } = await readImage(join(folder, name), channels, rule, "pad", sizes, limits.side);
    images.push({ data, shape: [1, channels, height, width] });
  }
  return images;
}

function imageNames(folder: string): readonly string[] {
  const names = filesIn(folder);
  const images = names.filter((name) => extensions.test(name));
  if (images.length > 0) return images.sort();
  throw new UserError({
    what: `${folder} holds no images to calibrate on`,
    expected: "JPEG, PNG, WebP, BMP, GIF, TIFF or .npy files, not in folders of their own",
    found: names.length === 0 ? "an empty folder" : names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : ""),
    help: "put a few images there, such as the model will see",
  });
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    throw new UserError({
      what: `cannot read the folder ${folder}`,
      expected: "a folder of images",
      found: (error as Error).message,
      help: "give --calibrate a folder that exists",
    });
  }
}
