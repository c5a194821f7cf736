import { Option } from "commander";
import { nearest, UsageError } from "../errors/index.ts";
import { partNames, type PartName } from "../ir/model.ts";

function wrong(option: string, expected: string, found: string, help: string): UsageError {
  return new UsageError({ what: `${option} cannot be read`, expected, found, help });
}

/** A whole number of at least `min`. */
export function wholeNumber(option: string, min: number) {
  return (text: string): number => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= min) return value;
    throw wrong(option, `a whole number of at least ${min}`, text, `write for example ${option} ${Math.max(min, 12)}`);
  };
}

export function partList(text: string): readonly PartName[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) {
    if ((partNames as readonly string[]).includes(name)) continue;
    const meant = nearest(name, partNames);
    throw wrong("--parts", partNames.join(", "), name, meant === undefined ? "write for example --parts encoder,decoder" : `did you mean ${meant}?`);
  }
  return partNames.filter((name) => names.includes(name));
}

export const latentOption = new Option("--latent <n>", "latent channels of a built-in model").argParser(wholeNumber("--latent", 1));
export const sizeOption = new Option("--size <pixels>", "side of the square image that costs are counted for")
  .argParser(wholeNumber("--size", 1))
  .default(256);
