/**
 * What the guides show of a terminal is what one shows: blocks that begin with `$ npx litevae …` or `$ python -m …` are run in order, beside the
 * guide's own files and the examples, and the lines below must come; … stands for what is left out.
 */
// @module-tag slow
// @module-tag python
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { describe, expect, test } from "vitest";
import { guideOf, packagesOf, type GuideConsole } from "../../scripts/guides.mjs";
import { litevae } from "../e2e/in-process.ts";
import { environment, root, tempFolder, write } from "../e2e/litevae.ts";
import { pythonPath } from "../support/python.ts";

const names = readdirSync(join(root, "docs")).filter((file) => file.endsWith(".md"));
const guides = ["README.md", ...names.map((name) => `docs/${name}`)].map((guide) => {
  const { files, consoles } = guideOf(readFileSync(join(root, guide), "utf8"));
  return { guide, files, consoles: consoles.map((shown) => ({ ...shown, command: shown.args.join(" ") })) };
});

/** Training that takes minutes on the page takes seconds here. */
const shorter: Readonly<Record<string, readonly string[]>> = {
  "litevae_mine.train": [
    "--set",
    "phases.0.steps=3",
    "phases.0.resolution=32",
    "phases.0.batch=1",
    "phases.0.warmup=1",
    "latent.images=1",
  ],
};

test("the README shows its three jobs", () => {
  expect(guides[0]?.consoles.length).toBeGreaterThanOrEqual(3);
});

test("what is shorter here is in a guide", () => {
  const modules = guides.flatMap(({ consoles }) =>
    consoles.filter(({ program }) => program === "python").map(({ args }) => args[0]),
  );
  expect(modules).toEqual(expect.arrayContaining(Object.keys(shorter)));
});

// A guide that compiles nothing runs packages of other pages, which are not there.
describe.each(guides.filter(({ consoles }) => consoles.some(({ program }) => program === "npx")))(
  "$guide",
  ({ files, consoles }) => {
    const folder = tempFolder();
    write(folder, Object.fromEntries(files.map(({ name, code }) => [name, code])));
    symlinkSync(join(root, "examples"), join(folder, "examples"));
    const packages = packagesOf(consoles).map((path) => join(folder, path));

    async function printed({ program, args }: GuideConsole): Promise<string> {
      if (program === "npx") {
        const { stdout, stderr } = await litevae(folder, ...args);
        return `${stdout}${stderr}`;
      }
      const env = { ...environment, PYTHONPATH: packages.join(delimiter) };
      const { stdout, stderr } = spawnSync(pythonPath(), ["-m", ...args, ...(shorter[args[0] ?? ""] ?? [])], {
        cwd: folder,
        env,
        encoding: "utf8",
      });
      // A progress bar begins its line anew.
      return `${stdout}${stderr}`.replaceAll("\r", "\n");
    }

    test.each(consoles)("$command", async (command) => {
      let rest = await printed(command);
      for (const passage of command.shown.split("…").filter((text) => text.trim() !== "")) {
        expect(rest).toContain(passage);
        rest = rest.slice(rest.indexOf(passage) + passage.length);
      }
    });
  },
);
