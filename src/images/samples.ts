/** What an image file stores, before it is known what the numbers mean. */
import { counted } from "../errors/counted.ts";

export type SampleArray =
  Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array | Float32Array | Float64Array;

/** Names of numpy's, without byte order. */
export type SampleType =
  "bool" | "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "uint64" | "int64" | "float16" | "float32" | "float64";

/** Planes of `height` × `width` samples, row by row. */
export interface Samples {
  readonly type: SampleType;
  readonly planes: readonly SampleArray[];
  readonly height: number;
  readonly width: number;
  /** Where the planes are grey or RGB, and may be shown as the other. */
  readonly isColour: boolean;
  readonly alpha?: SampleArray | undefined;
  /** Whether colours were multiplied by alpha. */
  readonly premultiplied?: boolean;
  /** Whether the least value of `planes` is white. */
  readonly whiteIsZero?: boolean;
  /** The colour profile that is embedded, if it is of these planes. */
  readonly profile?: Uint8Array | undefined;
}

/** What can be done about an image of which nothing more is known. */
export const repair = "check the path, and that the file opens in a viewer";

/** Why a file gives no image, as runtime/'s CorruptImageError: `message` is the reason without the file's name. */
export class ImageError extends Error {
  readonly help: string;
  constructor(reason: string, help = repair) {
    super(reason);
    this.name = "ImageError";
    this.help = help;
  }
}

/** Pillow takes more for an attack. */
export const mostPixels = 178_956_970;

export function tooLarge(): ImageError {
  return new ImageError(
    `an image of more than ${mostPixels.toLocaleString("en")} pixels`,
    "cut it into pieces, or give it a smaller size",
  );
}

export const declareRange = "declare the range that they can have (range)";

export function wrongChannels(reason: string, channels: number): ImageError {
  return new ImageError(
    reason,
    `give images of ${counted(channels, "channel")}, or compile a model whose imageChannels are those of the images`,
  );
}

/** Planes turned as EXIF and TIFF say by a number from 1 to 8; any other is none. */
export function upright<T extends SampleArray>(
  planes: readonly T[],
  height: number,
  width: number,
  orientation: number,
): { readonly planes: readonly T[]; readonly height: number; readonly width: number } {
  const [transposed, down, right] = [
    [5, 6, 7, 8],
    [3, 4, 7, 8],
    [2, 3, 6, 7],
  ].map((numbers) => numbers.includes(orientation));
  const [newHeight, newWidth] = transposed === true ? [width, height] : [height, width];
  if (transposed !== true && down !== true && right !== true) return { planes, height, width };
  const turned = planes.map((plane) => {
    const result = plane.slice() as T;
    for (let y = 0; y < newHeight; y++) {
      for (let x = 0; x < newWidth; x++) {
        const [v, u] = [down === true ? newHeight - 1 - y : y, right === true ? newWidth - 1 - x : x];
        result[y * newWidth + x] = plane[transposed === true ? u * width + v : v * width + u] as number;
      }
    }
    return result;
  });
  return { planes: turned, height: newHeight, width: newWidth };
}
