/** Where reports go: a file is replaced whole, and what is none stays what it is. */
import { spawn, spawnSync } from "node:child_process";
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { writeReport } from "../../src/cli/write-report.ts";
import { tempFolder } from "../e2e/litevae.ts";

const folder = tempFolder();

test("a link stays a link, to the new text", () => {
  const [file, link] = [join(folder, "report.md"), join(folder, "link.md")];
  writeFileSync(file, "old");
  symlinkSync(file, link);
  writeReport(link, "new");
  expect(lstatSync(link).isSymbolicLink()).toBe(true);
  expect(readFileSync(file, "utf8")).toBe("new");
  expect(readdirSync(folder).sort()).toEqual(["link.md", "report.md"]);
});

test.skipIf(process.platform === "win32")("a pipe is written to, and stays one", async () => {
  const pipe = join(folder, "pipe");
  expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
  const reader = spawn("cat", [pipe]);
  const read = new Promise<string>((resolve) => {
    let text = "";
    reader.stdout.on("data", (chunk: Buffer) => (text += chunk.toString()));
    reader.on("close", () => resolve(text));
  });
  writeReport(pipe, "through");
  expect(await read).toBe("through");
  expect(lstatSync(pipe).isFIFO()).toBe(true);
});
