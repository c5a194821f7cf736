/** `litevae encode` of a tiny model: killed, stopped, begun again, and refused. */
import { spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { opened, sealed } from "../../src/artifact/sealed.ts";
import { tensorIn, writeImage } from "./encoding.ts";
import { failure, litevae } from "./in-process.ts";
import { command, environment, hashes, root, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();
const options = ["--size", "16", "--shard-images", "2", "--batch", "2", "--workers", "0", "--threads", "1"] as const;
const encode = (out: string, ...more: readonly string[]): readonly string[] => [
  "encode",
  "tiny",
  "set",
  "-o",
  out,
  ...options,
  ...more,
];

/** The hashes of latents, without the log of how long it took. */
function contents(out: string): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(hashes(join(folder, out))).filter(([name]) => name !== "encode.jsonl"));
}

interface Manifest {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly images: number;
  readonly corrupt: readonly { readonly position: number; readonly name: string; readonly reason: string }[];
  readonly latent: Readonly<Record<string, unknown>>;
}
const manifest = (out: string): Manifest => JSON.parse(readFileSync(join(folder, out, "manifest.json"), "utf8")) as Manifest;

const image = (name: string, shade: number, width?: number, height?: number): Promise<void> =>
  writeImage(folder, name, shade, width, height);

beforeAll(async () => {
  write(folder, { "tiny.ts": tinyModel });
  expect((await litevae(folder, "compile", "tiny.ts", "-o", "tiny")).code).toBe(0);
});

beforeEach(async () => {
  rmSync(join(folder, "set"), { recursive: true, force: true });
  for (let i = 0; i < 3; i++) await image(`set/${i}.png`, 7 + i);
});

describe("by SIGKILL", () => {
  test("before any file has its name, the same command goes on to the same bytes", async () => {
    expect((await litevae(folder, ...encode("whole"))).code).toBe(0);
    const hook = pathToFileURL(join(root, "test/e2e/killing.mjs")).href;
    let moment = 0;
    for (;;) {
      moment++;
      rmSync(join(folder, "killed"), { recursive: true, force: true });
      const env = { ...environment, KILLED_AT: String(moment) };
      const { signal, status } = spawnSync(process.execPath, ["--import", hook, command, ...encode("killed")], {
        cwd: folder,
        env,
      });
      if (signal === null) {
        expect(status).toBe(0);
        break;
      }
      expect([signal, existsSync(join(folder, "killed/manifest.json"))]).toEqual(["SIGKILL", false]);
      const again = await litevae(folder, ...encode("killed"));
      expect(again.code, again.stderr).toBe(0);
      expect(contents("killed"), `killed at ${moment}`).toEqual(contents("whole"));
    }
    // The settings, two files with what is known of each, and the manifest.
    expect(moment - 1).toBe(6);
  });

  test.each([
    ["SIGINT", 130, /\nstopped: the same command continues\n$/],
    // Without a listener it opens Node's inspector.
    ["SIGUSR1", 75, /\nstopped by SIGUSR1: \d+ of 32 files are there; the same command continues\n$/],
  ] as const)("%s ends with %i, and what was whole stays", async (signal, expected, message) => {
    for (let i = 0; i < 60; i++) await image(`set/${String(i).padStart(3, "0")}.png`, 11 + i);
    rmSync(join(folder, "stopped"), { recursive: true, force: true });
    const threads = [...encode("stopped"), "--workers", "1"];
    const child = spawn(process.execPath, [command, ...threads], {
      cwd: folder,
      env: environment,
      stdio: ["ignore", "ignore", "pipe"],
    });
    let [told, sent] = ["", false];
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
    const watch = setInterval(() => {
      if (sent || !existsSync(join(folder, "stopped/parts/00000.json"))) return;
      sent = child.kill(signal);
    }, 1);
    const code = await new Promise((resolve) => child.on("close", resolve));
    clearInterval(watch);
    expect([code, told]).toEqual([expected, expect.stringMatching(message)]);
    expect(readdirSync(join(folder, "stopped"))).not.toContain(".litevae-lock");
    const made = readdirSync(join(folder, "stopped/parts")).filter((name) => /^\d+\.json$/.test(name)).length;
    const { stderr } = await litevae(folder, ...threads, "--workers", "0");
    expect(stderr).toContain(`${made} of 32 files are there already\n`);
    rmSync(join(folder, "undisturbed"), { recursive: true, force: true });
    expect((await litevae(folder, ...encode("undisturbed"))).code).toBe(0);
    expect(contents("stopped")).toEqual(contents("undisturbed"));
  });

  test.each(["SIGTERM", "SIGUSR2", "SIGHUP", "SIGXCPU"] as const)("%s ends with 75 after a file", async (signal) => {
    rmSync(join(folder, "asked"), { recursive: true, force: true });
    const watch = setInterval(() => {
      if (process.listenerCount(signal) > 0) process.emit(signal, signal);
    }, 1);
    const { code, stderr } = await litevae(folder, ...encode("asked"), "--threads", "1");
    clearInterval(watch);
    expect(code, stderr).toBe(75);
    expect(stderr).toMatch(new RegExp(`\nstopped by ${signal}: [01] of 2 files are there; the same command continues\n$`));
    expect(process.listenerCount(signal)).toBe(0);
    const again = await litevae(folder, ...encode("asked"), "--threads", "2");
    expect(again.code).toBe(0);
    expect(again.stderr.includes("note: existing files were made with 1 thread, and new ones with 2 (--threads): ")).toBe(
      stderr.includes("1 of 2"),
    );
  });
});

