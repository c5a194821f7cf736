import type { Command } from "commander";
import type { Model } from "../ir/model.ts";
import { reportFormats, type ReportFormat } from "../report/format.ts";
import { budgetOption, choice, latentOption, sizeOption, terminalWidth } from "./options.ts";
import { writeReport } from "./write-report.ts";

const formats = [...reportFormats, "html"] as const;
type Format = ReportFormat | "html";

interface Flags {
  readonly size: number;
  readonly latent?: number;
  readonly budget: readonly string[];
  readonly format: Format;
  readonly output?: string;
}

export function addCompare(program: Command): void {
  program
    .command("compare")
    .description("costs of models side by side, against a budget; of two models also the modules that differ")
    .argument("<models...>", "built-in names, as litevae list has them, or .ts, .mts, .js or .mjs files")
    .addOption(sizeOption)
    .addOption(latentOption)
    .addOption(budgetOption())
    .addOption(choice("--format <format>", "how to print; html is a page for a browser", formats).default("table"))
    .option("-o, --output <file>", "write to a file instead of stdout")
    .action(async (names: readonly string[], flags: Flags) => {
      const { compare, comparisonText, requireBudgets } = await import("../api/count.ts");
      const { parseBudget } = await import("../report/budget.ts");
      const { renderNotes } = await import("./render.ts");
      const { loadModel } = await import("./load-model.ts");
      const { builtInNames } = await import("../api/built-in.ts");
      // What is wrong with the command line is told before anything is loaded.
      const budgets = flags.budget.map(parseBudget);
      const loaded: Model[] = [];
      for (const name of names)
        loaded.push(await loadModel(name, { latentChannels: latentFor(name, names, flags, builtInNames) }));
      const models = toldApart(loaded, names);
      const comparison = await compare(models, { size: flags.size, budgets });
      const text =
        flags.format === "html"
          ? await (await import("../api/node/pages.ts")).comparisonPage(models, comparison)
          : comparisonText(comparison, flags.format, flags.output === undefined ? terminalWidth() : undefined);
      if (flags.output === undefined) process.stdout.write(text);
      else writeReport(flags.output, text);
      process.stderr.write(renderNotes(comparison.notes));
      if (budgets.length > 0) requireBudgets(comparison);
    });
}

/** Models of one name are called what the command line calls them: a path, such as `a/model.ts`. */
function toldApart(models: readonly Model[], names: readonly string[]): readonly Model[] {
  const taken = (name: string): boolean => models.filter((other) => other.name === name).length > 1;
  return models.map((model, i) => (taken(model.name) ? { ...model, name: names[i] ?? model.name } : model));
}

/** `--latent` is for the built-in models among those compared; alone with files it is an error, which the loader reports. */
function latentFor(name: string, names: readonly string[], { latent }: Flags, builtIns: readonly string[]): number | undefined {
  const someBuiltIn = names.some((other) => builtIns.includes(other));
  return builtIns.includes(name) || !someBuiltIn ? latent : undefined;
}
