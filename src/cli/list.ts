import type { Command } from "commander";

export function addList(program: Command): void {
  program
    .command("list")
    .description("built-in models and training recipes, one line each")
    .action(async () => {
      const { builtIns } = await import("../../dsl/models/index.ts");
      const { recipes } = await import("../../dsl/recipes/index.ts");
      const width = Math.max(...[...Object.keys(builtIns), ...Object.keys(recipes)].map((name) => name.length));
      const print = ([name, { about }]: readonly [string, { readonly about: string }]): void =>
        void process.stdout.write(`${name.padEnd(width)}  ${about}\n`);
      Object.entries(builtIns).forEach(print);
      process.stdout.write("\nrecipes for --recipe\n");
      Object.entries(recipes).forEach(print);
    });
}
