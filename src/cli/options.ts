import { Option } from "commander";
import { nearest, UsageError } from "../errors/index.ts";

function wrong(option: string, expected: string, found: string, help: string): UsageError {
  return new UsageError({ what: `${option} cannot be read`, expected, found: found === "" ? "nothing" : found, help });
}

/** The number that a text is, with `min` a whole one of at least that; NaN where it is none. */
function numberIn(text: string, min: number | undefined): number {
  const value = text.trim() === "" ? NaN : Number(text);
  const fits =
    min === undefined ? Number.isFinite(value) : /^\s*\d+\s*$/.test(text) && Number.isSafeInteger(value) && value >= min;
  return fits ? value : NaN;
}

/** A whole number of at least `min`; messages give `example` as one. */
export function wholeNumber(option: string, min: number, example: number) {
  return (text: string): number => {
    const value = numberIn(text, min);
    if (!Number.isNaN(value)) return value;
    throw wrong(option, `a whole number of at least ${min}`, text, `write for example ${option} ${example}`);
  };
}

/** Whole numbers of at least `min`, separated by commas, each once and the smallest first; messages give `example` as some. */
export function wholeNumbers(option: string, min: number, example: string) {
  return (text: string): readonly number[] => {
    const values = text.split(",").map((entry) => numberIn(entry, min));
    if (!values.some(Number.isNaN)) return [...new Set(values)].sort((a, b) => a - b);
    throw wrong(option, `whole numbers of at least ${min}, separated by commas`, text, `write for example ${option} ${example}`);
  };
}

/** So many numbers, separated by commas; one alone where it is one; with `min` they are whole and at least that. Messages give `example` as some. */
export function numbers(option: string, count: number, example: string, min?: number) {
  return (text: string): number | readonly number[] => {
    const values = text.split(",").map((entry) => numberIn(entry, min));
    if (values.length === count && !values.some(Number.isNaN)) return count === 1 ? (values[0] as number) : values;
    const several = min === undefined ? "numbers" : `whole numbers of at least ${min}`;
    const expected = count === 1 ? "a number" : `${count} ${several}, separated by commas`;
    throw wrong(option, expected, text, `write for example ${option} ${example}`);
  };
}

/** The seconds of `--seconds`. */
export function seconds(text: string): number {
  const value = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && value <= 3600) return value;
  throw wrong("--seconds", "a number from 0 to 3600", text, "write for example --seconds 2");
}

/** Words separated by commas, each once. */
export function words(text: string): readonly string[] {
  return [...new Set(text.split(",").map((word) => word.trim()))];
}

/** One of a list of words, which the option's help shows. */
export function choice<T extends string>(flags: string, description: string, choices: readonly T[]): Option {
  const [name = ""] = flags.split(" ");
  return new Option(flags, description).choices(choices).argParser((text: string): T => {
    const found = choices.find((candidate) => candidate === text);
    if (found !== undefined) return found;
    const meant = nearest(text, choices);
    throw wrong(
      name,
      choices.join(", "),
      text,
      meant === undefined ? `write for example ${name} ${choices[0]}` : `did you mean ${meant}?`,
    );
  });
}

/** Some of a list of words, separated by commas, in the list's own order. */
export function listOf<T extends string>(option: string, choices: readonly T[]) {
  return (text: string): readonly T[] => {
    const names = text.split(",").map((name) => name.trim());
    for (const name of names) {
      if ((choices as readonly string[]).includes(name)) continue;
      const meant = nearest(name, choices);
      throw wrong(
        option,
        choices.join(", "),
        name,
        meant === undefined ? `write for example ${option} ${choices.slice(0, 2).join(",")}` : `did you mean ${meant}?`,
      );
    }
    return choices.filter((name) => names.includes(name));
  };
}

/** Names of parts for `--parts`; whether a model has them is seen when it is there. */
export function partList(text: string): readonly string[] {
  const names = words(text);
  const nameless = names.find((name) => !/^\w+$/.test(name));
  if (nameless === undefined) return names;
  throw wrong("--parts", "names of parts, separated by commas", nameless, "write for example --parts encoder,decoder");
}

/** `--budget`, which may be given again. */
export function budgetOption(): Option {
  return new Option(
    "--budget <part=limit>",
    "limit such as encoder=7M, decoder.macs=300G or encoder.activation=512MiB; repeatable",
  )
    .argParser((text: string, all: readonly string[]) => [...all, text])
    .default([], "none");
}

/** What MODEL can be, for the commands that take one. */
export const modelArgument =
  "built-in name, as litevae list has them, a .ts, .mts, .js or .mjs file, or a folder of weights whose config.json says what it is of";

export const latentOption = new Option("--latent <n>", "latent channels of a built-in model").argParser(
  wholeNumber("--latent", 1, 12),
);
export const sizeOption = new Option("--size <pixels>", "side of the square image that costs are counted for")
  .argParser(wholeNumber("--size", 1, 256))
  .default(256);
export const threadsOption = new Option("--threads <n>", "threads of a graph on the CPU")
  .argParser(wholeNumber("--threads", 1, 4))
  .default(undefined, "as onnxruntime chooses");

/** Characters in a line of the terminal that stdout is; undefined of files and pipes, where lines have no end. */
export function terminalWidth(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns : undefined;
}
