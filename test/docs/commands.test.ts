/**
 * Every `npx litevae …` of the guides' blocks of commands runs, page by page, where what they name is there: `b` is a model of a few hundred parameters when it is
 * compiled, IMAGES and photos are two small images, RUN has its weights. docs/migrating.md has a test of its own; the commands of Python are not run here.
 */
// @module-tag slow
// @module-tag python
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { guideOf } from "../../scripts/guides.mjs";
import { litevae } from "../e2e/in-process.ts";
import { environment, root, litevae as start, tempFolder, write } from "../e2e/litevae.ts";
import { writeRun } from "../report-html/run-folder.ts";
import { commands, notRun, pages } from "./pages.ts";

const folder = tempFolder();
const models = ["s.ts", "b.ts", "m.ts", "l.ts", "mine.ts", "my-model.ts"];
const ours = commands.filter(
  ({ guide, command }) => guide !== "docs/migrating.md" && !notRun.some(([pattern]) => pattern.test(command)),
);
// One folder for all pages: what others read is compiled first, and graphs last, which a package alone would replace.
const turn = (command: string): number => (!command.includes(" compile ") ? 2 : command.includes("--target torch") ? 0 : 1);
const lines = [...new Set(ours.map(({ command }) => command))]
  .filter((command) => command.startsWith("npx litevae "))
  .sort((a, b) => turn(a) - turn(b));

/** What takes seconds at a size and a number of repeats that take none; the pages' folders are one here, in which weights may be trained ones. */
const shorter: Readonly<Record<string, readonly string[]>> = {
  compile: ["--force"],
  bench: ["--size", "16", "--repeats", "2", "--seconds", "0", "--provider", "cpu"],
  encode: ["--size", "32"],
};

beforeAll(async () => {
  const distil = guideOf(pages.find(({ guide }) => guide === "docs/distillation.md")?.text ?? "").files;
  const tiny = readFileSync(join(root, "test/training/models/tiny.ts"), "utf8");
  write(folder, {
    ...Object.fromEntries(distil.map(({ name, code }) => [name, code])),
    ...Object.fromEntries(models.map((name) => [name, tiny])),
  });
  cpSync(join(root, "examples/searchable.ts"), join(folder, "model.ts"));
  symlinkSync(join(root, "examples"), join(folder, "examples"));
  for (const name of ["photos", "IMAGES"]) {
    mkdirSync(join(folder, name));
    for (const side of [40, 48])
      await sharp(join(root, "examples/photos/rocket.jpg"))
        .resize(side, 40)
        .png()
        .toFile(join(folder, name, `${side}.png`));
  }
  cpSync(join(folder, "photos/48.png"), join(folder, "photo.jpg"));
  await writeRun(join(folder, "RUN"));
  const compiled = await litevae(folder, "compile", "b.ts", "-o", "first");
  expect(compiled.code, compiled.stderr).toBe(0);
  cpSync(join(folder, "first/model.safetensors"), join(folder, "RUN/model.safetensors"));
  cpSync(join(folder, "first/config.json"), join(folder, "RUN/config.json"));
});

/** Threads and processes of the built command line are not those of its sources. */
const built = /^npx litevae (?:bench|encode) /;

/** Where it costs seconds to compile LiteVAE, or to draw it, a small model has its name. */
function standIn(command: string): readonly string[] {
  const [name = "", ...words] = command.split(/\s+/).slice(2);
  const small = name === "compile" || command.includes("--format html");
  return [name, ...words.map((word) => (small && models.includes(`${word}.ts`) ? `${word}.ts` : word)), ...(shorter[name] ?? [])];
}

describe("commands", () => {
  test("are there to be run", () => {
    expect(lines.length).toBeGreaterThan(30);
  });
  test.each(lines)("%s", async (command) => {
    const args = standIn(command);
    const { code, stderr } = built.test(command) ? start(folder, ...args) : await litevae(folder, ...args);
    // Budgets that b and sd-vae do not keep are told by the exit code, as the pages say.
    expect(code, stderr).toBe(stderr.includes("over the budget") ? 1 : 0);
  });
});

test("what the tutorial does with folders", () => {
  const inShell = ours.filter(({ guide, command }) => guide === "docs/tutorial.md" && /^(?:mkdir|cd|cp) /.test(command));
  expect(inShell.length).toBeGreaterThan(3);
  const clone = join(folder, "clone");
  mkdirSync(clone);
  symlinkSync(join(root, "examples"), join(clone, "examples"));
  const script = inShell.map(({ command }) => command).join("\n");
  const { status, stderr } = spawnSync("sh", ["-ec", script], { cwd: clone, env: environment, encoding: "utf8" });
  expect(status, stderr).toBe(0);
  expect(existsSync(join(clone, "my-autoencoder/examples/photos/rocket.jpg"))).toBe(true);
});
