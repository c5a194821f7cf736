/** `--target`, and the options that targets declare. */
import { Option, type Command } from "commander";
import * as z from "zod";
import { UsageError } from "../errors/index.ts";
import { targets, type TargetOptions } from "../targets/index.ts";
import { optionsOf, type Shown } from "../targets/target.ts";
import { choice, listOf, numbers, wholeNumber } from "./options.ts";

const asked = targets.filter(({ about }) => about !== undefined);
export const targetNames = asked.map(({ name }) => name);
const [first] = targets;

export const targetOption = new Option(
  "--target <list>",
  `what to write: ${asked.map(({ name, about }) => `${name} for ${about}`).join(", ")}`,
)
  .argParser(listOf("--target", targetNames))
  .default([first.name], first.name);

/** Names of the passes of all targets, in order. */
export const passNames = [...new Set(targets.flatMap(({ passes = [] }) => passes.map(({ name }) => name)))];

/** What JSON Schema says of a target's option. */
type Described = Omit<Shown, "description"> & {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly prefixItems?: readonly Described[];
  readonly anyOf?: readonly Described[];
  readonly default?: unknown;
};

function describedOptions(options: z.ZodType): readonly (readonly [key: string, Described])[] {
  const schema = z.toJSONSchema(options, { io: "input" }) as { readonly properties?: Readonly<Record<string, Described>> };
  return Object.entries(schema.properties ?? {});
}

/** The options of a schema, one a field. */
export function schemaOptions(options: z.ZodType): readonly Option[] {
  return describedOptions(options).map(([key, described]) => optionOf(key, described));
}

export function addTargetOptions(command: Command): void {
  const options = asked.flatMap((target) => schemaOptions(target.options));
  // Targets that have one option share its flag.
  const isFirst = (option: Option, i: number): boolean => options.findIndex(({ long }) => long === option.long) === i;
  for (const option of options.filter(isFirst)) command.addOption(option);
}

function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function optionOf(key: string, described: Described): Option {
  const { description = "", default: value, rule } = described;
  // Of a field that may be null an option says what else it may be.
  const { minimum = 0, ...rest } = described.anyOf?.find((choice) => choice.type !== "null") ?? described;
  const type = [rest.type].flat().find((name) => name !== "null");
  const flag = flagOf(key);
  const placeholder = described.placeholder ?? placeholderOf(type, rest.enum);
  const flags = placeholder === undefined ? flag : `${flag} <${placeholder}>`;
  const option = rest.enum === undefined ? new Option(flags, description) : choice(flags, description, rest.enum);
  if (type === "integer") option.argParser(wholeNumber(flag, minimum, Number(rest.example ?? minimum)));
  if (type === "number") option.argParser(numbers(flag, 1, "-9999"));
  const [item] = rest.prefixItems ?? [];
  if (rest.prefixItems !== undefined && item !== undefined) {
    const min = item.type === "integer" ? item.minimum : undefined;
    option.argParser(numbers(flag, rest.prefixItems.length, String(described.example ?? "0,4095"), min));
  }
  return (value === undefined || value === null) && rule === undefined ? option : option.default(value, rule);
}

function placeholderOf(type: string | undefined, choices: readonly string[] | undefined): string | undefined {
  return type === "array" ? "low,high" : type === "number" ? "n" : choices === undefined ? undefined : "how";
}

/** The targets that `--target` names with their options, which are checked; an option of another target is an error. */
export function chosenTargets(command: Command, chosen: readonly string[]): TargetOptions {
  const isGiven = (key: string): boolean =>
    command.getOptionValueSource(key) === "cli" && command.getOptionValue(key) !== defaultOf(command, key);
  const keysOf = (target: (typeof asked)[number]): readonly string[] => describedOptions(target.options).map(([key]) => key);
  const taken = asked.filter(({ name }) => chosen.includes(name));
  const known = new Set(taken.flatMap(keysOf));
  for (const target of asked.filter(({ name }) => !chosen.includes(name))) {
    const stray = keysOf(target).find((key) => isGiven(key) && !known.has(key));
    if (stray !== undefined) throw ofAnotherTarget(flagOf(stray), target.name, chosen);
  }
  const given = taken.map((target) => {
    // What is left out is by the target's own default, which others that share the flag may have otherwise.
    const values = keysOf(target)
      .filter((key) => command.getOptionValueSource(key) === "cli")
      .map((key) => [key, command.getOptionValue(key) as unknown] as const);
    return [target.name, optionsOf(target, Object.fromEntries(values))] as const;
  });
  return Object.fromEntries(given);
}

function defaultOf(command: Command, key: string): unknown {
  return command.options.find((option) => option.attributeName() === key)?.defaultValue as unknown;
}

function ofAnotherTarget(flag: string, target: string, chosen: readonly string[]): UsageError {
  return new UsageError({
    what: `${flag} is an option of the ${target} target`,
    expected: `${target} among --target`,
    found: `--target ${chosen.join(",")}`,
    help: `add --target ${target}, or leave ${flag} out`,
  });
}
