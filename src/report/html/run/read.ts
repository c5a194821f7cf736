/** Reads what a training run left in its folder. Whatever is missing or cut off is told, and the rest is shown. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { UserError, type Report } from "../../../errors/index.ts";
import { integer } from "../../numbers.ts";
import { readGrids, type Grid, type Sample } from "./images.ts";
import { readMeasurements, type Benchmark, type Evaluation, type Measured } from "./measurements.ts";

/** A line of metrics.jsonl. Numbers that were not finite are null there. */
export interface Entry {
  readonly step: number;
  readonly phase: string;
  readonly values: Readonly<Record<string, number | null>>;
}

export interface Phase {
  readonly name: string;
  /** The first and the last step that was logged. */
  readonly from: number;
  readonly to: number;
}

export type Json = Readonly<Record<string, unknown>>;

export interface Run {
  readonly folder: string;
  /** What the folder is called. */
  readonly name: string;
  readonly entries: readonly Entry[];
  readonly phases: readonly Phase[];
  readonly recipe: Json | undefined;
  readonly config: Json | undefined;
  /** The image grids that are shown. */
  readonly grids: readonly Grid[];
  readonly checkpoints: readonly string[];
  readonly finished: boolean;
  /** Images that could not be read. */
  readonly corruptImages: number;
  readonly evaluations: readonly Measured<Evaluation>[];
  readonly benchmarks: readonly Measured<Benchmark>[];
  /** What is wrong with files of the run. */
  readonly notes: readonly Report[];
}

/** Rejects with UserError where there is no such folder, or it is not one of a run. */
export async function readRun(folder: string): Promise<Run> {
  const path = (name: string): string => join(folder, name);
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new UserError({
      what: `${folder} is not a folder`,
      expected: "what the trainer wrote: the folder of its --output",
      help: "check the path; python -m litevae_….train --data IMAGES --output RUN makes a run",
    });
  }
  const names = readdirSync(folder).sort();
  if (!names.includes("metrics.jsonl") && !names.includes("recipe.json")) {
    throw new UserError({
      what: `${folder} is not the folder of a training run`,
      expected: "metrics.jsonl or recipe.json in it",
      found: names.length === 0 ? "nothing" : names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : ""),
      help: "give the folder that was the trainer's --output",
    });
  }
  const notes: Report[] = [];
  const log = readLines(path("metrics.jsonl"), notes);
  const entries = log.flatMap(entryOf);
  const stray = log.length - entries.length;
  if (stray > 0)
    notes.push({
      what: `${lines(stray)} of metrics.jsonl ${stray === 1 ? "has no step and is" : "have no step and are"} left out`,
      help: "the trainer writes a step into every line: look what else writes there",
    });
  const { evaluations, benchmarks, notes: more } = readMeasurements(folder, names);
  return {
    folder,
    name: basename(resolve(folder)),
    entries,
    phases: phasesOf(entries),
    recipe: readObject(
      path("recipe.json"),
      "delete it, and resume with --recipe FILE, or without for the package’s recipe: a run that goes on writes it anew",
      notes,
    ),
    config: readObject(path("config.json"), "resume the run: its end writes it anew", notes),
    grids: await readGrids(samplesOf(path("samples")), notes),
    checkpoints: existsSync(path("checkpoints"))
      ? readdirSync(path("checkpoints"))
          .filter((name) => /^step-\d+$/.test(name))
          .sort()
      : [],
    finished: names.includes("model.safetensors"),
    corruptImages: readLines(path("corrupt.jsonl"), notes).length,
    evaluations,
    benchmarks,
    notes: [...notes, ...more],
  };
}

function lines(count: number): string {
  return count === 1 ? "1 line" : `${integer(count)} lines`;
}

/** The objects of a file of JSON lines; lines that are none, such as the last of a killed run, are counted. */
function readLines(file: string, notes: Report[]): readonly Json[] {
  if (!existsSync(file)) return [];
  const texts = readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  const found = texts.map(parsed).filter((value) => value !== undefined);
  const broken = texts.length - found.length;
  if (broken > 0)
    notes.push({
      what: `${lines(broken)} of ${basename(file)} cannot be read and ${broken === 1 ? "is" : "are"} left out`,
      help: "a process that is killed leaves half a line: resuming the run with --resume auto removes it",
    });
  return found;
}

function readObject(file: string, repair: string, notes: Report[]): Json | undefined {
  if (!existsSync(file)) return undefined;
  const found = parsed(readFileSync(file, "utf8"));
  if (found === undefined)
    notes.push({
      what: `${basename(file)} cannot be read and is left out`,
      expected: "a JSON object",
      help: repair,
    });
  return found;
}

/** Undefined where the text is no JSON object. */
function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function entryOf({ step, phase, ...rest }: Json): readonly Entry[] {
  if (typeof step !== "number" || !Number.isFinite(step)) return [];
  const values = Object.entries(rest).filter(
    (pair): pair is [string, number | null] => pair[1] === null || typeof pair[1] === "number",
  );
  return [{ step, phase: typeof phase === "string" ? phase : "", values: Object.fromEntries(values) }];
}

function phasesOf(entries: readonly Entry[]): readonly Phase[] {
  const phases: { name: string; from: number; to: number }[] = [];
  for (const { step, phase } of entries) {
    const last = phases.at(-1);
    if (last?.name === phase) last.to = step;
    else phases.push({ name: phase, from: step, to: step });
  }
  return phases;
}

function samplesOf(folder: string): readonly Sample[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const step = /^step-(\d+)\.png$/.exec(name)?.[1];
      return step === undefined ? [] : [{ step: Number(step), file: join(folder, name) }];
    })
    .sort((a, b) => a.step - b.step);
}
