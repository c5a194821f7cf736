/** The manifest of a folder of latents, and what an encoding that begins there finds. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { makeFolder } from "../../artifact/make-folder.ts";
import { opened, sealed } from "../../artifact/sealed.ts";
import { writeWholeText } from "../../artifact/whole-file.ts";
import { UserError } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import type { LatentStatistics } from "../../ir/latents.ts";
import type { Classes } from "./classes.ts";
import { difference, type Fingerprint } from "./fingerprint.ts";
import { begunFile, format, isOurs, isShard, logFile, manifestFile, packageLock, partsFolder, shardNumber } from "./layout.ts";
import type { CorruptImage, Form, Part } from "./parts.ts";
import { changes, keyOf, type EncodingSettings } from "./settings.ts";
import { joined, noSums, statisticsOf, type Statistics } from "./sums.ts";

/** What an encoding is of. */
export interface Beginning {
  /** What decides the bytes. */
  readonly settings: EncodingSettings;
  /** The images. */
  readonly data: Data;
  /** Where labels are from, and their names; null where images have none. */
  readonly classes: { readonly source: Classes["source"]; readonly names: readonly string[] | null };
  /** What is stored of an image. */
  readonly latent: Form;
  /** What config.json says of their latents. */
  readonly model: Partial<LatentStatistics>;
}

/** The images that were encoded. */
export interface Data extends Fingerprint {
  /** Of the labels, one a line. */
  readonly labels_sha256: string;
}

/** A file of latents. */
export interface Shard {
  /** Its name in the folder. */
  readonly file: string;
  /** Of its bytes. */
  readonly sha256: string;
  /** Its size. */
  readonly bytes: number;
  /** How many it holds; mirrored ones do not count. */
  readonly images: number;
}

/** What a folder of latents is, and every file in it. */
export interface LatentsManifest extends Beginning {
  /** Of this format. */
  readonly format: typeof format;
  /** The SHA-256 of the settings. */
  readonly key: string;
  /** Those that could be used. */
  readonly images: number;
  /** Of these the ones that were smaller than the side, and enlarged. */
  readonly enlarged: number;
  /** Those that could not be used. */
  readonly corrupt: readonly CorruptImage[];
  /** Of the latents, by channel and over all. */
  readonly statistics: Statistics;
  /** The files of latents. */
  readonly shards: readonly Shard[];
}

function entryOf({ settings, ...rest }: Beginning): Beginning & Pick<LatentsManifest, "format" | "key"> {
  return { format, key: keyOf(settings), settings, ...rest };
}

/** UserError where a folder holds something else than this encoding: other files, another encoding, or one of other images. */
export function requireFits(folder: string, beginning: Beginning): void {
  const there = statSync(folder, { throwIfNoEntry: false });
  if (there === undefined) return;
  if (!there.isDirectory()) {
    throw new UserError({
      what: `${folder} is no folder`,
      expected: "a new folder, or one that encode wrote",
      found: "a file of that name",
      help: "give another -o",
    });
  }
  const present = readdirSync(folder);
  requireOurs(folder, present);
  const [done, begun] = [join(folder, manifestFile), join(folder, partsFolder, begunFile)];
  const found = [done, begun].find((file) => existsSync(file));
  if (found !== undefined) requireSame(folder, readSealed(found), beginning);
  else if (present.some(isShard)) {
    throw new UserError({
      what: `${folder} holds latents, but nothing says how they were encoded`,
      expected: `${manifestFile} beside them, or ${partsFolder}/${begunFile}`,
      found: "neither",
      help: "give another -o, or remove that folder",
    });
  }
}

/** Makes a folder that fits the encoding ready for it; its manifest where it was finished before. */
export function begin(folder: string, beginning: Beginning): LatentsManifest | undefined {
  requireFits(folder, beginning);
  const parts = join(folder, partsFolder);
  for (const place of [folder, ...(existsSync(parts) ? [parts] : [])])
    for (const name of readdirSync(place)) if (name.endsWith(".partial")) rmSync(join(place, name));
  const done = join(folder, manifestFile);
  // Of a kill after the manifest was written, or while files were made anew.
  if (existsSync(done)) rmSync(parts, { recursive: true, force: true });
  makeFolder(parts);
  if (existsSync(done)) return readSealed(done) as unknown as LatentsManifest;
  writeWholeText(join(parts, begunFile), sealed({ ...entryOf(beginning) }));
  return undefined;
}

