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
      const { readRun } = await import("../report/html/run/read.ts");
      const { runPage } = await import("../report/html/run/page.ts");
      const { packageName } = await import("../targets/torch/names.ts");
      const { checkReport, writeReport } = await import("./write-report.ts");
      const { renderReport } = await import("./render.ts");
      const run = await readRun(folder);
      const file = output ?? join(folder, "report.html");
      checkReport(file);
      const model = run.config?.["model"];
      writeReport(file, await runPage(run, typeof model === "string" ? packageName(model) : "PACKAGE"));
      process.stderr.write(run.notes.map((note) => renderReport(note, "note")).join(""));
      process.stdout.write(`${file}\n`);
    });
}
