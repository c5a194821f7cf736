import type { Command } from "commander";
import type { Environment } from "./environment.ts";

export function addList(program: Command, { builtIns }: Environment): void {
  program
    .command("list")
    .description("built-in models, one line each")
    .action(() => {
      for (const [name, { about }] of Object.entries(builtIns)) process.stdout.write(`${name.padEnd(10)} ${about}\n`);
    });
}
