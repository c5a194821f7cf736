import type { Command } from "commander";

interface Flags {
  readonly output?: string;
}

export function addReport(program: Command): void {
  program
    .command("report")
    .description("a training run as one page: losses, images, recipe, and what was measured")
    .argument("<run>", "folder that the trainer wrote")
    .option("-o, --output <file>", "where the page goes; report.html in the run's folder by default")
    .action(async (folder: string, { output }: Flags) => {
      const { join } = await import("node:path");
      const { report } = await import("../api/node/pages.ts");
      const { checkReport, writeReport } = await import("./write-report.ts");
      const { renderNotes } = await import("./render.ts");
      const file = output ?? join(folder, "report.html");
      if (output !== undefined) checkReport(output);
      const { html, notes } = await report(folder);
      writeReport(file, html);
      process.stderr.write(renderNotes(notes));
      process.stdout.write(`${file}\n`);
    });
}
