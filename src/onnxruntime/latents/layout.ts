/** Names of files and tensors in a folder of latents (docs/latents.md); runtime/'s latents/layout.py has the same. */
import { basename } from "node:path";
import { lockName } from "../../artifact/folder-lock.ts";

export const format = "litevae-latents-1";

export const manifestFile = "manifest.json";
/** A line for every time that the command ran to its end. */
export const logFile = "encode.jsonl";
/** While an encoding is unfinished: its settings, and what is known of each file that is whole. */
export const partsFolder = "parts";
export const begunFile = "settings.json";

/** What the package's `encode` leaves of its lock, and what says that one is running. */
export const packageLock = { file: ".lock", holder: "lock.json" } as const;

export function shardName(number: number): string {
  return `latents-${String(number).padStart(5, "0")}.safetensors`;
}

/** What `shardName` was given. */
export function shardNumber(name: string): number {
  return Number(name.replace(/\D/g, ""));
}

export function partName(number: number): string {
  return `${String(number).padStart(5, "0")}.json`;
}

/** The tensor of the mirrored image. */
export function mirrored(name: string): string {
  return `${name}_flip`;
}

export function isShard(name: string): boolean {
  return /^latents-.*\.safetensors$/.test(name);
}

/** Whether an encoding leaves a file or folder of this name. */
export function isOurs(path: string): boolean {
  // What a kill left half-written has something of its own between name and suffix.
  const name = basename(path).replace(/\.[^.]*\.partial$/, "");
  const known: readonly string[] = [manifestFile, logFile, partsFolder, lockName, ...Object.values(packageLock)];
  return known.includes(name) || isShard(name);
}
