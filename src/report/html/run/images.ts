/** The image grids of a run, made small enough to travel inside the page. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type Sharp from "sharp";
import type { Report } from "../../../errors/index.ts";
import { missingPackage } from "../../../errors/missing-package.ts";
import { integer } from "../../numbers.ts";
import { markup, trusted, type Markup } from "../markup.ts";

/** Most grids that are shown, the first and the last among them. */
const gridLimit = 4;
/** Most pixels along the longer side of an image. */
const sideLimit = 1200;

/** An image grid that the trainer drew. */
export interface Sample {
  readonly step: number;
  readonly file: string;
}

export interface Embedded {
  readonly address: string;
  readonly width: number;
  readonly height: number;
}

/** The image as a data URI, where sharp is installed of at most `sideLimit` pixels a side; undefined where the file is no image. */
export async function embedded(file: string): Promise<Embedded | undefined> {
  const sharp = await sharpIfInstalled();
  if (sharp === undefined) return whole(readFileSync(file));
  try {
    const { data, info } = await sharp(readFileSync(file))
      .resize(sideLimit, sideLimit, { fit: "inside", withoutEnlargement: true })
      .webp({ quality: 88, effort: 5 })
      .toBuffer({ resolveWithObject: true });
    return { address: `data:image/webp;base64,${data.toString("base64")}`, width: info.width, height: info.height };
  } catch {
    return undefined;
  }
}

async function sharpIfInstalled(): Promise<typeof Sharp | undefined> {
  try {
    return (await import("sharp")).default;
  } catch (error) {
    if (missingPackage(error) === undefined) throw error;
    return undefined;
  }
}

/** A PNG, as the trainer writes them. */
function whole(png: Buffer): Embedded | undefined {
  if (png.subarray(12, 16).toString("latin1") !== "IHDR") return undefined;
  const address = `data:image/png;base64,${png.toString("base64")}`;
  return { address, width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
}

export interface Grid {
  readonly step: number;
  readonly image: Embedded;
}

/** The grids that are shown. A corrupt one is told, and another shown in its place. */
export async function readGrids(samples: readonly Sample[], notes: Report[]): Promise<readonly Grid[]> {
  const read = await Promise.all(
    chosen(samples).map(async (sample) => ({ sample, step: sample.step, image: await embedded(sample.file) })),
  );
  const corrupt = new Set(read.filter(({ image }) => image === undefined).map(({ sample }) => sample));
  if (corrupt.size === 0) return read.flatMap(({ step, image }) => (image === undefined ? [] : [{ step, image }]));
  for (const { file } of corrupt)
    notes.push({
      what: `samples/${basename(file)} is not a readable image and is left out`,
      help: "copy it again from where the run was trained, or delete it",
    });
  return await readGrids(
    samples.filter((sample) => !corrupt.has(sample)),
    notes,
  );
}

/** The first grid, the last, and some evenly between. */
export function chosen(samples: readonly Sample[], limit = gridLimit): readonly Sample[] {
  if (samples.length <= limit) return samples;
  const places = Array.from({ length: limit }, (_, i) => Math.round((i * (samples.length - 1)) / (limit - 1)));
  return places.flatMap((place) => samples[place] ?? []);
}

export function imageGrids(grids: readonly Grid[]): Markup {
  const figures = grids.map(
    ({ step, image }) => markup`<figure class="card image"><figcaption><h3>Step ${integer(step)}</h3></figcaption>
${imageElement(image, `Images at step ${integer(step)}: input, reconstruction, difference and latent, an image a row`)}
<div class="image-columns" aria-hidden="true"><span>input</span><span>reconstruction</span><span>difference</span><span>latent</span></div></figure>
`,
  );
  return markup`<div class="images">
${figures}</div>
`;
}

export function imageElement({ address, width, height }: Embedded, description: string): Markup {
  return markup`<img src="${trusted(address)}" width="${width}" height="${height}" alt="${description}">`;
}