describe("a folder that holds latents", () => {
  beforeEach(async () => {
    rmSync(join(folder, "latents"), { recursive: true, force: true });
    expect((await litevae(folder, ...encode("latents"))).code).toBe(0);
  });

  test("is left as it is where they are these", async () => {
    const { stdout, stderr } = await litevae(folder, ...encode("latents"));
    expect(stderr).toMatch(/\nlatents holds these latents already\n$/);
    expect(stdout).toMatch(/^latents: mean and logvar \[4, 4, 4\] of 3 images, float32, in 2 files\nkey \w{64}\n/);
    expect(stdout).not.toContain("waiting for data");
  });

  test.each([true, false])("is refused where they are others, with what differs (finished: %s)", async (isFinished) => {
    if (!isFinished) {
      mkdirSync(join(folder, "latents/parts"));
      renameSync(join(folder, "latents/manifest.json"), join(folder, "latents/parts/settings.json"));
    }
    const before = contents("latents");
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "other", "--seed", "1")).code).toBe(0);
    const size = await failure(folder, 1, ...encode("latents"), "--size", "20", "--flip");
    expect(size).toMatch(
      /error: latents holds latents of another encoding\n.*\n.*\n {12}flip: false → true\n {12}size: 16 → 20\n/,
    );
    const weights = await failure(folder, 1, "encode", "other", "set", "-o", "latents", ...options);
    expect(weights).toMatch(/\n {12}graph_sha256: \w{12}… → \w{12}…\n {12}weights_sha256: \w{12}… → \w{12}…\n/);
    await image("set/0.png", 99);
    expect(await failure(folder, 1, ...encode("latents"))).toMatch(
      /\n {2}found: {4}(?:sizes and )?contents of images with the same names have changed\n/,
    );
    await image("set/3.png", 9);
    const more = await failure(folder, 1, ...encode("latents"));
    expect(more).toContain("error: latents holds latents of other images\n  expected: the 3 images of set, as they were\n");
    expect(more).toContain("found:    3 images were there, now 4 are\n");
    expect(contents("latents")).toEqual(before);
  });

  test("has a file that was damaged since made again", async () => {
    const whole = contents("latents");
    const parts = join(folder, "latents/parts");
    rmSync(join(folder, "latents"), { recursive: true });
    // Killed before the manifest had its name.
    const hook = pathToFileURL(join(root, "test/e2e/killing.mjs")).href;
    const env = { ...environment, KILLED_AT: "6" };
    spawnSync(process.execPath, ["--import", hook, command, ...encode("latents")], { cwd: folder, env });
    expect(readdirSync(parts).sort()).toEqual(["00000.json", "00001.json", "settings.json"]);
    const damaged = join(folder, "latents/latents-00001.safetensors");
    writeFileSync(damaged, Buffer.concat([readFileSync(damaged).subarray(0, -1), Buffer.from([1])]));
    const { stderr } = await litevae(folder, ...encode("latents"));
    expect(stderr).toContain("1 of 2 files are there already\n");
    expect(contents("latents")).toEqual(whole);
  });

  test("has files that it lost or that were damaged since it was finished made anew", async () => {
    const whole = contents("latents");
    const [lost, damaged] = ["0", "1"].map((number) => join(folder, `latents/latents-0000${number}.safetensors`)) as [
      string,
      string,
    ];
    rmSync(lost);
    writeFileSync(damaged, Buffer.concat([readFileSync(damaged).subarray(0, -1), Buffer.from([1])]));
    const { code, stderr } = await litevae(folder, ...encode("latents"));
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining("\n2 of 2 files in latents are missing or damaged, and made anew\n"),
    ]);
    expect(contents("latents")).toEqual(whole);
    // Of another file's bytes the manifest would not be true.
    rmSync(lost);
    const manifestFile = join(folder, "latents/manifest.json");
    const { shards, ...rest } = opened(readFileSync(manifestFile, "utf8")) as { shards: { sha256: string }[] };
    const [first, ...others] = shards;
    writeFileSync(manifestFile, sealed({ ...rest, shards: [{ ...first, sha256: "0".repeat(64) }, ...others] }));
    expect(await failure(folder, 1, ...encode("latents"))).toMatch(
      /error: latents\/latents-00000\.safetensors cannot be made anew as it was\n {2}expected: SHA-256 0{64}, .*\n {2}found: {4}SHA-256 \w{64}: its last bits/,
    );
    expect(existsSync(lost)).toBe(false);
  });

  test("is written by one command at a time", async () => {
    write(folder, { "latents/.litevae-lock": `${process.ppid} ${join(folder, "latents")}` });
    expect(await failure(folder, 1, ...encode("latents"))).toMatch(
      /error: latents is being written by another encode\n {2}found: {4}process \d+\n/,
    );
    write(folder, { "latents/.litevae-lock": `1000000000 ${join(folder, "latents")}`, "latents/lock.json": "{}" });
    expect(await failure(folder, 1, ...encode("latents"))).toContain(
      "error: latents is in use by the package's encode, or was left by it in the middle\n",
    );
  });
});

