/** What people are told when an output folder is wrong, busy or holds what would be lost; and that nothing was changed. */
// @module-tag slow
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compiledTiny, litevae } from "./in-process.ts";
import { command, environment, hashes, manifestOf, write } from "./litevae.ts";

const { folder, compiled, wrong } = compiledTiny();

describe("the output folder (exit code 1)", () => {
  test("one that holds foreign files is refused and not changed", async () => {
    write(folder, { "foreign/notes.txt": "mine", "foreign/data/a.csv": "1,2" });
    const before = hashes(join(folder, "foreign"));
    expect(await wrong("compile", "tiny.ts", "-o", "foreign")).toMatchInlineSnapshot(`
      "
      error: foreign holds files that no compile wrote
        expected: an empty folder, a new one, or that of an earlier compile
        found:    notes.txt, data/a.csv
        help:     give another -o, or --force to write among them: they stay, unless compile writes a file of that name
      "
    `);
    expect(hashes(join(folder, "foreign"))).toEqual(before);
  });
  test("--force writes among foreign files and keeps them", async () => {
    write(folder, { "forced/notes.txt": "mine" });
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "forced", "--force")).code).toBe(0);
    expect(readdirSync(join(folder, "forced"))).toEqual([
      "client.d.ts",
      "client.js",
      "config.json",
      "decoder.onnx",
      "encoder.onnx",
      "manifest.json",
      "model.safetensors",
      "notes.txt",
      "package.json",
      "worker.js",
    ]);
    expect(readFileSync(join(folder, "forced/notes.txt"), "utf8")).toBe("mine");
    expect(Object.keys(manifestOf(join(folder, "forced")).files)).not.toContain("notes.txt");
  });
  test("what an earlier compile wrote and this one does not goes, and is said", async () => {
    const compile = async (...flags: readonly string[]): Promise<string> => {
      const { code, stderr } = await litevae(folder, "compile", "tiny.ts", "-o", "shrinking", ...flags);
      expect(code, stderr).toBe(0);
      return stderr;
    };
    const removing = "tiny: removing what an earlier compile wrote and this one does not: ";
    expect(await compile("--external-data", "--parts", "encoder,decoder")).not.toContain("removing");
    expect(await compile()).toContain(`${removing}decoder.onnx.data, encoder.onnx.data\n`);
    expect(await compile()).not.toContain("removing");
    expect(await compile("--parts", "encoder")).toContain(`${removing}decoder.onnx\n`);
    expect(await compile("--target", "torch")).toContain(
      `${removing}client.d.ts, client.js, encoder.onnx, package.json, worker.js\n`,
    );
    expect(existsSync(join(folder, "shrinking/encoder.onnx"))).toBe(false);
    expect(await compile("--target", "onnx")).toMatch(
      /this one does not: README\.md, pyproject\.toml, litevae_tiny\/ \(\d+ files\)\n/,
    );
  });
  test("a manifest.json of another program is a foreign file", async () => {
    write(folder, { "web/manifest.json": '{"name":"a web app"}' });
    expect(await wrong("compile", "tiny.ts", "-o", "web")).toMatchInlineSnapshot(`
      "
      error: web holds files that no compile wrote
        expected: an empty folder, a new one, or that of an earlier compile
        found:    manifest.json
        help:     give another -o, or --force to write among them: they stay, unless compile writes a file of that name
      "
    `);
    expect(readFileSync(join(folder, "web/manifest.json"), "utf8")).toBe('{"name":"a web app"}');
  });
  test("a file", async () => {
    write(folder, { file: "mine" });
    expect(await wrong("compile", "tiny.ts", "-o", "file")).toMatchInlineSnapshot(`
      "
      error: file is a file
        expected: a folder, or a name that is free
        help:     give another -o
      "
    `);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("mine");
  });
  test("one that cannot be made", async () => {
    write(folder, { file: "mine" });
    expect(await wrong("compile", "tiny.ts", "-o", "file/below")).toMatchInlineSnapshot(`
      "
      error: cannot write to file/below
        found:    ENOTDIR: not a directory, mkdir 'file/below'
        help:     choose a folder that can be written and has room
      "
    `);
  });
  test.runIf(existsSync("/proc/self"))("one below a folder that refuses to hold others", async () => {
    expect(await wrong("compile", "tiny.ts", "-o", "/proc/below/it")).toMatchInlineSnapshot(`
      "
      error: cannot write to /proc/below/it
        found:    ENOENT: no such file or directory, mkdir '/proc/below'
        help:     choose a folder that can be written and has room
      "
    `);
  });
  test("a folder in the place of a file", async () => {
    mkdirSync(join(folder, "blocked/encoder.onnx"), { recursive: true });
    expect(await wrong("compile", "tiny.ts", "-o", "blocked", "--force")).toMatchInlineSnapshot(`
      "
      tiny: writing encoder.onnx
      error: cannot write to blocked/encoder.onnx
        found:    EISDIR: illegal operation on a directory, rename 'blocked/encoder.onnx.partial' -> 'blocked/encoder.onnx'
        help:     choose a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "blocked"))).not.toContain("manifest.json");
  });
  test.runIf(existsSync("/dev/full"))("one on a disk that is full; it is used again when there is room", async () => {
    mkdirSync(join(folder, "full"));
    symlinkSync("/dev/full", join(folder, "full/decoder.onnx.partial"));
    expect(await wrong("compile", "tiny.ts", "-o", "full", "--force")).toMatchInlineSnapshot(`
      "
      tiny: writing encoder.onnx
      tiny: writing decoder.onnx
      error: cannot write to full/decoder.onnx
        found:    ENOSPC: no space left on device, write
        help:     choose a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "full"))).not.toContain("manifest.json");
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "full")).code).toBe(0);
    expect(hashes(join(folder, "full"))).toEqual(hashes(compiled));
  });
});