/** Leaves nothing of an encoding that was refused before it made a file, save what else its folder holds. */
export function forsake(folder: string): void {
  if (readdirSync(folder).some((name) => name === manifestFile || isShard(name))) return;
  rmSync(join(folder, partsFolder), { recursive: true, force: true });
}

/** Ends what made files of a finished folder anew. UserError where one has other bytes than the manifest says: it is not kept. */
export function restore(folder: string, { shards }: LatentsManifest, made: readonly Part[]): void {
  rmSync(join(folder, partsFolder), { recursive: true });
  for (const part of made) {
    const shard = must(
      shards.find(({ file }) => shardNumber(file) === part.number),
      "the file that was made anew",
    );
    if (part.file_sha256 === shard.sha256) continue;
    rmSync(join(folder, shard.file), { force: true });
    const [bad] = part.corrupt;
    throw new UserError({
      what: `${join(folder, shard.file)} cannot be made anew as it was`,
      expected: `SHA-256 ${shard.sha256}, as the manifest says`,
      found:
        part.images === shard.images || bad === undefined
          ? `SHA-256 ${part.file_sha256 ?? "of no file"}: its last bits follow from --batch, --threads and --provider`
          : `${bad.name}: ${bad.reason}`,
      help: `give the options of ${logFile} there, and the images as they were; or copy the folder again, or encode into another`,
    });
  }
}

function requireOurs(folder: string, present: readonly string[]): void {
  const others = present.filter((name) => !isOurs(name)).sort();
  if (others.length > 0) {
    throw new UserError({
      what: `${folder} holds other files`,
      expected: "a new folder, or one that encode wrote",
      found: others.slice(0, 3).join(", ") + (others.length > 3 ? ` and ${others.length - 3} more` : ""),
      help: "give another -o",
    });
  }
  if (!present.includes(packageLock.holder)) return;
  throw new UserError({
    what: `${folder} is in use by the package's encode, or was left by it in the middle`,
    found: packageLock.holder,
    help: "end that one, or go on with it; or give another -o",
  });
}

function requireSame(folder: string, before: Readonly<Record<string, unknown>>, now: Beginning): void {
  const { key, settings, data } = before as unknown as { key: string; settings: Readonly<Record<string, unknown>>; data: Data };
  const own = keyOf(now.settings);
  if (key !== own) {
    throw new UserError({
      what: `${folder} holds latents of another encoding`,
      expected: `key ${key.slice(0, 12)}…, as when it was begun`,
      found: [`key ${own.slice(0, 12)}…`, ...changes(settings, { ...now.settings })].join("\n"),
      help: "give another -o, or remove that folder",
    });
  }
  const changed =
    difference(data, now.data) ?? (data.labels_sha256 === now.data.labels_sha256 ? undefined : "the images have other classes");
  if (changed === undefined) return;
  throw new UserError({
    what: `${folder} holds latents of other images`,
    expected: `the ${data.images.toLocaleString("en")} images of ${data.place}, as they were`,
    found: changed,
    help: "give another -o, or remove that folder; or put the images back as they were",
  });
}

/** A manifest, or the settings of an encoding that is not finished. */
function readSealed(file: string): Readonly<Record<string, unknown>> {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = opened(readFileSync(file, "utf8"));
  } catch (error) {
    throw new UserError({
      what: `${file} is damaged`,
      found: (error as Error).message,
      help: "copy the folder again, or encode into another",
    });
  }
  if (fields["format"] === format) return fields;
  throw new UserError({
    what: `${file} is not of latents that can be read here`,
    expected: `format ${format}`,
    found: `format ${String(fields["format"])}`,
    help: "encode into another -o",
  });
}

/** Writes the manifest of files that are whole, and removes what was kept of each beside it. */
export function finish(folder: string, beginning: Beginning, parts: readonly Part[]): LatentsManifest {
  const sums = parts.map((part) => part.sums).reduce(joined, noSums(beginning.latent.channels));
  const total = (of: (part: Part) => number): number => parts.reduce((sum, part) => sum + of(part), 0);
  const images = total((part) => part.images);
  const fields: LatentsManifest = {
    ...entryOf(beginning),
    images,
    enlarged: total(({ enlarged }) => enlarged),
    corrupt: parts.flatMap(({ corrupt }) => corrupt),
    statistics: statisticsOf(sums, images),
    shards: parts.flatMap(({ file, file_sha256: sha256, bytes, images: count }) =>
      file === null || sha256 === null ? [] : [{ file, sha256, bytes, images: count }],
    ),
  };
  writeWholeText(join(folder, manifestFile), sealed({ ...fields }));
  rmSync(join(folder, partsFolder), { recursive: true });
  return fields;
}
