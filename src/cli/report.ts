import type { Command } from "commander";
import type { Note } from "../errors/index.ts";
import { choice } from "./options.ts";

const formats = ["text", "json"] as const;

interface Flags {
  readonly output?: string;
  readonly format: (typeof formats)[number];
}

/** What `litevae report --format json` prints. */
export interface WrittenPage {
  /** The page's file. */
  readonly page: string;
  /** What could not be read, and is not on the page. */
  readonly notes: readonly Note[];
}

export function addReport(program: Command): void {
  program
    .command("report")
    .description("a training run as one page: losses, images, recipe, and what was measured")
    .argument("<run>", "folder that the trainer wrote")
    .option("-o, --output <file>", "where the page goes; report.html in the run's folder by default")
    .addOption(choice("--format <format>", "how to print", formats).default("text"))
    .action(async (folder: string, { output, format }: Flags) => {
      const { join } = await import("node:path");
      const { report } = await import("../api/node/pages.ts");
      const { checkReport, writeReport } = await import("./write-report.ts");
      const { jsonText } = await import("../report/format.ts");
      const { renderNotes } = await import("./render.ts");
      const file = output ?? join(folder, "report.html");
      if (output !== undefined) checkReport(output);
      const { html, notes } = await report(folder);
      writeReport(file, html);
      process.stderr.write(renderNotes(notes));
      const written: WrittenPage = { page: file, notes };
      process.stdout.write(format === "json" ? jsonText(written) : `${file}\n`);
    });
}
