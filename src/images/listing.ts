/** A set of images in a folder, as runtime/'s data/images.py lists it: which files count, and in which order. */
import { lstatSync, readdirSync, statSync, type Dirent } from "node:fs";
import { join, normalize } from "node:path";
import { counted } from "../errors/counted.ts";
import { UserError } from "../errors/index.ts";

const suffixes: readonly string[] = [".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".npy"];

export interface ImageSet {
  /** The folder. */
  readonly place: string;
  /** Paths in it with /, in the order of the set. */
  readonly names: readonly string[];
  /** Other files and hidden ones, by their kind. */
  readonly ignored: ReadonlyMap<string, number>;
}

/** UserError where there is no folder of images, or it holds WebDataset shards. */
export function listImages(folder: string, shardsHelp: string): ImageSet {
  const place = normalize(folder).replace(/(?<=[^/])\/+$/, "");
  const [names, shards, ignored] = [[] as string[], [] as string[], new Map<string, number>()];
  const ignore = (kind: string): void => void ignored.set(kind, (ignored.get(kind) ?? 0) + 1);
  const ofShards = (found: string): UserError =>
    new UserError({
      what: "images are read here, and no WebDataset shards",
      expected: "a folder of images",
      found,
      help: shardsHelp,
    });
  if (suffixOf(folder) === ".tar") throw ofShards(folder);
  if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) {
    const found = statSync(place, { throwIfNoEntry: false }) === undefined ? "nothing there" : "no folder";
    throw new UserError({ what: `${folder} is no set of images`, expected: "a folder of images", found, help: "check the path" });
  }
  try {
    for (const name of walk(place, ignore)) {
      const suffix = suffixOf(name);
      if (suffixes.includes(suffix)) names.push(name);
      else if (suffix === ".tar") shards.push(name);
      else ignore(suffix);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError({
      what: `${place} cannot be listed`,
      found: (error as Error).message,
      help: "check the path and your rights to it",
    });
  }
  const [shard] = shards;
  if (shard !== undefined) throw ofShards(`${counted(shards.length, "shard")} in ${place}, the first ${shard}`);
  if (names.length > 0) return { place, names, ignored };
  throw new UserError({
    what: `there are no images in ${place}`,
    expected: `files that end in ${suffixes.join(", ")}`,
    found: described(ignored) || "nothing",
    help: "check the path",
  });
}

/** The first part of a relative path, where it lies in a folder at all, else "". */
export function firstFolder(name: string): string {
  return name.includes("/") ? name.slice(0, name.indexOf("/")) : "";
}

/** `5 images in photos (12 other files: 10 .json, 2 hidden)` */
export function describeSet({ names, place, ignored }: ImageSet): string {
  const others = described(ignored);
  return `${counted(names.length, "image")} in ${place}${others === "" ? "" : ` (${others})`}`;
}

function described(ignored: ImageSet["ignored"]): string {
  const all = [...ignored].sort(([, a], [, b]) => b - a);
  const sum = (entries: typeof all): number => entries.reduce((total, [, count]) => total + count, 0);
  if (all.length === 0) return "";
  const kinds = all.slice(0, 5).map(([kind, count]) => `${count.toLocaleString("en")} ${kind || "without suffix"}`);
  const rest = sum(all.slice(5));
  return `${counted(sum(all), "other file")}: ${[...kinds, ...(rest > 0 ? [`${rest.toLocaleString("en")} more`] : [])].join(", ")}`;
}

/** The last suffix, in lower case, as Python's pathlib has it. */
function suffixOf(name: string): string {
  return /[^/](\.[^./]+)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

/** The files below a folder, each folder sorted by name. Links are followed, except to a folder that holds them. */
function* walk(root: string, ignore: (kind: string) => void, prefix = "", above: readonly string[] = []): Generator<string> {
  const folder = join(root, prefix);
  const { dev, ino } = statSync(folder, { bigint: true });
  const here = `${dev} ${ino}`;
  if (above.includes(here)) return;
  const entries = readdirSync(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => byCodePoints(a.name, b.name))) {
    const { name } = entry;
    if (name.startsWith(".")) {
      ignore("hidden");
      continue;
    }
    requireText(folder, name);
    const kind = kindOf(folder, entry);
    if (kind === "folder") yield* walk(root, ignore, `${prefix}${name}/`, [...above, here]);
    else if (kind === "file") yield prefix + name;
    else ignore("pipe or device");
  }
}

function kindOf(folder: string, entry: Dirent): "folder" | "file" | "other" {
  // A link to nothing is an image that has gone.
  const found = entry.isSymbolicLink() ? (statSync(join(folder, entry.name), { throwIfNoEntry: false }) ?? "gone") : entry;
  if (found === "gone" || found.isFile()) return "file";
  return found.isDirectory() ? "folder" : "other";
}

/** As UTF-8 has them, and Python: JavaScript's own order is that of UTF-16. */
export function byCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Node gives names that are not UTF-8 in another form, under which nothing can be opened. */
function requireText(folder: string, name: string): void {
  if (!name.includes("\ufffd") || lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined) return;
  throw new UserError({
    what: `${folder} holds a file whose name is not UTF-8`,
    found: name,
    help: "rename it; the package's encode reads such names",
  });
}