describe("a folder that another compile is writing (exit code 1)", () => {
  test("is refused while that process lives, and taken over when it has died", async () => {
    const target = join(folder, "busy");
    cpSync(compiled, target, { recursive: true });
    const lock = join(target, ".litevae-lock");
    const before = hashes(target);
    // The tests' parent lives as long as they do.
    writeFileSync(lock, `${process.ppid} ${target}`);
    expect((await wrong("compile", "tiny.ts", "-o", "busy")).replace(String(process.ppid), "<pid>")).toMatchInlineSnapshot(`
      "
      error: busy is being written by another compile
        found:    process <pid>
        help:     wait until it has ended, or give another -o; if that process is no compile, remove busy/.litevae-lock
      "
    `);
    rmSync(lock);
    expect(hashes(target)).toEqual(before);

    const { pid } = spawnSync(process.execPath, ["--version"]);
    writeFileSync(lock, `${pid} ${target}`);
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "busy")).code).toBe(0);
    expect(readdirSync(target)).not.toContain(".litevae-lock");
  });
  test("is whole after two compiles at once, whichever comes first", async () => {
    const run = (seed: number): Promise<number | null> =>
      new Promise((done) => {
        const child = spawn(process.execPath, [command, "compile", "tiny.ts", "-o", "twice", "--seed", String(seed)], {
          cwd: folder,
          env: environment,
          stdio: "ignore",
        });
        child.on("close", done);
      });
    const codes = await Promise.all([run(1), run(2)]);
    expect(codes).toContain(0);
    expect((await litevae(folder, "verify", "twice")).code).toBe(0);
  });
});

describe("a folder of trained weights (exit code 1)", () => {
  const target = join(folder, "trained");
  beforeAll(async () => {
    cpSync(join(compiled, "model.safetensors"), join(folder, "run.safetensors"));
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "trained", "--weights", "run.safetensors")).code).toBe(0);
  });
  /** Compiles into the folder, which must stay as it is. */
  async function kept(...flags: readonly string[]): Promise<string> {
    const before = hashes(target);
    const message = await wrong("compile", "tiny.ts", "-o", "trained", ...flags);
    expect(hashes(target)).toEqual(before);
    return message;
  }

  test("is not compiled over without weights", async () => {
    expect(await kept()).toMatchInlineSnapshot(`
      "
      error: trained holds trained weights, and this compile has none to put in their place
        expected: --weights
        found:    trained/model.safetensors, trained, of tiny
        help:     compile with --weights trained/model.safetensors to keep them, give another -o, or --force to replace them by untrained ones
      "
    `);
  });
  test("is not compiled out of itself with fewer parts", async () => {
    expect(await kept("--parts", "decoder", "--weights", "trained/model.safetensors")).toMatchInlineSnapshot(`
      "
      error: trained/model.safetensors is compiled into its own folder without all of its parts
        expected: encoder, decoder
        found:    decoder
        help:     add encoder to --parts, give another -o, or --force to drop those weights
      "
    `);
  });
  test("takes its own weights, those of another file for fewer parts, and --force", async () => {
    const compile = async (...flags: readonly string[]): Promise<Record<string, number | string | undefined>> => {
      const { code, stderr } = await litevae(folder, "compile", "tiny.ts", "-o", "trained", ...flags);
      expect(code, stderr).toBe(0);
      return manifestOf(target).weights;
    };
    const { file_sha256 } = await compile("--weights", "trained/model.safetensors", "--target", "onnx,torch");
    expect(await compile("--weights", "run.safetensors", "--parts", "encoder")).toEqual({ file_sha256 });
    expect(await compile("--force")).toEqual({ seed: 0 });
    expect(await compile("--seed", "3")).toEqual({ seed: 3 });
  });
});
