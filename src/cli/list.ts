import type { Command } from "commander";
import type { Environment } from "./environment.ts";

export function addList(program: Command, { builtIns, recipes }: Environment): void {
  program
    .command("list")
    .description("built-in models and training recipes, one line each")
    .action(() => {
      const width = Math.max(...[...Object.keys(builtIns), ...Object.keys(recipes)].map((name) => name.length));
      const print = ([name, { about }]: readonly [string, { readonly about: string }]): void =>
        void process.stdout.write(`${name.padEnd(width)}  ${about}\n`);
      Object.entries(builtIns).forEach(print);
      process.stdout.write("\nrecipes for --recipe\n");
      Object.entries(recipes).forEach(print);
    });
}
