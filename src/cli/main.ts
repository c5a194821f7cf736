import { Command, CommanderError, Help, type Option } from "commander";
import { exitCode, StoppedError, UsageError, UserError } from "../errors/index.ts";
import { memoryFault } from "../errors/memory.ts";
import { missingPackage } from "../errors/missing-package.ts";
import { version } from "../ir/version.ts";
import { addBench } from "./bench.ts";
import { chooseColour, whens, type When } from "./colour.ts";
import { choice } from "./options.ts";
import { addCheck } from "./check.ts";
import { addCompare } from "./compare.ts";
import { addCompile } from "./compile.ts";
import { addCompletions } from "./completions.ts";
import { addEncode } from "./encode.ts";
import { showExamples } from "./examples.ts";
import { addInit } from "./init.ts";
import { addList } from "./list.ts";
import { addReport } from "./report.ts";
import { addRun } from "./run.ts";
import { addSearch } from "./search.ts";
import { addServe } from "./serve.ts";
import { addSummary } from "./summary.ts";
import { refuseEmpty, usageReport } from "./usage.ts";
import { addVerify } from "./verify.ts";

/** The commands with their arguments, options and helps; docs/cli.md is made of it. */
export function commandLine(): Command {
  const program = new Command("litevae")
    .description("Compile wavelet autoencoders: check shapes, count costs, write ONNX graphs and PyTorch packages, measure them.")
    .version(version)
    .exitOverride()
    // Errors are told by `report`, in the form of all our messages.
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ optionDescription })
    .addOption(
      choice("--color <when>", "colours of messages; auto: on a terminal, unless NO_COLOR is set", whens).default("auto"),
    )
    // Before what else stands there is looked at: messages about that have colours, too.
    .on("option:color", (when: When) => chooseColour(when))
    .hook("preAction", (_, command) => refuseEmpty(command));
  for (const add of [
    addInit,
    addList,
    addCheck,
    addSummary,
    addCompare,
    addSearch,
    addCompile,
    addServe,
    addRun,
    addEncode,
    addReport,
    addVerify,
    addBench,
    addCompletions,
  ])
    add(program);
  showExamples(program);
  return program;
}

/** Commander's own leaves out what happens without an option whose default is no value but a rule. */
function optionDescription(option: Option): string {
  const text = new Help().optionDescription(option);
  const rule = option.defaultValueDescription;
  return option.defaultValue === undefined && rule !== undefined ? `${text} (default: ${rule})` : text;
}

/** Ends this process when stdout cannot be written to. */
export function heedReader(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // A reader that closes the pipe early, such as head, is not an error.
    if (error.code === "EPIPE") process.exit(exitCode.ok);
    process.stderr.write(`error: cannot write to stdout: ${error.message.replace(/^[A-Z]+: |, write$/g, "")}\n`);
    process.exit(exitCode.wrongInput);
  });
}

/** Runs the command line and returns the exit code: 0 done, 1 the model or the input is wrong, 2 usage, 70 a bug in litevae; `encode` ends with 75 after a signal and 130 at Ctrl-C. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = commandLine();
  chooseColour("auto");
  try {
    await program.parseAsync([...argv], { from: "user" });
    return exitCode.ok;
  } catch (error) {
    if (!(error instanceof CommanderError)) return await report(error);
    if (error.exitCode === 0) return exitCode.ok;
    // A bare `litevae` has printed its help already.
    if (error.code === "commander.help") return exitCode.usage;
    const commands = program.commands.map((command) => command.name());
    return await report(
      new UsageError(
        usageReport(
          error,
          commands,
          argv.find((word) => commands.includes(word)),
        ),
      ),
    );
  }
}

async function report(thrown: unknown): Promise<number> {
  if (thrown instanceof StoppedError) return exitCode.stopped;
  const error = memoryFault(thrown) ?? missingPackage(thrown) ?? thrown;
  if (error instanceof UserError) {
    const { renderReport } = await import("./render.ts");
    process.stderr.write(error.reports.map((item) => renderReport(item)).join("\n"));
    return error instanceof UsageError ? exitCode.usage : exitCode.wrongInput;
  }
  process.stderr.write(
    `litevae has a bug; please report this with the model that shows it:\n${error instanceof Error ? describe(error) : String(error)}\n`,
  );
  return exitCode.bug;
}

function describe(error: Error): string {
  return (error.stack ?? error.message) + (error.cause instanceof Error ? `\ncaused by ${describe(error.cause)}` : "");
}