describe("images", () => {
  test("that cannot be used are left out and named, and classes are the first folders", async () => {
    await image("set/b/c/1.png", 3);
    await image("set/a/1.png", 4, 3, 30);
    write(folder, { "set/1.png": readFileSync(join(folder, "set/1.png")).subarray(0, 60) });
    const { code, stdout, stderr } = await litevae(folder, ...encode("left-out"));
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("tiny: 5 images in set; 2 classes by folders; 3 images without one (-1); onnxruntime, fp32\n");
    expect(manifest("left-out").corrupt.map(({ position, name }) => [position, name])).toEqual([
      [1, "1.png"],
      [3, "a/1.png"],
    ]);
    expect(manifest("left-out").corrupt[1]?.reason).toBe("30×3 pixels; at resolution 16 the shorter side needs 4");
    expect(stdout).toContain("of 3 images, float32, in 3 files\n");
    const labels = readdirSync(join(folder, "left-out"))
      .filter((name) => name.endsWith(".safetensors"))
      .map((name) => [...new BigInt64Array(tensorIn(join(folder, "left-out", name), "label"))].map(Number));
    expect(labels).toEqual([[-1], [-1], [1]]);
  });

  test("of which none can be used, shards, and other files are refused", async () => {
    write(folder, { "none/1.png": "none", "shards/1.tar": "", "mine/notes.txt": "mine" });
    expect(await failure(folder, 1, "encode", "tiny", "none", "-o", "out", ...options)).toContain(
      "error: none of the 1 image of none can be used\n",
    );
    const outside = await failure(folder, 1, ...encode("out"), "--range", "0,1");
    expect(outside).toContain("  help:     declare the range that they can have (--range)\n");
    expect(existsSync(join(folder, "out"))).toBe(false);
    expect(await failure(folder, 1, ...encode("mine/notes.txt"))).toContain("found:    a file of that name\n");
    expect(await failure(folder, 1, "encode", "tiny", "shards", "-o", "out", ...options)).toContain(
      "error: images are read here, and no WebDataset shards\n",
    );
    expect(await failure(folder, 1, "encode", "tiny", "mine", "-o", "out", ...options)).toContain(
      "found:    1 other file: 1 .txt\n",
    );
    expect(await failure(folder, 1, ...encode("mine"))).toContain("error: mine holds other files\n");
    expect(await failure(folder, 1, ...encode("out"), "--size", "18")).toContain("expected: --size 16 or 20\n");
  });
});

