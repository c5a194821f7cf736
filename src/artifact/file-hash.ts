import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";

/** The sha256 of a file of any size: Node reads no more than 2 GiB at once. */
export function sha256OfFile(path: string): string {
  const hash = createHash("sha256");
  const piece = new Uint8Array(1 << 22);
  const file = openSync(path, "r");
  try {
    for (let count; (count = readSync(file, piece)) > 0;) hash.update(piece.subarray(0, count));
  } finally {
    closeSync(file);
  }
  return hash.digest("hex");
}

/** The sha256 of lines, each ended by a line feed. */
export function textHash(lines: Iterable<string>): string {
  const hash = createHash("sha256");
  for (const line of lines) hash.update(`${line}\n`);
  return hash.digest("hex");
}
