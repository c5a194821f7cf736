import { must } from "../errors/must.ts";
import type { Command, CommanderError } from "commander";
import { UsageError, type Report } from "../errors/index.ts";

/** What commander finds wrong with a command line, in the form of all our messages; `command` is the one that was called, if any. */
export function usageReport({ code, message }: CommanderError, commands: readonly string[], command: string | undefined): Report {
  const [text = "", hint = ""] = message.replace(/^error: /, "").split("\n");
  const meant = /^\(Did you mean (.+)\?\)$/.exec(hint)?.[1];
  const help =
    meant === undefined
      ? `litevae ${command === undefined ? "--help lists the commands" : `${command} --help lists what it takes`}`
      : `did you mean ${meant}?`;
  const quoted = /'(.*)'/.exec(text)?.[1] ?? "";
  switch (code) {
    case "commander.unknownCommand":
      return { what: `there is no command ${quoted}`, expected: commands.join(", "), found: quoted, help };
    case "commander.unknownOption":
      return { what: `${command === undefined ? "litevae" : `litevae ${command}`} has no option ${quoted}`, found: quoted, help };
    case "commander.missingMandatoryOptionValue":
      return { what: "an option is missing that must be given", expected: quoted, found: "nothing", help };
    case "commander.optionMissingArgument":
      return { what: "an option has no value", expected: quoted, found: "nothing after it", help };
    case "commander.missingArgument":
      return { what: "an argument is missing", expected: `<${quoted}>`, found: "nothing", help };
    case "commander.excessArguments": {
      const [, expected = "", found = ""] = /Expected (\d+ arguments?) but got (\d+)/.exec(text) ?? [];
      return { what: "there are too many arguments", expected, found, help };
    }
    default:
      return { what: text, help };
  }
}

/** No argument and no option means anything when it is empty: such a command line comes from a variable that is not set. */
export function refuseEmpty(command: Command): void {
  const given = [
    ...command.processedArgs.map(
      (value: unknown, i) => [`<${must(command.registeredArguments[i], "an argument's declaration").name()}>`, value] as const,
    ),
    ...command.options.map((option) => [option.flags, command.getOptionValue(option.attributeName()) as unknown] as const),
  ];
  const empty = given.find(([, value]) => value === "" || (Array.isArray(value) && value.includes("")));
  if (empty === undefined) return;
  throw new UsageError({
    what: `an empty name is given for ${empty[0]}`,
    expected: "a name",
    found: '""',
    help: "check the variable that the name comes from",
  });
}
