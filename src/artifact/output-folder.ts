import { createHash } from "node:crypto";
import { appendFileSync, closeSync, existsSync, openSync, readdirSync, readFileSync } from "node:fs";
import { renameSync, rmdirSync, rmSync, statSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import type { Facts } from "../compiler/compile.ts";
import { manifestName, manifestText, type FileEntry, type Manifest } from "../compiler/manifest.ts";
import { UserError } from "../errors/index.ts";
import { lock, lockName, unlock } from "./folder-lock.ts";
import { makeFolder } from "./make-folder.ts";

/** Stands in a folder from the first byte of a compile until its manifest is there; lists the files that are the compiler's, one a line. */
const unfinishedName = ".litevae-unfinished";

/**
 * The folder that `compile` writes. Every file is written beside its place and renamed, the manifest comes last and lists the others: whatever moment
 * the process dies at, a folder with a manifest is whole.
 */
export class OutputFolder {
  readonly path: string;
  readonly #files = new Map<string, FileEntry>();
  readonly #force: boolean;
  #before: readonly string[];

  /** Refuses a folder that holds anything else than an earlier compile, unless forced. Changes nothing yet. */
  constructor(path: string, { force }: { readonly force: boolean }) {
    this.path = path;
    this.#force = force;
    this.#before = earlierFiles(path, force);
  }

  /** From here on the folder is incomplete until `finish`. */
  begin(): void {
    try {
      makeFolder(this.path);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    try {
      lock(this.path, "compile");
    } catch (error) {
      throw error instanceof UserError ? error : cannotWrite(this.path, error);
    }
    // Once more: another compile may have ended since.
    this.#before = earlierFiles(this.path, this.#force);
    try {
      const marker = join(this.path, unfinishedName);
      writeFileSync(`${marker}.partial`, this.#before.map((name) => `${name}\n`).join(""));
      renameSync(`${marker}.partial`, marker);
      rmSync(join(this.path, manifestName), { force: true });
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
  }

  /** Opens a file for writing in pieces; it gets its name when it is closed. */
  #open(name: string): OutputFile {
    try {
      // Before the file is there, so that whoever finds it after a crash knows whose it is.
      appendFileSync(join(this.path, unfinishedName), `${name}\n`);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    return new OutputFile(join(this.path, name), (entry) => this.#files.set(name, entry));
  }

  write(name: string, chunks: Iterable<Uint8Array | string>): FileEntry {
    const file = this.#open(name);
    try {
      for (const chunk of chunks) file.append(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      return file.close();
    } catch (error) {
      file.discard();
      throw error;
    }
  }

  /** What an earlier compile left and this one, so far, did not write. */
  get leftovers(): readonly string[] {
    return this.#before.filter((name) => !this.#files.has(name) && existsSync(join(this.path, name))).sort();
  }

  /** Writes the manifest, which it returns, and removes `leftovers`. */
  finish(facts: Facts): Manifest {
    try {
      for (const name of this.leftovers) removeFile(this.path, name);
    } catch (error) {
      throw cannotWrite(this.path, error);
    }
    const text = manifestText(facts, this.#files);
    this.write(manifestName, [text]);
    rmSync(join(this.path, unfinishedName), { force: true });
    unlock(this.path);
    return JSON.parse(text) as Manifest;
  }

  /** Gives up: the folder stays incomplete, and may be written by whoever comes next. */
  abandon(): void {
    unlock(this.path);
  }
}

/** Removes a file, and the folders that it leaves empty. */
function removeFile(root: string, name: string): void {
  rmSync(join(root, name), { force: true });
  for (let folder = dirname(name); folder !== "." && readdirSync(join(root, folder)).length === 0; folder = dirname(folder))
    rmdirSync(join(root, folder));
}

function cannotWrite(path: string, error: unknown): UserError {
  return new UserError({
    what: `cannot write to ${path}`,
    found: (error as Error).message,
    help: "choose a folder that can be written and has room",
  });
}

/** A file under a temporary name until it is whole. */
class OutputFile {
  readonly #path: string;
  readonly #partial: string;
  readonly #file: number;
  readonly #hash = createHash("sha256");
  readonly #done: (entry: FileEntry) => void;
  #bytes = 0;

  constructor(path: string, done: (entry: FileEntry) => void) {
    this.#path = path;
    this.#partial = `${path}.partial`;
    this.#done = done;
    try {
      makeFolder(dirname(path));
      this.#file = openSync(this.#partial, "w");
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }

  get size(): number {
    return this.#bytes;
  }

  append(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(this.#file, bytes, done, Math.min(bytes.length - done, 1 << 26));
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
    this.#bytes += bytes.length;
  }

  close(): FileEntry {
    try {
      closeSync(this.#file);
      renameSync(this.#partial, this.#path);
    } catch (error) {
      throw cannotWrite(this.#path, error);
    }
    const entry = { bytes: this.#bytes, sha256: this.#hash.digest("hex") };
    this.#done(entry);
    return entry;
  }

  discard(): void {
    try {
      closeSync(this.#file);
    } catch {
      // Already closed: what matters is that the partial file goes.
    }
    rmSync(this.#partial, { force: true });
  }
}

/** Names of the files that an earlier compile wrote, its manifest aside; throws when anything else is there. */
function earlierFiles(path: string, force: boolean): readonly string[] {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) {
    throw new UserError({ what: `${path} is a file`, expected: "a folder, or a name that is free", help: "give another -o" });
  }
  const present = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(path, join(entry.parentPath, entry.name)).split(sep).join("/"));
  const listed = new Set([...manifestFiles(path), ...unfinishedFiles(path)]);
  const written = (name: string): boolean => listed.has(name);
  const foreign = present.filter((name) => !written(name) && !isByproduct(name));
  if (foreign.length > 0 && !force) {
    throw new UserError({
      what: `${path} holds files that no compile wrote`,
      expected: "an empty folder, a new one, or that of an earlier compile",
      found: foreign.slice(0, 5).join(", ") + (foreign.length > 5 ? `, and ${foreign.length - 5} more` : ""),
      help: "give another -o, or --force to write among them: they stay, unless compile writes a file of that name",
    });
  }
  return present.filter(
    (name) => written(name) && name !== manifestName && name !== lockName && !name.startsWith(unfinishedName),
  );
}

/** What Python leaves when the torch package is used or installed in place, and what its measuring commands write. */
function isByproduct(name: string): boolean {
  if (/^(?:evaluation(?:-\d+)?(?:\.json|-imbalance\.png)|benchmark\.json|report\.html)$/.test(name)) return true;
  return /(?:^|\/)(?:__pycache__|[^/]+\.egg-info)\/|^(?:build\/(?:lib|bdist[^/]*)|\.venv)\//.test(name);
}

/** What the marker of a compile that did not end lists, whole or partial, and the marker. */
function unfinishedFiles(path: string): readonly string[] {
  const marker = join(path, unfinishedName);
  const names = existsSync(marker) ? readFileSync(marker, "utf8").split("\n") : [];
  return [lockName, unfinishedName, ...names.filter((name) => name !== "")].flatMap((name) => [name, `${name}.partial`]);
}

/** What an earlier compile's manifest lists, and the manifest; nothing where it is missing or another program's. */
function manifestFiles(path: string): readonly string[] {
  try {
    const manifest = JSON.parse(readFileSync(join(path, manifestName), "utf8")) as {
      litevae?: unknown;
      files?: Record<string, FileEntry>;
    };
    return manifest.litevae === undefined ? [] : [manifestName, ...Object.keys(manifest.files ?? {})];
  } catch {
    return [];
  }
}
