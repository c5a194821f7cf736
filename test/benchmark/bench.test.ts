/** `litevae bench`: rows and their contract, what is told where there are none, and the same numbers in every format. */
import { rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { RowAnswer, RowRequest } from "../../src/onnxruntime/benchmark-row.ts";
import { benchmark, type BenchmarkOptions } from "../../src/onnxruntime/benchmark.ts";
import type { Benchmark } from "../../src/report/benchmark.ts";
import { failure, litevae, tempFolder, tinyModel, write } from "../e2e/litevae.ts";

const folder = tempFolder();

const compiled = join(folder, "tiny");

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
  const { code, stderr } = litevae(folder, "compile", "tiny.ts", "-o", "tiny");
  expect(code, stderr).toBe(0);
});

const quick = ["--provider", "cpu", "--size", "16", "--repeats", "2", "--seconds", "0"];

describe("the command", { tags: "slow" }, () => {
  test("measures every part and batch in a process of its own, and names the hardware", () => {
    const { code, stdout, stderr } = litevae(
      folder,
      "bench",
      "tiny",
      ...quick,
      "--batches",
      "2,1",
      "--threads",
      "1",
      "--format",
      "json",
    );
    expect(code, stderr).toBe(0);
    const { rows, ...about } = JSON.parse(stdout) as Benchmark;
    expect(about).toEqual({
      format: "litevae-benchmark-1",
      model: "tiny",
      runtime: expect.stringMatching(/^onnxruntime \d+\.\d+/) as string,
      hardware: `${cpus()[0]?.model.trim()}, 1 thread`,
      size: 16,
      precision: "fp32",
      memory: expect.stringMatching(/^growth of the process's resident memory/) as string,
    });
    expect(rows.map(({ part, mode, batch, repeats, error }) => [part, mode, batch, repeats, error])).toEqual([
      ["encoder", "cpu", 1, 2, null],
      ["encoder", "cpu", 2, 2, null],
      ["decoder", "cpu", 1, 2, null],
      ["decoder", "cpu", 2, 2, null],
    ]);
    for (const { batch, images_per_second, seconds_median, seconds_low, seconds_high, peak_memory_bytes } of rows) {
      expect(images_per_second).toBeCloseTo(batch / (seconds_median ?? NaN), 9);
      expect(seconds_low).toBeGreaterThan(0);
      expect(seconds_low).toBeLessThanOrEqual(seconds_median ?? NaN);
      expect(seconds_high).toBeGreaterThanOrEqual(seconds_median ?? NaN);
      if (process.platform === "linux") expect(peak_memory_bytes).toBeGreaterThan(1e5);
      expect(peak_memory_bytes ?? 0).toBeLessThan(1e9);
    }
    expect(stderr.split("\n")[0]).toBe("[1/4] encoder, cpu, batch 1");
  });

  test("writes to a file, and says at once where it cannot", () => {
    expect(failure(folder, 1, "bench", "tiny", ...quick, "-o", "none/bench.md")).toMatchInlineSnapshot(`
      "
      error: cannot write none/bench.md
        found:    no folder none
        help:     give -o a file in a folder that can be written
      "
    `);
  });

  test("an image size that does not fit", () => {
    expect(failure(folder, 1, "bench", "tiny", "--size", "18")).toMatchInlineSnapshot(`
      "
      error: images of 18×18 do not fit tiny
        expected: --size 16 or 20
        found:    --size 18
        help:     choose a size that fits
      "
    `);
  });

  test("a provider that onnxruntime does not have", () => {
    const message = failure(folder, 2, "bench", "tiny", "--provider", "cpuu");
    expect(message).toMatch(/^\nerror: onnxruntime has no provider cpuu on this system\n {2}expected: cpu\b.*\n/);
    expect(message).toMatch(/\n {2}found: {4}cpuu\n {2}help: {5}did you mean cpu\?\n$/);
  });

  test("lists that cannot be read", () => {
    expect(failure(folder, 2, "bench", "tiny", "--batches", "1,x")).toMatchInlineSnapshot(`
      "
      error: --batches cannot be read
        expected: whole numbers of at least 1, separated by commas
        found:    1,x
        help:     write for example --batches 1,8,32
      "
    `);
    expect(failure(folder, 2, "bench", "tiny", "--seconds", "-1")).toMatchInlineSnapshot(`
      "
      error: --seconds cannot be read
        expected: a number from 0 to 3600
        found:    -1
        help:     write for example --seconds 2
      "
    `);
  });

  test("a part that was not compiled, and a folder that is not whole", () => {
    expect(failure(folder, 1, "bench", "tiny", "--parts", "discriminator")).toMatchInlineSnapshot(`
      "
      error: tiny has no discriminator.onnx
        expected: discriminator.onnx
        found:    decoder.onnx, encoder.onnx
        help:     name its part in --parts when you compile
      "
    `);
    litevae(folder, "compile", "tiny.ts", "-o", "broken");
    rmSync(join(folder, "broken/decoder.onnx"));
    expect(failure(folder, 1, "bench", "broken")).toMatchInlineSnapshot(`
      "
      error: broken is not a complete compile: decoder.onnx is missing
        help:     run litevae compile MODEL -o broken again
      "
    `);
  });
});

/** The seconds of a batch are its size; more than four images are too many, and only the CPU is there. */
const pretended = ({ inputs, provider }: RowRequest): Promise<RowAnswer> => {
  const [batch = 0] = Object.values(inputs)[0] ?? [];
  if (provider !== "cpu") return Promise.resolve({ kind: "failed", loaded: false, why: "Failed to load shared library" });
  if (batch > 4) return Promise.resolve({ kind: "failed", loaded: true, why: "std::bad_alloc" });
  return Promise.resolve({
    kind: "measured",
    seconds: { median: batch, low: batch / 2, high: 2 * batch },
    repeats: 7,
    peakBytes: batch * 2 ** 20,
  });
};

async function measured(
  options: Partial<BenchmarkOptions>,
): Promise<{ readonly result: Benchmark; readonly told: readonly string[] }> {
  const told: string[] = [];
  const progress = (doing: string): void => void told.push(doing);
  const common = { folder: compiled, batches: [1], size: 16, repeats: 1, seconds: 0, progress, measure: pretended };
  return { result: await benchmark({ ...common, ...options }), told };
}

describe("rows without numbers", () => {
  test("memory that is short costs that row alone", async () => {
    const { result } = await measured({ parts: ["encoder"], batches: [4, 8, 2], providers: ["cpu"] });
    expect(result.rows.map(({ batch, images_per_second, error }) => [batch, images_per_second, error])).toEqual([
      [4, 1, null],
      [8, null, "out of memory"],
      [2, 1, null],
    ]);
  });

  test("a provider that was asked for has rows that say why, and is tried once", async () => {
    const asked: string[] = [];
    const { result, told } = await measured({
      providers: ["cuda", "cpu"],
      measure: (request) => {
        asked.push(request.provider);
        return pretended(request);
      },
    });
    expect(result.rows.map(({ part, mode, error }) => [part, mode, error])).toEqual([
      ["encoder", "cuda", "Failed to load shared library"],
      ["encoder", "cpu", null],
      ["decoder", "cuda", "Failed to load shared library"],
      ["decoder", "cpu", null],
    ]);
    expect(asked).toEqual(["cuda", "cpu", "cpu"]);
    expect(told).toContain("onnxruntime cannot use cuda here: Failed to load shared library");
  });

  test("one that nobody asked for is named and left out", async () => {
    const { result, told } = await measured({ parts: ["decoder"] });
    expect(result.rows.map(({ mode }) => mode)).toEqual(["cpu"]);
    expect(told.some((line) => line.startsWith("onnxruntime cannot use cuda here"))).toBe(process.platform === "linux");
  });
});

test("latents are those of images of that size", async () => {
  const shapes: (readonly number[])[] = [];
  await measured({
    batches: [3],
    providers: ["cpu"],
    measure: (request) => {
      shapes.push(...Object.values(request.inputs));
      return pretended(request);
    },
  });
  expect(shapes).toEqual([
    [3, 3, 16, 16],
    [3, 4, 4, 4],
  ]);
});
