import { spawnSync } from "node:child_process";
import { availableParallelism, cpus } from "node:os";

/** What `providers` run on, for people: `AMD EPYC, 2 threads`, and NVIDIA's GPUs where one of the providers is on them. */
export function hardware(providers: readonly string[], threads: number | undefined): string {
  const processor = cpus()[0]?.model.trim() ?? process.arch;
  const given = threads === 1 ? "1 thread" : `${threads} threads`;
  const used = threads === undefined ? `${availableParallelism()} logical cores, threads as onnxruntime chooses` : given;
  const gpu = providers.some((provider) => provider !== "cpu") ? nvidia() : "";
  return [`${processor}, ${used}`, gpu].filter((text) => text !== "").join("; ");
}

/** `NVIDIA H100 80GB HBM3, driver 570.86.15` for each GPU; empty where nvidia-smi does not say. */
function nvidia(): string {
  const query = ["--query-gpu=name,driver_version", "--format=csv,noheader"];
  const { status, stdout } = spawnSync("nvidia-smi", query, { encoding: "utf8", timeout: 20_000 });
  if (status !== 0) return "";
  const lines = stdout.trim().split("\n");
  return lines.map((line) => line.replace(/, (?=[^,]*$)/, ", driver ")).join("; ");
}
