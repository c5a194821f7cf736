import { Option, type Command } from "commander";
import type { Model } from "../ir/model.ts";
import type { Budget } from "../report/budget.ts";
import type { ModelCounts } from "../report/count.ts";
import { reportFormats, type ReportFormat } from "../report/format.ts";
import { choice, latentOption, sizeOption } from "./options.ts";
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
    .addOption(
      new Option("--budget <part=limit>", "limit such as encoder=7M, decoder.macs=300G or encoder.activation=512MiB; repeatable")
        .argParser((text: string, all: readonly string[]) => [...all, text])
        .default([], "none"),
    )
    .addOption(choice("--format <format>", "how to print; html is a page for a browser", formats).default("table"))
    .option("-o, --output <file>", "write to a file instead of stdout")
    .action(async (names: readonly string[], flags: Flags) => {
      const { budgetError, checkBudgets, checkParts, parseBudget } = await import("../report/budget.ts");
      const { countModel } = await import("../report/count.ts");
      const { renderReport } = await import("./render.ts");
      const { loadModel } = await import("./load-model.ts");
      const { builtIns } = await import("../../dsl/models/index.ts");
      const budgets = flags.budget.map(parseBudget);
      const loaded: Model[] = [];
      for (const name of names)
        loaded.push(await loadModel(name, { latentChannels: latentFor(name, names, flags, Object.keys(builtIns)) }));
      const named = toldApart(loaded, names);
      checkParts(
        named.flatMap(({ parts }) => parts.map((part) => part.name)),
        budgets,
      );
      const models = named.map((model) => countModel(model, flags.size));
      const text = await comparison(named, models, budgets, flags.format);
      if (flags.output === undefined) process.stdout.write(text);
      else writeReport(flags.output, text);
      process.stderr.write(models.flatMap(({ notes }) => notes.map((note) => renderReport(note, "note"))).join(""));
      const violations = checkBudgets(models, budgets);
      if (violations.length > 0) throw budgetError(violations);
    });
}

async function comparison(
  models: readonly Model[],
  counts: readonly ModelCounts[],
  budgets: readonly Budget[],
  format: Format,
): Promise<string> {
  if (format !== "html") return (await import("../report/compare.ts")).formatComparison(counts, { format, budgets });
  const { comparisonPage } = await import("../report/html/compare/page.ts");
  const { paperModels, shownFigures } = await import("../report/html/paper.ts");
  const { builtIns } = await import("../../dsl/models/index.ts");
  const { latentChannels } = paperModels;
  const published = shownFigures().flatMap(({ builtIn }) => {
    const model = builtIns[builtIn]?.build({ latentChannels });
    return model === undefined ? [] : [[builtIn, model] as const];
  });
  const compared = models.flatMap((model, i) => {
    const counted = counts[i];
    return counted === undefined ? [] : [{ model, counts: counted }];
  });
  return await comparisonPage({ models: compared, budgets, published: new Map(published) });
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
