/** A compile that dies: its folder is whole or says that it is not, and the next compile repairs it. */
// @module-tag slow
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { loadModel } from "../../src/cli/load-model.ts";
import { nodeResources } from "../../src/api/node/resources.ts";
import { OutputFolder } from "../../src/artifact/output-folder.ts";
import { version } from "../../src/ir/version.ts";
import { writeCompiled } from "../../src/artifact/write-compiled.ts";
import { compile, type Chosen, type Compiled } from "../../src/compiler/compile.ts";
import type { Resources } from "../../src/targets/index.ts";
import { onnx } from "../../src/targets/onnx/target.ts";
import { torch } from "../../src/targets/torch/target.ts";
import { optionsOf } from "../../src/targets/target.ts";
import { openCompiled } from "../../src/artifact/compiled-folder.ts";
import { UserError } from "../../src/errors/index.ts";
import { randomOf } from "../support/random.ts";
import { litevae as inProcess } from "./in-process.ts";
import { command, environment, hashes, litevae, manifestOf, root, sha256, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

/** Whether the manifest is there; if so, every file that it lists must be the one that was compiled. */
function isComplete(out: string): boolean {
  if (!existsSync(join(out, "manifest.json"))) return false;
  for (const [name, { bytes, sha256: hash }] of Object.entries(manifestOf(out).files)) {
    const content = readFileSync(join(out, name));
    expect({ name, bytes: content.length, hash: sha256(content) }).toEqual({ name, bytes, hash });
  }
  return true;
}

const refusal = (name: string): string =>
  `error: ${name} is not a complete compile: it has no manifest.json\n  help:     run litevae compile MODEL -o ${name} again\n`;

describe("at every change of the folder", () => {
  /** The steps after which a new folder is complete. */
  const atTheEnd = ["renameSync manifest.json.partial", "rmSync .litevae-unfinished", "rmSync .litevae-lock", "after"];

  /** Runs compile and keeps what the folder holds after every step; returns the steps. */
  function snapshots(out: string, ...flags: readonly string[]): readonly string[] {
    const hook = pathToFileURL(join(root, "test/e2e/snapshots.mjs")).href;
    const { status, stderr } = spawnSync(
      process.execPath,
      ["--import", hook, command, "compile", "tiny.ts", "-o", out, ...flags],
      {
        cwd: folder,
        encoding: "utf8",
        env: { ...environment, SNAPSHOTS_OF: join(folder, out), SNAPSHOTS_IN: join(folder, `${out}-steps`) },
      },
    );
    expect(status, stderr).toBe(0);
    return JSON.parse(readFileSync(join(folder, `${out}-steps/steps.json`), "utf8")) as readonly string[];
  }

  const silent = (): void => undefined;
  const writeInto = async (out: string, compiled: Compiled): Promise<unknown> =>
    await writeCompiled(new OutputFolder(out, { force: false }), compiled, silent);

  /** What `compile tiny.ts` writes, as often as is wanted. */
  async function compiledFor(...targets: readonly Chosen<Resources>[]): Promise<Compiled> {
    const model = await loadModel(join(folder, "tiny.ts"), {});
    const options = { resources: nodeResources(silent), seed: 0, version, progress: silent, note: silent };
    const { files, facts } = await compile(model, { ...options, parts: ["encoder", "decoder"], targets });
    const kept = files.map(({ name, pieces }) => ({
      name,
      content: Buffer.concat([...pieces()].map((piece) => Buffer.from(piece))),
    }));
    return { files: kept.map(({ name, content }) => ({ name, pieces: () => [content] })), facts };
  }

  /** Checks the folder that each step left, and that a compile into it gives what an undisturbed one gives. */
  async function checkAll(
    out: string,
    steps: readonly string[],
  ): Promise<{ readonly complete: readonly string[]; readonly incomplete: readonly string[] }> {
    const compiled = await compiledFor({ target: onnx, options: optionsOf(onnx, {}) });
    const fresh = join(folder, `${out}-fresh`);
    await writeInto(fresh, compiled);
    const expected = hashes(fresh);
    const found = { complete: [] as string[], incomplete: [] as string[] };
    for (const [i, step] of steps.entries()) {
      const left = join(folder, `${out}-steps`, String(i));
      const complete = isComplete(left);
      found[complete ? "complete" : "incomplete"].push(step);
      if (!complete) expect(() => openCompiled(left, [])).toThrow(UserError);
      await writeInto(left, compiled);
      expect(hashes(left), `after ${step}`).toEqual(expected);
    }
    return found;
  }

  test("a new one: complete only when the manifest has its name", async () => {
    const steps = snapshots("new");
    expect(steps).toContain("renameSync manifest.json.partial");
    const { complete, incomplete } = await checkAll("new", steps);
    expect(complete).toEqual(atTheEnd);
    expect(incomplete).toEqual(steps.slice(0, -complete.length));
  });

  test("one of an earlier compile with more files: complete until its manifest goes, and again at the end", async () => {
    const graphs = { target: onnx, options: optionsOf(onnx, { externalData: true }) };
    const { files, facts } = await compiledFor(graphs, { target: torch, options: optionsOf(torch, {}) });
    // A step for every file that goes: one folder of the runtime's stands for all.
    const some = files.filter(({ name }) => !name.includes("/_runtime/") || name.includes("/_runtime/nn/layers/"));
    await writeInto(join(folder, "old"), { files: some, facts });
    const steps = snapshots("old", "--parts", "encoder");
    const { complete, incomplete } = await checkAll("old", steps);
    expect(incomplete[0]).toBe("rmSync manifest.json");
    expect(incomplete).toEqual(
      expect.arrayContaining(["rmSync decoder.onnx.data", "rmSync litevae_tiny/model.py", "rmdirSync litevae_tiny"]),
    );
    expect(incomplete.at(-1)).toBe("writeSync manifest.json.partial");
    expect(complete.slice(-atTheEnd.length)).toEqual(atTheEnd);
  });
});

describe("by SIGKILL at a random moment", () => {
  const seed = Number(process.env["LITEVAE_TEST_SEED"] ?? Math.trunc(Math.random() * 2 ** 31));
  const random = randomOf(seed);
  const kills = 5;
  /** A compile that spends most of its time writing. */
  const wide = `import { block, conv2d, layers, network, type Feature } from "litevae/dsl";
const Wide = block("Wide", () => {
  const { first, second, last } = layers({
    first: conv2d({ in: 3, out: 1024 }),
    second: conv2d({ in: 1024, out: 1024 }),
    last: conv2d({ in: 1024, out: 3 }),
  });
  return (x: Feature<3, 1>) => last(second(first(x)));
});
export default network({ inputs: [{ name: "image", channels: 3 }], block: Wide() });
`;
  const args = ["compile", "wide.ts"] as const;

  /** Runs compile, for so many milliseconds at most. */
  async function compileFor(out: string, milliseconds: number): Promise<void> {
    const child = spawn(process.execPath, [command, ...args, "-o", out], { cwd: folder, env: environment, stdio: "ignore" });
    const timer = setTimeout(() => child.kill("SIGKILL"), milliseconds);
    await new Promise((done) => child.on("exit", done));
    clearTimeout(timer);
  }

  test(`leaves a new folder, or one of an earlier compile, whole or refused (LITEVAE_TEST_SEED=${seed})`, async () => {
    write(folder, { "wide.ts": wide });
    expect((await inProcess(folder, "compile", "tiny.ts", "-o", "earlier", "--external-data")).code).toBe(0);
    const earlier = hashes(join(folder, "earlier"));
    const started = performance.now();
    expect(litevae(folder, ...args, "-o", "whole").code).toBe(0);
    const duration = performance.now() - started;
    const whole = hashes(join(folder, "whole"));
    for (let i = 0; i < kills; i++) {
      const out = join(folder, "killed");
      rmSync(out, { recursive: true, force: true });
      if (i % 2 === 1) cpSync(join(folder, "earlier"), out, { recursive: true });
      // One moment in every part of the time that a compile takes.
      const moment = ((i + (random() + 1) / 2) / kills) * duration;
      await compileFor("killed", moment);
      mkdirSync(out, { recursive: true });
      if (isComplete(out)) {
        const { "manifest.json": manifest = "" } = hashes(out);
        expect([earlier["manifest.json"], whole["manifest.json"]]).toContain(manifest);
      } else {
        expect(await inProcess(folder, "run", "killed", "image.png", "-o", "out")).toEqual({
          code: 1,
          stdout: "",
          stderr: refusal("killed"),
        });
      }
      const again = await inProcess(folder, "compile", "tiny.ts", "-o", "killed", "--external-data");
      expect(again.code, again.stderr).toBe(0);
      expect(hashes(out), `after ${moment} ms`).toEqual(earlier);
    }
  }, 120_000);
});
