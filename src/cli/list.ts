import type { Command } from "commander";
import type { Listed } from "../api/list.ts";
import { choice } from "./options.ts";

export function addList(program: Command): void {
  program
    .command("list")
    .description("built-in models and training recipes, one line each")
    .addOption(choice("--format <format>", "how to print", ["table", "json"] as const).default("table"))
    .action(async ({ format }: { readonly format: "table" | "json" }) => {
      const { list } = await import("../api/list.ts");
      const { jsonText } = await import("../report/format.ts");
      const { models, recipes } = list();
      const width = Math.max(...[...models, ...recipes].map(({ name }) => name.length));
      const lines = (all: readonly Listed[]): string =>
        all.map(({ name, about }) => `${name.padEnd(width)}  ${about}\n`).join("");
      const table = `${lines(models)}\nrecipes for --recipe\n${lines(recipes)}`;
      process.stdout.write(format === "json" ? jsonText({ models, recipes }) : table);
    });
}