describe("graphs", () => {
  test("of one size alone take that one, and a last batch beside zeros", async () => {
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "fixed", "--fixed", "2,16,16")).code).toBe(0);
    const shared = ["--shard-images", "4", "--workers", "0", "--threads", "1"];
    const { code, stderr } = await litevae(folder, "encode", "fixed", "set", "-o", "of-one-size", ...shared);
    expect(code, stderr).toBe(0);
    expect((await litevae(folder, "encode", "tiny", "set", "-o", "of-any", ...shared, "--size", "16", "--batch", "2")).code).toBe(
      0,
    );
    const values = ["of-one-size", "of-any"].map(
      (out) => new Float32Array(tensorIn(join(folder, out, "latents-00000.safetensors"), "mean")),
    );
    expect(values[0]?.every((value, i) => Math.abs(value - (values[1]?.[i] ?? NaN)) < 1e-6)).toBe(true);
    expect(await failure(folder, 1, "encode", "fixed", "set", "-o", "out", "--size", "32")).toContain(
      "were compiled with --fixed",
    );
  });

  test("of which decoding takes more than latents are said to", async () => {
    const beside = tinyModel
      .replace("import {", "import { add,")
      .replace("(z: Feature<4, 4>)", "(z: Feature<4, 4>, { original }: { original: Feature<3, 1> })")
      .replace("=> out(upsample(silu(conv(z)), { factor: 4 }))", "=> add(original, out(upsample(silu(conv(z)), { factor: 4 })))");
    write(folder, { "beside.ts": beside });
    expect((await litevae(folder, "compile", "beside.ts", "-o", "beside")).code).toBe(0);
    const { code, stderr } = await litevae(folder, "encode", "beside", "set", "-o", "of-beside", ...options);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("warning: decoding takes original besides latents, which is not stored\n");
  });

  test("that give the latent itself have it stored alone; those that take more than images are refused", async () => {
    for (const name of ["deterministic", "inpainting"])
      copyFileSync(join(root, `examples/${name}.ts`), join(folder, `${name}.ts`));
    expect((await litevae(folder, "compile", "deterministic.ts", "-o", "point", "--parts", "encoder")).code).toBe(0);
    expect((await litevae(folder, "encode", "point", "set", "-o", "of-points", ...options)).code).toBe(0);
    expect(manifest("of-points").latent).toEqual({ tensors: ["latent"], channels: 4, height: 4, width: 4, dtype: "float32" });
    expect((await litevae(folder, "compile", "inpainting.ts", "-o", "masked")).code).toBe(0);
    expect(await failure(folder, 1, "encode", "masked", "set", "-o", "out", ...options)).toContain(
      "error: the encoder in masked takes mask besides images\n",
    );
  });
});
