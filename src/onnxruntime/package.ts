/** Runs the PyTorch package of a compiled folder in a Python of the user's. */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { UserError } from "../errors/index.ts";
import type { Autoencoder } from "../ir/model.ts";
import { floats, tensorOf } from "../ir/tensor.ts";
import { openWeights } from "../artifact/weights-file.ts";
import { encodeSafetensors } from "../weights/safetensors.ts";
import type { GraphValues } from "./session.ts";

const program = fileURLToPath(new URL("./verify_package.py", import.meta.url));
const wrongWeights = 3;
const shownLines = 8;

/** The first of the places where a Python is looked for that has torch and safetensors; one that $LITEVAE_PYTHON names must have them. */
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
  const environments = [join(folder, ".venv"), ...(active === undefined ? [] : [active]), ".venv"];
  const inside = process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"];
  const candidates = environments.map((environment) => join(environment, ...inside)).filter((path) => existsSync(path));
  return [...candidates, "python3"].find(hasTorch);
}

function hasTorch(python: string): boolean {
  const code = "from importlib.util import find_spec; raise SystemExit(not (find_spec('torch') and find_spec('safetensors')))";
  return spawnSync(python, ["-c", code], { stdio: "ignore" }).status === 0;
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
  /** By part and name, such as `encoder.image`, in the order in which parts take them. */
  readonly inputs: GraphValues;
  /** What the graphs give, by part and name. */
  readonly outputs: readonly string[];
}

/** The package's outputs by part and name, computed in float64. */
export async function runPackage({ python, folder, name, weights, roles, inputs, outputs }: PackageRun): Promise<GraphValues> {
  const exchange = mkdtempSync(join(tmpdir(), "litevae-verify-"));
  try {
    const [given, answered] = [join(exchange, "inputs.safetensors"), join(exchange, "outputs.safetensors")];
    const tensors = Object.entries(inputs).map(([key, { shape, data }]) => ({
      name: key,
      shape,
      dtype: "float32" as const,
      load: () => tensorOf(shape, data),
    }));
    writeFileSync(given, Buffer.concat([...encodeSafetensors(tensors)]));
    const { code, errors } = await finished(python, [
      "-B",
      program,
      folder,
      name,
      weights ?? "",
      JSON.stringify({ roles, inputs: Object.keys(inputs), outputs }),
      given,
      answered,
    ]);
    if (code !== 0) throw failure(name, weights, code, errors);
    const file = openWeights(answered);
    return Object.fromEntries(
      file.names.map((key) => {
        const tensor = file.read(key);
        return [key, { shape: tensor.shape, data: floats(tensor) }];
      }),
    );
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
): Promise<{ readonly code: number | string; readonly errors: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, args, { stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-65_536)));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code: code ?? signal ?? "a signal", errors }));
  });
}
