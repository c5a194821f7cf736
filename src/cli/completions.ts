/** Scripts by which shells complete commands, options and their choices, made of the command line itself. */
import { Argument, type Command, type Option } from "commander";

export const shells = ["bash", "zsh", "fish"] as const;

export function addCompletions(program: Command): void {
  program
    .command("completions")
    .description("print a script that makes a shell complete commands, options, their choices and built-in models")
    .addArgument(new Argument("<shell>", "whose script").choices(shells))
    .action(async (shell: (typeof shells)[number]) => {
      const { builtIns } = await import("../../dsl/models/index.ts");
      process.stdout.write(scripts[shell](program.commands, Object.keys(builtIns)));
    });
}

type Script = (commands: readonly Command[], models: readonly string[]) => string;

const scripts: Readonly<Record<(typeof shells)[number], Script>> = {
  bash: bashScript,
  // zsh reads bash's.
  zsh: (commands, models) => `#compdef litevae\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(commands, models)}`,
  fish: fishScript,
};

function bashScript(commands: readonly Command[], models: readonly string[]): string {
  const names = commands.map((command) => command.name());
  const ofModels = commands.filter(takesModel).map((command) => command.name());
  const withChoices = commands.flatMap((command) =>
    visible(command).flatMap((option) =>
      option.argChoices === undefined
        ? []
        : [`    "${command.name()} ${option.long}") words="${option.argChoices.join(" ")}" ;;\n`],
    ),
  );
  const options = commands.map((command) => `    ${command.name()}) words="${flagsOf(command).join(" ")}" ;;\n`);
  return `_litevae() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join("|")}) command=$word; break ;; esac
  done
  if [ -z "$command" ]; then
    COMPREPLY=($(compgen -W "${names.join(" ")} --help --version" -- "$current"))
    return
  fi
  case "$command $before" in
${withChoices.join("")}  esac
  if [ -z "$words" ]; then case $current in -*) case $command in
${options.join("")}  esac ;; esac; fi
  if [ -z "$words" ]; then
    case $command in ${ofModels.join("|")}) words="${models.join(" ")}" ;; esac
    COMPREPLY=($(compgen -f -W "$words" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _litevae litevae
`;
}

function fishScript(commands: readonly Command[], models: readonly string[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands.flatMap((command) => {
    const name = command.name();
    const within = `complete -c litevae -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c litevae -n __fish_use_subcommand -f -a ${name} -d ${quoted(command.description())}`,
      ...(takesModel(command) ? [`${within} -a ${quoted(models.join(" "))}`] : []),
      ...visible(command).map((option) => {
        const short = option.short === undefined ? "" : ` -s ${option.short.replace(/^-/, "")}`;
        const value =
          option.argChoices === undefined ? (option.required ? " -r" : "") : ` -x -a ${quoted(option.argChoices.join(" "))}`;
        return `${within}${short} -l ${option.long?.replace(/^--/, "")}${value} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function visible(command: Command): readonly Option[] {
  return command.options.filter((option) => !option.hidden);
}

function flagsOf(command: Command): readonly string[] {
  return [...visible(command).flatMap(({ short, long }) => [short, long].filter((each) => each !== undefined)), "--help"];
}

function takesModel(command: Command): boolean {
  return command.registeredArguments.some((argument) => /^models?$/.test(argument.name()));
}
