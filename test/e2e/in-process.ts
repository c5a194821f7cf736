/**
 * Runs the command line within the tests' own process: what litevae.ts gives, in a tenth of the time. For all that is said and written, where
 * neither the process nor what the model's code prints is the point.
 */
import { join } from "node:path";
import { beforeAll, expect } from "vitest";
import { main } from "../../src/cli/main.ts";
import { hide, tempFolder, tinyModel, write, type Result } from "./litevae.ts";

/** Runs `litevae` in `folder`; the folder's path is `<dir>` in what comes back. */
export async function litevae(folder: string, ...args: readonly string[]): Promise<Result> {
  const { stdout, stderr } = process;
  const written = { stdout: "", stderr: "" };
  const writes = [stdout.write, stderr.write] as const;
  const keep = (name: keyof typeof written) => (text: string | Uint8Array) => {
    written[name] += typeof text === "string" ? text : Buffer.from(text).toString();
    return true;
  };
  const before = process.cwd();
  process.chdir(folder);
  [stdout.write, stderr.write] = [keep("stdout"), keep("stderr")];
  try {
    const code = await main(args);
    return { code, stdout: hide(folder, written.stdout), stderr: hide(folder, written.stderr) };
  } finally {
    [stdout.write, stderr.write] = writes;
    process.chdir(before);
  }
}

/** Runs a command that must end with this exit code and write nothing to stdout; returns what it writes to stderr, after a line feed. */
export async function failure(folder: string, code: number, ...args: readonly string[]): Promise<string> {
  const result = await litevae(folder, ...args);
  expect({ code: result.code, stdout: result.stdout }, result.stderr).toEqual({ code, stdout: "" });
  return `\n${result.stderr}`;
}

/** A new folder with tiny.ts in it and, before the tests, what that compiles to; `wrong` is a command there that must end with exit code 1. */
export function compiledTiny(): {
  readonly folder: string;
  readonly compiled: string;
  readonly wrong: (...args: readonly string[]) => Promise<string>;
} {
  const folder = tempFolder();
  beforeAll(async () => {
    write(folder, { "tiny.ts": tinyModel });
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "compiled")).code).toBe(0);
  });
  return { folder, compiled: join(folder, "compiled"), wrong: (...args) => failure(folder, 1, ...args) };
}
