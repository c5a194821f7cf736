/** What people are told when a size or a budget is wrong, and when the fault is ours: whole messages and exit codes. */
// @module-tag slow
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { main } from "../../src/cli/main.ts";
import { failure, litevae } from "./in-process.ts";
import { tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

const wrong = (...args: readonly string[]): Promise<string> => failure(folder, 1, ...args);

describe("sizes and budgets (exit code 1)", () => {
  test("a size that summary cannot use names the nearest that it can", async () => {
    expect(await wrong("summary", "s", "--size", "100")).toMatchInlineSnapshot(`
      "
      error: 100 does not fit s: H/8 is not whole
        expected: a height that is a multiple of 8
        found:    H/8 = 12.5
        help:     use 96 or 104
      "
    `);
  });
  test("a size that one of the models compared cannot use", async () => {
    expect(await wrong("compare", "tiny.ts", "sd-vae", "--size", "260")).toMatchInlineSnapshot(`
      "
      error: 260 does not fit sd-vae: H/8 is not whole
        expected: a height that is a multiple of 8
        found:    H/8 = 32.5
        help:     use 256 or 264
      "
    `);
  });
  test("an image smaller than a kernel", async () => {
    write(folder, {
      "unpadded.ts": tinyModel
        .replace(
          "out: conv2d({ in: 8, out: 8 }),",
          "shrink: conv2d({ in: 8, out: 8, kernel: 7, padding: 0 }),\n    out: conv2d({ in: 8, out: 8, kernel: 7, padding: 6 }),",
        )
        .replace("const { down, norm, out }", "const { down, norm, shrink, out }")
        .replace("out(silu(norm(down(x))))", "out(shrink(silu(norm(down(x)))))"),
    });
    expect(await wrong("summary", "unpadded.ts", "--size", "20")).toMatchInlineSnapshot(`
      "
      error: 20 does not fit unpadded: H/4 - 6 is -1
        expected: a height that is a multiple of 4, at least 28
        found:    H/4 - 6 = -1
        help:     use 28
      "
    `);
  });
  test("a budget that is exceeded says by how much; the report is still printed", async () => {
    const { code, stdout, stderr } = await litevae(
      folder,
      "compare",
      "s",
      "b",
      "--budget",
      "encoder=1M",
      "--budget",
      "decoder.macs=400G",
      "--format",
      "csv",
    );
    expect(code).toBe(1);
    expect(stdout).toMatch(/^model,/);
    expect(`\n${stderr}`).toMatchInlineSnapshot(`
      "
      error: s: encoder has 1,038,012 parameters, 38,012 over the budget of 1,000,000
        in:       encoder
        help:     make the encoder smaller, or raise the budget

      error: b: encoder has 6,755,260 parameters, 5,755,260 over the budget of 1,000,000
        in:       encoder
        help:     make the encoder smaller, or raise the budget
      "
    `);
  });
  test("a budget for a part that no model has is wrong usage, of which nothing is printed", async () => {
    const { code, stdout, stderr } = await litevae(folder, "compare", "tiny.ts", "--budget", "discriminator=1M");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatchInlineSnapshot(`
      "error: the budget of "discriminator" names no part
        expected: encoder, decoder
        found:    discriminator
        help:     name one of these
      "
    `);
  });
  test("compare -o into a folder that is not there", async () => {
    expect(await wrong("compare", "tiny.ts", "-o", "reports/tiny.md")).toMatchInlineSnapshot(`
      "
      error: cannot write reports/tiny.md
        found:    no folder reports
        help:     give -o a file in a folder that can be written
      "
    `);
  });
  test("compare -o onto a folder", async () => {
    mkdirSync(join(folder, "taken"));
    const before = readdirSync(folder);
    expect(await wrong("compare", "tiny.ts", "-o", "taken")).toMatchInlineSnapshot(`
      "
      error: cannot write taken
        found:    a folder of that name
        help:     give -o a file in a folder that can be written
      "
    `);
    expect(readdirSync(folder)).toEqual(before);
  });
});

describe("a bug in litevae (exit code 70)", () => {
  afterEach(() => vi.restoreAllMocks());

  test("shows the stack, the cause, and asks for a report", async () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, "write").mockImplementation((text) => written.push(String(text)) > 0);
    vi.spyOn(builtIns["nano"]!, "build").mockImplementation(function build() {
      throw new Error("no such rule", { cause: new RangeError("index 3") });
    });
    expect(await main(["summary", "nano"])).toBe(70);
    expect(written.join("")).toMatch(
      /^litevae has a bug; please report this with the model that shows it:\nError: no such rule\n {4}at [^\n]*build [^]*\ncaused by RangeError: index 3\n {4}at /,
    );
  });
});
