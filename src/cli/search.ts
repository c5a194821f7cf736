import { Option, type Command } from "commander";
import type { Note } from "../errors/index.ts";
import type { Variants } from "../ir/model.ts";
import { costNames, settingText, type CostName } from "../report/search.ts";
import { budgetOption, choice, listOf, modelArgument, sizeOption, terminalWidth } from "./options.ts";
import { checkReport, writeReport } from "./write-report.ts";

const formats = ["table", "json", "html"] as const;

interface Flags {
  readonly vary: readonly string[];
  readonly budget: readonly string[];
  readonly size: number;
  readonly measure: boolean;
  readonly more: readonly CostName[];
  readonly format: (typeof formats)[number];
  readonly output?: string;
}

export function addSearch(program: Command): void {
  program
    .command("search")
    .description(
      "variants of a model that fit a budget, and those that no other variant beats in parameters, MACs, activation and latency",
    )
    .argument("<model>", `${modelArgument}; a file declares with searchable what varies`)
    .addOption(
      new Option(
        "--vary <setting=values>",
        "what varies: channels=16..64:16, multipliers=1-2-4/1-2-2; repeatable, or with commas",
      )
        .argParser((text: string, all: readonly string[]) => [...all, text])
        .default([], "nothing"),
    )
    .addOption(budgetOption())
    .addOption(sizeOption)
    .option("--measure", "time the graphs of variants that fit in onnxruntime on the CPU, with untrained weights", false)
    .addOption(
      new Option("--more <list>", `costs of which more is better on the front: ${costNames.join(", ")}`)
        .argParser(listOf("--more", costNames))
        .default([], "none"),
    )
    .addOption(choice("--format <format>", "how to print; html is a page for a browser", formats).default("table"))
    .option("-o, --output <file>", "write to a file instead of stdout")
    .action(async (name: string, flags: Flags) => {
      const { output, format, budget, measure, more, size, vary } = flags;
      if (output !== undefined) checkReport(output);
      const { search } = await import("../api/node/search.ts");
      const { formatSearch, requireFitting } = await import("../report/search.ts");
      const { placeText, renderNotes } = await import("./render.ts");
      const { variantsOf } = await import("../api/search.ts");
      const { loadModel } = await import("./load-model.ts");
      const model = await loadModel(name);
      if (vary.length === 0) process.stderr.write(renderNotes([nothingVaries(variantsOf(model))]));
      const found = await search(model, {
        ...{ vary, size, measure },
        budgets: budget,
        more,
        progress: (doing) => void process.stderr.write(`${doing}\n`),
      });
      const text =
        format === "html"
          ? await (await import("../api/node/pages.ts")).searchPage(found)
          : formatSearch(found, format, output === undefined ? terminalWidth() : undefined, placeText);
      if (output === undefined) process.stdout.write(text);
      else writeReport(output, text);
      requireFitting(found);
    });
}

function nothingVaries({ settings }: Variants): Note {
  const [name = "", value = 0] = Object.entries(settings)[0] ?? [];
  return {
    what: "nothing varies: the model is counted as it is",
    found: Object.keys(settings).join(", "),
    help: `say what varies, such as --vary ${name}=${settingText(value)}/…`,
  };
}
