/** An image as it is encoded: the shorter side resized, then the centre crop, as runtime/'s data/centred.py has it. */
import type { PixelRule } from "../recipe/pixels.ts";
import { decodeImage, type DecodedImage } from "./open.ts";
import { resampled } from "./resample.ts";
import { ImageError } from "./samples.ts";

/** Planar float32 [channels, side, side] in [-1, 1]. */
export interface CentredImage {
  readonly data: Float32Array;
  /** Whether the image had fewer pixels than the side. */
  readonly enlarged: boolean;
}

/** An image may be enlarged so many times. */
const mostEnlarged = 4;

/** Throws an ImageError with the reason where a file's bytes give no image of so many channels, or one too small. */
export async function centredImage(bytes: Buffer, channels: number, rule: PixelRule, side: number): Promise<CentredImage> {
  const image = await decodeImage(bytes, channels, rule);
  const { height, width } = image;
  const shorter = Math.min(height, width);
  const least = Math.ceil(side / mostEnlarged);
  if (shorter < least) {
    throw new ImageError(
      `${height}×${width} pixels; at resolution ${side} the shorter side needs ${least}`,
      "give larger images, or a smaller resolution",
    );
  }
  return { data: cropped(image, side, shorter), enlarged: shorter < side };
}

function cropped({ channels, height, width, data, inSteps }: DecodedImage, side: number, shorter: number): Float32Array {
  const to = { height: halfToEven((height * side) / shorter), width: halfToEven((width * side) / shorter) };
  const window = { left: (to.width - side) >> 1, top: (to.height - side) >> 1, height: side, width: side };
  const result = new Float32Array(channels * side * side);
  for (let channel = 0; channel < channels; channel++) {
    const plane = data.subarray(channel * height * width, (channel + 1) * height * width);
    const found = inSteps
      ? signed(resampled(steps(plane), { height, width }, to, window))
      : limited(resampled(plane, { height, width }, to, window));
    result.set(found, channel * side * side);
  }
  return result;
}

function steps(plane: Float32Array): Uint8Array {
  return Uint8Array.from(plane, (value) => Math.round((value + 1) * 127.5));
}

/** In float32 throughout, as in Python. */
function signed(bytes: Uint8Array): Float32Array {
  return Float32Array.from(bytes, (value) => Math.fround(value / 127.5) - 1);
}

/** Bicubic weights overshoot at edges. */
function limited(plane: Float32Array): Float32Array {
  return plane.map((value) => Math.min(1, Math.max(-1, value)));
}

/** As Python rounds. */
function halfToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest === 0.5 ? floor + (floor % 2) : Math.round(value);
}
