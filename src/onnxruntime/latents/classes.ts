/** Class labels of a set of images: the names of its first folders, as runtime/'s latents/classes.py has them. */
import { textHash } from "../../artifact/file-hash.ts";
import { counted } from "../../errors/counted.ts";
import { byCodePoints, firstFolder } from "../../images/listing.ts";

/** Of an image whose class is not known. */
const unlabelled = -1;

export interface Classes {
  /** A label for every image, by its place in the set. */
  readonly labels: readonly number[];
  readonly source: "folders" | "none";
  /** The names of the labels. */
  readonly names: readonly string[] | null;
}

export function classesOf(images: readonly string[]): Classes {
  const names = [...new Set(images.map(firstFolder))].filter((name) => name !== "").sort(byCodePoints);
  if (names.length === 0) return { labels: images.map(() => unlabelled), source: "none", names: null };
  const known = new Map(names.map((name, label) => [name, label]));
  return { labels: images.map((name) => known.get(firstFolder(name)) ?? unlabelled), source: "folders", names };
}

/** The SHA-256 of the labels, one a line. */
export function labelsHash({ labels }: Classes): string {
  return textHash(labels.map(String));
}

export function describeClasses({ labels, names }: Classes): string {
  if (names === null) return `no classes: every label is ${unlabelled}`;
  const without = labels.filter((label) => label === unlabelled).length;
  const rest = without === 0 ? "" : `; ${counted(without, "image")} without one (${unlabelled})`;
  return `${names.length.toLocaleString("en")} ${names.length === 1 ? "class" : "classes"} by folders${rest}`;
}
