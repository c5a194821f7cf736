import { closeSync, fstatSync, openSync, readSync, type Stats } from "node:fs";
import { UserError } from "../errors/index.ts";
import { Safetensors } from "../weights/safetensors.ts";

/** Opens a safetensors file: its header is checked whole at once, tensors are read when asked for. */
export function openWeights(path: string): Safetensors {
  const stat = opened(path, (file) => fstatSync(file), cannotRead(path));
  if (stat.isDirectory()) throw cannotRead(path)("a folder", "give --weights a safetensors file");
  const read = (position: number, length: number): Uint8Array<ArrayBuffer> =>
    opened(path, (file) => readFully(file, position, length, path), cannotRead(path));
  return new Safetensors({ name: path, size: stat.size, read });
}

type Failure = (found: string, help?: string) => UserError;

function cannotRead(path: string): Failure {
  return (found, help = "check the path given to --weights") =>
    new UserError({ what: `cannot read the weights ${path}`, found, help });
}

function opened<T extends Stats | Uint8Array>(path: string, use: (file: number) => T, failure: Failure): T {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    throw failure((error as Error).message);
  }
  try {
    return use(file);
  } finally {
    closeSync(file);
  }
}

function readFully(file: number, position: number, length: number, path: string): Uint8Array<ArrayBuffer> {
  const into = new Uint8Array(length);
  for (let done = 0; done < length;) {
    const count = readSync(file, into, done, Math.min(length - done, 1 << 30), position + done);
    if (count === 0) throw new UserError({ what: `${path} ended while it was read`, help: "copy or save the file again" });
    done += count;
  }
  return into;
}
