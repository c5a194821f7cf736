/** Runs the built command line as a person would, in folders outside of the repository. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect } from "vitest";
import { runPython } from "../support/python.ts";

export const root = fileURLToPath(new URL("../../", import.meta.url));
export const command = join(root, "dist/bin/litevae.js");
export const photos = join(root, "examples/photos");

/** What a person's shell would pass on; colours and the test runner's own settings would change what is printed. */
export const environment: NodeJS.ProcessEnv = {
  PATH: process.env["PATH"],
  HOME: process.env["HOME"],
  NO_COLOR: "1",
  // The workers of tests share the cores: threads of one of them would wait for the other.
  OMP_NUM_THREADS: "1",
};

export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `litevae` in `folder`; the folder's path is `<dir>` in what comes back. */
export function litevae(folder: string, ...args: readonly string[]): Result {
  if (!existsSync(command)) throw new Error("the compiler is not built: run npm test, or npm run build");
  return finished(folder, process.execPath, [command, ...args]);
}

/** Runs a command that must end with this exit code and write nothing to stdout; returns what it writes to stderr, after a line feed. */
export function failure(folder: string, code: number, ...args: readonly string[]): string {
  const result = litevae(folder, ...args);
  expect({ code: result.code, stdout: result.stdout }, result.stderr).toEqual({ code, stdout: "" });
  return `\n${result.stderr}`;
}

/** What facts.py answers to a question about folders in `folder`. */
export function facts(folder: string, question: string, ...args: readonly string[]): unknown {
  const script = join(root, "test/e2e/facts.py");
  return JSON.parse(hide(folder, runPython([script, question, ...args], { cwd: folder, env: environment }).toString()));
}

function finished(folder: string, program: string, args: readonly string[]): Result {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    cwd: folder,
    encoding: "utf8",
    env: environment,
    maxBuffer: 1 << 26,
  });
  if (error !== undefined) throw error;
  return { code: status, stdout: hide(folder, stdout), stderr: hide(folder, stderr) };
}

/** Text without the path of a folder that has another one in every run. */
export function hide(folder: string, text: string): string {
  return text.replaceAll(folder, "<dir>");
}

/** An empty folder that goes when the test file has run. */
export function tempFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "litevae-e2e-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files into a folder, and the folders that they need. */
export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** The sha256 of every file below a folder, by its path in it. */
export function hashes(folder: string): Readonly<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), sha256(readFileSync(path))]));
}

export interface Manifest {
  readonly litevae: string;
  readonly model: string;
  readonly weights: { readonly seed?: number; readonly file_sha256?: string };
  readonly parts: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, { readonly bytes: number; readonly sha256: string }>>;
}

export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as Manifest;
}

/** A model of a few hundred parameters with a stride of 4: small enough to compile as often as a test likes. */
export const tinyModel = `import { block, conv2d, groupNorm, layers, model, silu, smcConv2d, upsample, type Feature } from "litevae/dsl";

const Encoder = block("Encoder", () => {
  const { down, norm, out } = layers({
    down: conv2d({ in: 3, out: 8, kernel: 4, stride: 4, padding: 0 }),
    norm: groupNorm({ channels: 8 }),
    out: conv2d({ in: 8, out: 8 }),
  });
  return (x: Feature<3, 1>): Feature<8, 4> => out(silu(norm(down(x))));
});

const Decoder = block("Decoder", () => {
  const { conv, out } = layers({ conv: smcConv2d({ in: 4, out: 8 }), out: conv2d({ in: 8, out: 3 }) });
  return (z: Feature<4, 4>): Feature<3, 1> => out(upsample(silu(conv(z)), { factor: 4 }));
});

export default model({ latentChannels: 4, encoder: Encoder(), decoder: Decoder() });
`;
