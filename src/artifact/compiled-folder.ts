import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors/index.ts";
import type { Config } from "../compiler/config.ts";
import { manifestName, type FixedSize, type Manifest } from "../compiler/manifest.ts";
import { evaluateDim, parseDim, type Bindings, type Dim } from "../ir/dim.ts";
import { flatConfig, type Settings } from "../weights/settings.ts";
import { sha256OfFile } from "./file-hash.ts";

function isManifest(value: unknown): value is Manifest {
  if (!isRecord(value) || typeof value["litevae"] !== "string" || !isRecord(value["weights"]) || !isRecord(value["files"]))
    return false;
  const isEntry = (entry: unknown): boolean =>
    isRecord(entry) && typeof entry["bytes"] === "number" && typeof entry["sha256"] === "string";
  return "config.json" in value["files"] && Object.values(value["files"]).every(isEntry);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refuse(path: string, why: string, found?: string): never {
  throw new UserError({
    what: `${path} is not a complete compile: ${why}`,
    ...(found === undefined ? {} : { found }),
    help: `run litevae compile MODEL -o ${path} again`,
  });
}

function readJson(path: string, name: string): unknown {
  let text: string;
  try {
    text = readFileSync(join(path, name), "utf8");
  } catch {
    return refuse(path, `it has no ${name}`);
  }
  try {
    return JSON.parse(text);
  } catch {
    return refuse(path, `its ${name} is not JSON`);
  }
}

/** What an earlier compile left in a folder; undefined where it left no manifest, or it did not end. */
export function manifestIn(path: string): Manifest | undefined {
  try {
    const manifest = readJson(path, manifestName);
    return isManifest(manifest) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** The same, of a folder that is read and not written to. UserError where its manifest is damaged, which then vouches for nothing. */
export function manifestBeside(path: string): Manifest | undefined {
  if (!existsSync(join(path, manifestName))) return undefined;
  const manifest = readJson(path, manifestName);
  if (isManifest(manifest)) return manifest;
  return isRecord(manifest) && "litevae" in manifest ? refuse(path, "its manifest.json is damaged") : undefined;
}

/** The manifest and configuration of a folder that `compile` finished; the files named in `check` are compared with their sha256. */
export function openCompiled(path: string, check: readonly string[]): { readonly manifest: Manifest; readonly config: Config } {
  if (!existsSync(path))
    throw new UserError({ what: `there is no folder ${path}`, help: `compile it first: litevae compile MODEL -o ${path}` });
  if (statSync(path).isFile())
    throw new UserError({
      what: `${path} is a file`,
      expected: "a folder that compile wrote",
      help: `give its folder, ${dirname(path)}`,
    });
  const manifest = readJson(path, manifestName);
  if (!isManifest(manifest)) return refuse(path, "its manifest.json is not one of litevae");
  for (const [name, entry] of Object.entries(manifest.files)) {
    const found = statSync(join(path, name), { throwIfNoEntry: false });
    if (found === undefined) refuse(path, `${name} is missing`);
    if (found.size !== entry.bytes)
      refuse(path, `${name} is not the file that was compiled`, `${found.size} bytes instead of ${entry.bytes}`);
  }
  for (const name of check) {
    if (Object.hasOwn(manifest.files, name)) continue;
    const graphs = Object.keys(manifest.files).filter((file) => file.endsWith(".onnx"));
    throw new UserError({
      what: `${path} has no ${name}`,
      expected: check.join(", "),
      found: graphs.join(", ") || "no graph",
      help: graphs.length === 0 ? "compile with onnx among --target" : "name its part in --parts when you compile",
    });
  }
  for (const name of ["config.json", ...check.flatMap((name) => [name, `${name}.data`])]) {
    const entry = manifest.files[name];
    if (entry === undefined) continue;
    const sha256 = sha256OfFile(join(path, name));
    if (sha256 !== entry.sha256) refuse(path, `${name} was changed after it was compiled`, `sha256 ${sha256}`);
  }
  return { manifest, config: flatConfig(readJson(path, "config.json") as Settings) as unknown as Config };
}

/** The shapes of a part's inputs for one batch and image. */
export function inputShapes(
  path: string,
  { parts }: Manifest,
  part: string,
  sizes: Bindings,
): Readonly<Record<string, readonly number[]>> {
  const sizeOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : evaluateDim(dimOf(text), sizes));
  const dimOf = (text: string): Dim => parseDim(text) ?? refuse(path, `its manifest.json has the size ${text}`);
  const inputs = parts[part]?.inputs ?? refuse(path, `its manifest.json says nothing of the inputs of ${part}`);
  return Object.fromEntries(Object.entries(inputs).map(([name, shape]) => [name, shape.map(sizeOf)]));
}

/** UserError where graphs are for one size alone and `asked` is another; what is undefined is not asked. */
export function expectFixedSize(
  path: string,
  { onnx }: Manifest,
  asked: { readonly batch?: number | undefined; readonly height?: number | undefined; readonly width?: number | undefined },
): FixedSize | undefined {
  if (onnx?.fixed === undefined) return undefined;
  const [batch, height, width] = onnx.fixed;
  const given = [asked.batch ?? batch, asked.height ?? height, asked.width ?? width];
  if (given.join() === onnx.fixed.join()) return onnx.fixed;
  throw new UserError({
    what: `the graphs in ${path} were compiled with --fixed, for one size alone`,
    expected: `${counted(batch)} of ${height}×${width}`,
    found: `${counted(given[0] as number)} of ${given[1]}×${given[2]}`,
    help: "ask for that size, or compile without --fixed",
  });
}

function counted(images: number): string {
  return images === 1 ? "one image" : `${images} images`;
}
