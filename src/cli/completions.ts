/** Scripts by which shells complete commands, options and their choices, made of the command line itself. */
import { Argument, type Command, type Option } from "commander";
import { targetNames } from "./target-options.ts";

export const shells = ["bash", "zsh", "fish"] as const;

export function addCompletions(program: Command): void {
  program
    .command("completions")
    .description("print a script that makes a shell complete commands, options, their choices and built-in models")
    .addArgument(new Argument("<shell>", "whose script").choices(shells))
    .action(async (shell: (typeof shells)[number]) => {
      const { builtIns } = await import("../../dsl/models/index.ts");
      const { recipes } = await import("../../dsl/recipes/index.ts");
      process.stdout.write(
        scripts[shell](program, {
          models: Object.keys(builtIns),
          values: { "--recipe": Object.keys(recipes), "--target": targetNames },
        }),
      );
    });
}

interface Known {
  readonly models: readonly string[];
  /** What options take that have no fixed choices, by their names: files or lists stand for them too. */
  readonly values: Readonly<Record<string, readonly string[]>>;
}

type Script = (program: Command, known: Known) => string;

const scripts: Readonly<Record<(typeof shells)[number], Script>> = {
  bash: (program, known) => `${bashScript(program, known)}${npxScript}`,
  // zsh reads bash's.
  zsh: (program, known) => `#compdef litevae\nautoload -U +X bashcompinit && bashcompinit\n${bashScript(program, known)}`,
  fish: fishScript,
};

/** In bash, `npx litevae` completes as `litevae` does; what else npx is given completes as before. */
const npxScript = `_litevae_npx() {
  [ "\${COMP_WORDS[1]}" = litevae ] && [ "$COMP_CWORD" -gt 1 ] || return
  local -a shifted=("\${COMP_WORDS[@]:1}")
  local -a COMP_WORDS=("\${shifted[@]}")
  local COMP_CWORD=$((COMP_CWORD - 1))
  _litevae
}
complete -o bashdefault -o default -o filenames -F _litevae_npx npx
`;

function choicesOf({ argChoices, long }: Option, { values }: Known): readonly string[] | undefined {
  return argChoices ?? values[long ?? ""];
}

function bashScript(program: Command, known: Known): string {
  const { commands } = program;
  const names = commands.map((command) => command.name());
  const ofModels = commands.filter(takesModel).map((command) => command.name());
  const withChoices = commands.flatMap((command) =>
    visible(command).flatMap((option) =>
      choicesOf(option, known) === undefined
        ? []
        : [`    "${command.name()} ${option.long}") words="${choicesOf(option, known)?.join(" ")}" ;;\n`],
    ),
  );
  const general = visible(program).map((option) => `    *" ${option.long}") words="${option.argChoices?.join(" ") ?? ""}" ;;\n`);
  const options = commands.map((command) => `    ${command.name()}) words="${flagsOf(command).join(" ")}" ;;\n`);
  return `_litevae() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]} command= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in ${names.join("|")}) command=$word; break ;; esac
  done
  if [ -z "$command" ]; then
    case " $before" in
${general.join("")}    *) words="${names.join(" ")} ${flagsOf(program).join(" ")}" ;;
    esac
    COMPREPLY=($(compgen -W "$words" -- "$current"))
    return
  fi
  case "$command $before" in
${withChoices.join("")}  esac
  if [ -z "$words" ]; then case $current in -*) case $command in
${options.join("")}  esac ;; esac; fi
  if [ -z "$words" ]; then
    case $command in ${ofModels.join("|")}) words="${known.models.join(" ")}" ;; esac
    COMPREPLY=($(compgen -f -W "$words" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o filenames -F _litevae litevae
`;
}

function fishScript(program: Command, known: Known): string {
  const quoted = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const general = visible(program).map(
    (option) =>
      `complete -c litevae -l ${option.long?.replace(/^--/, "")}${option.argChoices === undefined ? "" : ` -x -a ${quoted(option.argChoices.join(" "))}`} -d ${quoted(option.description)}`,
  );
  const lines = program.commands.flatMap((command) => {
    const name = command.name();
    const within = `complete -c litevae -n ${quoted(`__fish_seen_subcommand_from ${name}`)}`;
    return [
      `complete -c litevae -n __fish_use_subcommand -f -a ${name} -d ${quoted(command.description())}`,
      ...(takesModel(command) ? [`${within} -a ${quoted(known.models.join(" "))}`] : []),
      ...visible(command).map((option) => {
        const short = option.short === undefined ? "" : ` -s ${option.short.replace(/^-/, "")}`;
        const choices = choicesOf(option, known);
        const value = choices === undefined ? (option.required ? " -r" : "") : ` -x -a ${quoted(choices.join(" "))}`;
        return `${within}${short} -l ${option.long?.replace(/^--/, "")}${value} -d ${quoted(option.description)}`;
      }),
    ];
  });
  return `${[...general, ...lines].join("\n")}\n`;
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
