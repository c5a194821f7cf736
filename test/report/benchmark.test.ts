/** A benchmark's result in every format, and the numbers in it. */
import { describe, expect, test } from "vitest";
import { nearestFitting } from "../../src/ir/size.ts";
import { formatBenchmark, type Benchmark } from "../../src/report/benchmark.ts";
import { medianInterval } from "../../src/report/median.ts";
import { significant } from "../../src/report/numbers.ts";

describe("formats", () => {
  const example: Benchmark = {
    format: "litevae-benchmark-1",
    model: "tiny",
    runtime: "onnxruntime 1.30.0",
    hardware: "AMD EPYC, 2 threads",
    size: 256,
    precision: "fp32",
    memory: "growth of the process's resident memory",
    rows: [
      {
        part: "encoder",
        mode: "cpu",
        batch: 8,
        images_per_second: 20_000,
        seconds_median: 0.0004,
        seconds_low: 0.00039,
        seconds_high: 0.00050012,
        repeats: 1000,
        peak_memory_bytes: 1.5 * 2 ** 30,
        error: null,
      },
      {
        part: "encoder",
        mode: "cpu",
        batch: 32,
        images_per_second: null,
        seconds_median: null,
        seconds_low: null,
        seconds_high: null,
        repeats: 0,
        peak_memory_bytes: null,
        error: "out of memory",
      },
    ],
  };

  test("table", () => {
    expect(`\n${formatBenchmark(example, "table")}`).toMatchInlineSnapshot(`
      "
      hardware  AMD EPYC, 2 threads
      runtime   onnxruntime 1.30.0, fp32
      model     tiny, 256×256
      memory    growth of the process's resident memory

      part     mode  batch  images/s    s/batch          95 % interval  repeats  peak, MiB  why not
      ───────  ────  ─────  ────────  ─────────  ─────────────────────  ───────  ─────────  ─────────────
      encoder  cpu       8    20,000  0.0004000  0.0003900 … 0.0005001     1000      1,536
      encoder  cpu      32         –          –                      –        –          –  out of memory

      Published, not measured here: arXiv:2405.14477 Table 3, encoders, batch 32 on an RTX 6000

      model      parameters, M  GPU, MB  images/s
      ─────────  ─────────────  ───────  ────────
      VAE                34.16    8,860        68
      LiteVAE-S           1.03    1,324       384
      LiteVAE-B           6.75    3,155       129
      LiteVAE-M          32.75   12,130     42.24
      LiteVAE-L          41.42   12,130      41.6
      "
    `);
  });
  test("the lowest and the highest of few repeats are called so", () => {
    const rows = example.rows.map((row) => ({ ...row, repeats: 5 }));
    expect(formatBenchmark({ ...example, rows }, "table")).toContain("0.0003900 … 0.0005001 (range)");
  });
  test("Markdown", () => {
    expect(`\n${formatBenchmark(example, "md")}`).toMatchInlineSnapshot(`
      "
      # Speed and memory of tiny

      - hardware: AMD EPYC, 2 threads
      - runtime: onnxruntime 1.30.0, fp32
      - model: tiny, 256×256
      - memory: growth of the process's resident memory

      | part | mode | batch | images/s | s/batch | 95 % interval | repeats | peak, MiB | why not |
      | :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: | :--- |
      | encoder | cpu | 8 | 20,000 | 0.0004000 | 0.0003900 … 0.0005001 | 1000 | 1,536 |  |
      | encoder | cpu | 32 | – | – | – | – | – | out of memory |

      ## Published, not measured here: arXiv:2405.14477 Table 3, encoders, batch 32 on an RTX 6000

      | model | parameters, M | GPU, MB | images/s |
      | :--- | ---: | ---: | ---: |
      | VAE | 34.16 | 8,860 | 68 |
      | LiteVAE-S | 1.03 | 1,324 | 384 |
      | LiteVAE-B | 6.75 | 3,155 | 129 |
      | LiteVAE-M | 32.75 | 12,130 | 42.24 |
      | LiteVAE-L | 41.42 | 12,130 | 41.6 |
      "
    `);
  });
  test("CSV has what was measured alone", () => {
    expect(`\n${formatBenchmark(example, "csv")}`).toMatchInlineSnapshot(`
      "
      model,hardware,runtime,size,precision,part,mode,batch,images_per_second,seconds_median,seconds_low,seconds_high,repeats,peak_memory_bytes,error
      tiny,"AMD EPYC, 2 threads",onnxruntime 1.30.0,256,fp32,encoder,cpu,8,20000,0.0004,0.00039,0.00050012,1000,1610612736,
      tiny,"AMD EPYC, 2 threads",onnxruntime 1.30.0,256,fp32,encoder,cpu,32,,,,,0,,out of memory
      "
    `);
  });
  test("JSON is the result", () => {
    expect(JSON.parse(formatBenchmark(example, "json"))).toEqual(example);
  });
});

describe("numbers", () => {
  test.each([
    [1, 0, 0],
    [5, 0, 4],
    [6, 0, 5],
    // P(at most 5 of 20) = 0.0207, and of 6 = 0.0577.
    [20, 5, 14],
    // 2·P(at most 468 of 1000) = 0.0463, and of 469 = 0.0536.
    [1000, 468, 531],
  ])("the median of %i values and its interval", (count, low, high) => {
    const values = Array.from({ length: count }, (_, i) => count - 1 - i);
    expect(medianInterval(values)).toEqual({ median: (count - 1) / 2, low, high });
  });

  test.each([
    [18, { minimum: 4, step: 4 }, [16, 20]],
    [3, { minimum: 8, step: 4 }, [8]],
    [13, { minimum: 6, step: 5 }, [11, 16]],
  ])("the sizes nearest to %j in %j", (size, sizes, nearest) => {
    expect(nearestFitting(size, sizes)).toEqual(nearest);
  });

  test.each([
    [12_345.6, "12,346"],
    [1234.4, "1234"],
    [0.00012344, "0.0001234"],
    [9.99996, "10.000"],
    [0, "0"],
  ])("%d in four digits", (value, text) => {
    expect(significant(value, 4)).toBe(text);
  });
});
