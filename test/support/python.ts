/** The Python of the tests, in the one place that knows where it is. */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** The Python of `npm test`, or that of LITEVAE_PYTHON. */
export function pythonPath(): string {
  const python =
    process.env["LITEVAE_PYTHON"] ??
    here(process.platform === "win32" ? "../../.venv/Scripts/python.exe" : "../../.venv/bin/python");
  if (!existsSync(python)) {
    throw new Error(
      `this test needs PyTorch, and there is no Python at ${python}: run npm test, which makes it, or set LITEVAE_PYTHON`,
    );
  }
  return python;
}

/** Arguments that let Python check types as strictly as the runtime's are, with what the stage "mypy" has read: torch alone takes it 20 seconds. */
export const strictMypy: readonly string[] = [
  "-m",
  "mypy",
  "--no-error-summary",
  "--config-file",
  here("../../runtime/pyproject.toml"),
  "--cache-dir",
  here("../../.mypy_cache"),
];

export interface PythonOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string | Uint8Array;
}

/** What Python writes to stdout. Throws with its stderr where it fails. */
export function runPython(args: readonly string[], options: PythonOptions = {}): Buffer {
  const { status, stdout, stderr, error } = spawnSync(pythonPath(), args, { ...options, maxBuffer: 2 ** 28 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`python ${args.join(" ")} ended with ${status}\n${stderr.toString()}`);
  return stdout;
}

/** The JSON that a Python program prints; it can import the runtime. */
export function askPython(program: string): unknown {
  const env = { ...process.env, PYTHONPATH: here("../../runtime/src") };
  return JSON.parse(runPython(["-c", program], { env }).toString());
}
