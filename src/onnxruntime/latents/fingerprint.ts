/** What tells a set of images from another, or from itself after files were changed: runtime/'s data/fingerprint.py has the same. */
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createHash } from "node:crypto";
import { textHash } from "../../artifact/file-hash.ts";
import type { ImageSet } from "../../images/listing.ts";

/** Of large sets so many images, evenly spread, stand for all: by the size of their files, and by their bytes. */
const most = { sizes: 4096, contents: 64 } as const;

export interface Fingerprint {
  /** The folder, as it was given. */
  readonly place: string;
  /** How many there are. */
  readonly images: number;
  /** Of their paths, one a line. */
  readonly names_sha256: string;
  /** Of the sizes of at most 4096 files, one a line. */
  readonly sizes_sha256: string;
  /** Of the bytes of at most 64 of them, evenly spread. */
  readonly contents_sha256: string;
}

export function fingerprint({ place, names }: ImageSet): Fingerprint {
  return {
    place,
    images: names.length,
    names_sha256: textHash(names),
    sizes_sha256: textHash(spread(names, most.sizes).map((name) => String(sizeOf(join(place, name))))),
    contents_sha256: textHash(spread(names, most.contents).map((name) => contentOf(join(place, name)))),
  };
}

/** What has changed, in words; undefined where the set is the same, wherever it lies. */
export function difference(before: Fingerprint, now: Fingerprint): string | undefined {
  if (before.images !== now.images) return `${before.images} images were there, now ${now.images} are`;
  if (before.names_sha256 !== now.names_sha256) return "the images have other names";
  const changed = (["sizes", "contents"] as const).filter((what) => before[`${what}_sha256`] !== now[`${what}_sha256`]);
  return changed.length === 0 ? undefined : `${changed.join(" and ")} of images with the same names have changed`;
}

/** At most so many of them, evenly spread. */
export function spread(names: readonly string[], count: number): readonly string[] {
  const chosen = Math.min(count, names.length);
  return Array.from({ length: chosen }, (_, number) => names[Math.floor((number * names.length) / chosen)] as string);
}

/** -1 of a file that has gone. */
function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? -1;
}

function contentOf(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("hex");
  } catch {
    return "gone";
  }
}
