import type { Command } from "commander";
import { choice } from "./options.ts";

export function addList(program: Command): void {
  program
    .command("list")
    .description("built-in models and training recipes, one line each")
    .addOption(choice("--format <format>", "how to print", ["table", "json"] as const).default("table"))
    .action(async ({ format }: { readonly format: "table" | "json" }) => {
      const { builtIns } = await import("../../dsl/models/index.ts");
      const { recipes } = await import("../../dsl/recipes/index.ts");
      if (format === "json") {
        const { jsonText } = await import("../report/format.ts");
        const listed = (all: Readonly<Record<string, { readonly about: string }>>): readonly object[] =>
          Object.entries(all).map(([name, { about }]) => ({ name, about }));
        process.stdout.write(jsonText({ models: listed(builtIns), recipes: listed(recipes) }));
        return;
      }
      const width = Math.max(...[...Object.keys(builtIns), ...Object.keys(recipes)].map((name) => name.length));
      const print = ([name, { about }]: readonly [string, { readonly about: string }]): void =>
        void process.stdout.write(`${name.padEnd(width)}  ${about}\n`);
      Object.entries(builtIns).forEach(print);
      process.stdout.write("\nrecipes for --recipe\n");
      Object.entries(recipes).forEach(print);
    });
}
