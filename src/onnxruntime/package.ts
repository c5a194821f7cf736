/** Runs the PyTorch package of a compiled folder in a Python of the user's. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors/index.ts";
import { installation } from "../ir/installation.ts";
import type { Autoencoder } from "../ir/model.ts";
import { tensorOf } from "../ir/tensor.ts";
import { encodeSafetensors } from "../weights/safetensors.ts";
import type { GraphValues } from "./session.ts";

const program = fileURLToPath(new URL("src/onnxruntime/verify_package.py", installation));
const wrongWeights = 3;
const shownLines = 8;

/**
 * A Python that has torch and safetensors: the one that $LITEVAE_PYTHON names, which must have them, or the first of the compiled folder's .venv, the
 * active environment, the .venv of this folder or of the nearest above it, and python3.
 */
export function findPython(folder: string): string | undefined {
  const demanded = process.env["LITEVAE_PYTHON"];
  if (demanded !== undefined && demanded !== "") {
    if (hasTorch(demanded)) return demanded;
    throw new UserError({
      what: "the Python that LITEVAE_PYTHON names cannot run the package",
      expected: "a Python with torch and safetensors",
      found: demanded,
      help: `install them, pip install -e ${folder}, or unset LITEVAE_PYTHON`,
    });
  }
  const active = process.env["VIRTUAL_ENV"];
  const around = ancestors(process.cwd()).map((each) => join(each, ".venv"));
  const environments = [join(folder, ".venv"), ...(active === undefined ? [] : [active]), ...around];
  const inside = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  const candidates = environments.map((environment) => join(environment, ...inside)).filter((path) => existsSync(path));
  return [...candidates, "python3"].find(hasTorch);
}

/** A folder and those that it is in, the nearest first. */
function ancestors(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...ancestors(above)];
}

function hasTorch(python: string): boolean {
  const code = "from importlib.util import find_spec; raise SystemExit(not (find_spec('torch') and find_spec('safetensors')))";
  return spawnSync(python, ["-c", code], { stdio: "ignore" }).status === 0;
}

/** The four numbers of an output that verify_package.py describes; null where a value is not finite or the shape another. */
export interface Measured {
  readonly largest: number | null;
  readonly difference: number | null;
  readonly rounding: number | null;
  readonly others: number | null;
}

export interface PackageRun {
  readonly python: string;
  /** The compiled folder, and the package in it. */
  readonly folder: string;
  readonly name: string;
  /** Instead of the folder's weights. */
  readonly weights?: string | undefined;
  /** What its class `Autoencoder` has, where there is one. */
  readonly roles: Autoencoder | null;
  readonly scenes: readonly string[];
  /** Names of what each part takes, in order, and gives. */
  readonly parts: Readonly<Record<string, { readonly inputs: readonly string[]; readonly outputs: readonly string[] }>>;
  /** What the graphs took and gave, by scene, part and name, such as `noise/encoder.image`. */
  readonly tensors: GraphValues;
  /** Ends Python, with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** The graphs' outputs compared with the package's, by scene, part and name. */
export async function comparePackage(run: PackageRun): Promise<Readonly<Record<string, Measured>>> {
  const { python, folder, name, weights, roles, scenes, parts } = run;
  const exchange = mkdtempSync(join(tmpdir(), "litevae-verify-"));
  try {
    const [given, answered] = [join(exchange, "tensors.safetensors"), join(exchange, "results.json")];
    const tensors = Object.entries(run.tensors).map(([key, { shape, data }]) => ({
      name: key,
      shape,
      dtype: "float32" as const,
      load: () => tensorOf(shape, data),
    }));
    writeFileSync(given, Buffer.concat([...encodeSafetensors(tensors)]));
    const request = JSON.stringify({ roles, scenes, parts });
    const { code, errors } = await finished(
      python,
      ["-B", program, folder, name, weights ?? "", request, given, answered],
      run.signal,
    );
    if (code !== 0) throw failure(name, weights, code, errors);
    return JSON.parse(readFileSync(answered, "utf8")) as Record<string, Measured>;
  } finally {
    rmSync(exchange, { recursive: true, force: true });
  }
}

function failure(name: string, weights: string | undefined, code: number | string, errors: string): UserError {
  const lines = errors.trimEnd().split("\n").slice(-shownLines).join("\n");
  if (code === wrongWeights) {
    return new UserError({
      what: `${weights ?? "model.safetensors"} does not fit the package ${name}`,
      found: lines,
      help: weights === undefined ? "compile the model again" : "give --weights a file of this model, under its own keys",
    });
  }
  return new UserError({
    what: `the package ${name} does not run`,
    expected: "outputs from Python",
    found: `${typeof code === "string" ? `ended by ${code}` : `exit code ${code}`}${lines === "" ? "" : `\n${lines}`}`,
    help: "compile the model again if its files were changed; memory may be short if Python was ended",
  });
}

async function finished(
  python: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
): Promise<{ readonly code: number | string; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: ["ignore", "ignore", "pipe"], ...(signal && { signal }) });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-65_536)));
    child.on("error", (error) => reject(signal?.aborted === true ? (signal.reason as Error) : error));
    child.on("close", (code, signal) => resolve({ code: code ?? signal ?? "a signal", errors }));
  });
}
