/** `check --watch`: one process that checks again when the model's file changes. */
// @module-tag slow
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { environment, root, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

test("a mistake that is saved is told, also in a new folder, and so is that it is gone", async () => {
  const folder = tempFolder();
  write(folder, { "tiny.ts": tinyModel });
  const command = join(root, "dist/bin/litevae.js");
  const watching = spawn(process.execPath, [command, "check", "tiny.ts", "--watch"], { cwd: folder, env: environment });
  let said = "";
  for (const stream of [watching.stdout, watching.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  /** What comes before the text that it ends with. */
  const until = async (text: string): Promise<void> => {
    const end = Date.now() + 60_000;
    while (!said.includes(text)) {
      expect(watching.exitCode, said).toBeNull();
      expect(Date.now(), said).toBeLessThan(end);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    said = "";
  };
  try {
    await until("tiny: types and shapes are right\n");
    write(folder, { "tiny.ts": tinyModel.replace("padding: 0", "pading: 0") });
    await until("'pading' does not exist");
    write(folder, {
      // A folder that was not there when the watch began.
      "blocks/wide.ts": "export const width = 8;\n",
      "tiny.ts": `import { width } from "./blocks/wide.ts";\n${tinyModel.replace("out: 8,", "out: width,")}`,
    });
    await until("tiny: types and shapes are right\n");
    write(folder, { "blocks/wide.ts": "export const width: number = '8';\n" });
    await until("Type 'string' is not assignable to type 'number'");
  } finally {
    watching.kill();
    await once(watching, "exit");
  }
});

test("what is in no file does not change", async () => {
  const { code, stderr } = await litevae(root, "check", "b", "--watch");
  expect([code, stderr]).toEqual([
    1,
    "error: --watch is for models in files\n  found:    b\n  help:     leave it out: this one does not change\n",
  ]);
});
