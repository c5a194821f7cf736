/** `--target`, and the options that targets declare. */
import { Option, type Command } from "commander";
import * as z from "zod";
import type { Chosen } from "../compiler/compile.ts";
import { UsageError } from "../errors/index.ts";
import { targets, type Resources } from "../targets/index.ts";
import { optionsOf, type Shown, type Target } from "../targets/target.ts";
import { choice, listOf, wholeNumber } from "./options.ts";

const asked = targets.filter(({ about }) => about !== undefined);
const names = asked.map(({ name }) => name);
const [first] = targets;

export const targetOption = new Option(
  "--target <list>",
  `what to write: ${asked.map(({ name, about }) => `${name} for ${about}`).join(", ")}`,
)
  .argParser(listOf("--target", names))
  .default([first.name], first.name);

/** Names of the passes of all targets, in order. */
export const passNames = [...new Set(targets.flatMap(({ passes = [] }) => passes.map(({ name }) => name)))];

/** What JSON Schema says of a target's option. */
type Described = Shown & {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly default?: unknown;
};

function describedOptions(target: Target<object, Resources>): readonly (readonly [key: string, Described])[] {
  const schema = z.toJSONSchema(target.options, { io: "input" }) as { readonly properties?: Readonly<Record<string, Described>> };
  return Object.entries(schema.properties ?? {});
}

export function addTargetOptions(command: Command): void {
  for (const target of asked)
    for (const [key, described] of describedOptions(target)) command.addOption(optionOf(key, described));
}

function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function optionOf(key: string, { type, description, default: value, rule, ...described }: Described): Option {
  const flag = flagOf(key);
  const flags = described.placeholder === undefined ? flag : `${flag} <${described.placeholder}>`;
  const option = described.enum === undefined ? new Option(flags, description) : choice(flags, description, described.enum);
  if (type === "integer") {
    const { minimum = 0 } = described;
    option.argParser(wholeNumber(flag, minimum, described.example ?? minimum));
  }
  return value === undefined && rule === undefined ? option : option.default(value, rule);
}

/** The targets that `--target` names with their options, which are checked; an option of another target is an error. */
export function chosenTargets(command: Command, chosen: readonly string[]): readonly Chosen<Resources>[] {
  const isGiven = (key: string): boolean =>
    command.getOptionValueSource(key) === "cli" && command.getOptionValue(key) !== defaultOf(command, key);
  for (const target of asked.filter(({ name }) => !chosen.includes(name))) {
    const stray = describedOptions(target).find(([key]) => isGiven(key));
    if (stray !== undefined) throw ofAnotherTarget(flagOf(stray[0]), target.name, chosen);
  }
  return asked
    .filter(({ name }) => chosen.includes(name))
    .map((target) => {
      const given = describedOptions(target).map(([key]) => [key, command.getOptionValue(key) as unknown] as const);
      return { target, options: optionsOf(target, Object.fromEntries(given)) };
    });
}

function defaultOf(command: Command, key: string): unknown {
  return command.options.find((option) => option.attributeName() === key)?.defaultValue as unknown;
}

function ofAnotherTarget(flag: string, target: string, chosen: readonly string[]): UsageError {
  return new UsageError({
    what: `${flag} is of the ${target} target`,
    expected: `${target} among --target`,
    found: `--target ${chosen.join(",")}`,
    help: `add --target ${target}, or leave ${flag} out`,
  });
}
