/** docs/cli.md out of the commands, as commander has them. */
import type { Argument, Command, Option } from "commander";
import { commandLine } from "../../src/cli/main.ts";
import { examplesOf, exitCodes } from "../../src/cli/examples.ts";

/** The command line as `bin` starts it. */
export const program = commandLine();

export function cliReference(): string {
  return `# Command line

\`npx litevae COMMAND …\` from a set-up checkout. ${program.description()} \`litevae COMMAND --help\` says what stands here.

Data goes to stdout; progress, warnings and what a model's code prints go to stderr. An empty argument or option, such as
an unset shell variable leaves, is refused.
${options(program)}
| exit code | |
|---|---|
${exitCodes.map(([code, meaning]) => `| ${code} | ${meaning} |\n`).join("")}
${examples(program)}
| command | |
|---|---|
${program.commands.map((command) => `| [\`${usage(command)}\`](#litevae-${command.name()}) | ${cell(command.description())} |\n`).join("")}
${program.commands.map(section).join("\n")}`;
}

function section(command: Command): string {
  return `## litevae ${command.name()}

${sentence(command.description())}

${examples(command)}${table(
    "argument | ",
    command.registeredArguments.map((argument) => `${code(nameOf(argument))} | ${cell(argument.description)}`),
  )}${options(command)}`;
}

function options(command: Command): string {
  const shown = command.options.filter((option) => !option.hidden);
  return table(
    "option | default | ",
    shown.map((option) => `${code(option.flags)} | ${defaultOf(option)} | ${cell(describe(option))}`),
  );
}

function usage(command: Command): string {
  const needed = command.options
    .filter(({ mandatory }) => mandatory)
    .map(({ short, long, flags }) => `${short ?? long} ${flags.split(" ").at(-1)}`);
  return ["litevae", command.name(), ...command.registeredArguments.map(nameOf), ...needed].join(" ");
}

function nameOf(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function examples(command: Command): string {
  const shown = examplesOf(command);
  const width = Math.max(...shown.map(({ line }) => line.length));
  const lines = shown.map(({ line, does }) => `npx ${line.padEnd(width)}   # ${does}\n`);
  return lines.length === 0 ? "" : `\`\`\`sh\n${lines.join("")}\`\`\`\n`;
}

function table(header: string, rows: readonly string[]): string {
  if (rows.length === 0) return "";
  return `\n| ${header}|\n${"|---".repeat(header.split("|").length)}|\n${rows.map((row) => `| ${row} |\n`).join("")}`;
}

function describe({ description, argChoices }: Option): string {
  return argChoices === undefined ? description : `${description}; one of ${argChoices.map(code).join(", ")}`;
}

function defaultOf({ mandatory, defaultValue, defaultValueDescription, required }: Option): string {
  if (mandatory) return "must be given";
  if (defaultValueDescription !== undefined) return cell(defaultValueDescription);
  if (defaultValue === undefined) return "–";
  return required ? code(String(defaultValue)) : "off";
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
