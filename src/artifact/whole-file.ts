import { createHash, randomBytes } from "node:crypto";
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";

/** Writes a file beside its place and renames it: whatever moment the process dies at, it is whole or not there. Returns its length and SHA-256. */
export function writeWhole(path: string, pieces: Iterable<Uint8Array>): { readonly bytes: number; readonly sha256: string } {
  const partial = `${path}.${randomBytes(4).toString("hex")}.partial`;
  const hash = createHash("sha256");
  let length = 0;
  try {
    const file = openSync(partial, "wx");
    try {
      for (const piece of pieces) {
        hash.update(piece);
        for (let done = 0; done < piece.length;) done += writeSync(file, piece, done, Math.min(piece.length - done, 1 << 26));
        length += piece.length;
      }
    } finally {
      closeSync(file);
    }
    renameSync(partial, path);
  } finally {
    rmSync(partial, { force: true });
  }
  return { bytes: length, sha256: hash.digest("hex") };
}

export function writeWholeText(path: string, text: string): void {
  writeWhole(path, [Buffer.from(text)]);
}
