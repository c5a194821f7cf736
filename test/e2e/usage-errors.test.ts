/** What people are told when the command line is wrong: whole messages and exit codes. */
// @module-tag slow
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { failure } from "./in-process.ts";
import { tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
});

const usage = (...args: readonly string[]): Promise<string> => failure(folder, 2, ...args);

describe("the command line (exit code 2)", () => {
  test("no command: the help, on stderr", async () => {
    expect(await usage()).toMatch(/^\nUsage: litevae \[options\] \[command\]\n/);
  });
  test("an unknown command", async () => {
    expect(await usage("complie", "s")).toMatchInlineSnapshot(`
      "
      error: there is no command complie
        expected: init, list, check, summary, compare, search, compile, serve, run, encode, report, verify, bench, completions
        found:    complie
        help:     did you mean compile?
      "
    `);
  });
  test("an unknown command that is like none", async () => {
    expect(await usage("frobnicate")).toMatchInlineSnapshot(`
      "
      error: there is no command frobnicate
        expected: init, list, check, summary, compare, search, compile, serve, run, encode, report, verify, bench, completions
        found:    frobnicate
        help:     litevae --help lists the commands
      "
    `);
  });
  test("an unknown option", async () => {
    expect(await usage("compile", "s", "-o", "out", "--weigths", "w.safetensors")).toMatchInlineSnapshot(`
      "
      error: litevae compile has no option --weigths
        found:    --weigths
        help:     did you mean --weights?
      "
    `);
  });
  test("an unknown option that is like none", async () => {
    expect(await usage("summary", "s", "--frobnicate")).toMatchInlineSnapshot(`
      "
      error: litevae summary has no option --frobnicate
        found:    --frobnicate
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("a missing -o", async () => {
    expect(await usage("compile", "s")).toMatchInlineSnapshot(`
      "
      error: an option is missing that must be given
        expected: -o, --output <dir>
        found:    nothing
        help:     litevae compile --help lists what it takes
      "
    `);
  });
  test("a missing model", async () => {
    expect(await usage("summary")).toMatchInlineSnapshot(`
      "
      error: an argument is missing
        expected: <model>
        found:    nothing
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("an empty name, as an unset variable gives it", async () => {
    expect(await usage("compile", "s", "-o", "")).toMatchInlineSnapshot(`
      "
      error: an empty name is given for -o, --output <dir>
        expected: a name
        found:    ""
        help:     check the variable that the name comes from
      "
    `);
    expect(await usage("check", "")).toMatchInlineSnapshot(`
      "
      error: an empty name is given for <model>
        expected: a name
        found:    ""
        help:     check the variable that the name comes from
      "
    `);
    expect(await usage("compare", "s", "")).toMatchInlineSnapshot(`
      "
      error: an empty name is given for <models>
        expected: a name
        found:    ""
        help:     check the variable that the name comes from
      "
    `);
  });
  test("a model too many", async () => {
    expect(await usage("summary", "s", "b")).toMatchInlineSnapshot(`
      "
      error: there are too many arguments
        expected: 1 argument
        found:    2
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("an option without its value", async () => {
    expect(await usage("summary", "s", "--size")).toMatchInlineSnapshot(`
      "
      error: an option has no value
        expected: --size <pixels>
        found:    nothing after it
        help:     litevae summary --help lists what it takes
      "
    `);
  });
  test("--depth and --size with a word", async () => {
    expect(await usage("summary", "s", "--depth", "all")).toMatchInlineSnapshot(`
      "
      error: --depth cannot be read
        expected: a whole number of at least 0
        found:    all
        help:     write for example --depth 2
      "
    `);
    expect(await usage("summary", "s", "--size", "-1")).toMatchInlineSnapshot(`
      "
      error: --size cannot be read
        expected: a whole number of at least 1
        found:    -1
        help:     write for example --size 256
      "
    `);
  });
  test("--latent with a word", async () => {
    expect(await usage("compile", "s", "-o", "out", "--latent", "abc")).toMatchInlineSnapshot(`
      "
      error: --latent cannot be read
        expected: a whole number of at least 1
        found:    abc
        help:     write for example --latent 12
      "
    `);
  });
  test("--parts with a misspelt part", async () => {
    expect(await usage("compile", "s", "-o", "out", "--parts", "encodr")).toMatchInlineSnapshot(`
      "
      error: --parts cannot be read
        expected: encoder, decoder, discriminator
        found:    encodr
        help:     did you mean encoder?
      "
    `);
  });
  test("--parts with nothing", async () => {
    expect(await usage("compile", "s", "-o", "out", "--parts", "")).toMatchInlineSnapshot(`
      "
      error: --parts cannot be read
        expected: names of parts, separated by commas
        found:    nothing
        help:     write for example --parts encoder,decoder
      "
    `);
  });
  test("--size with --keys", async () => {
    expect(await usage("summary", "s", "--keys", "--size", "64")).toContain("--size is of no use with --keys");
  });
  test("--opset that is not supported", async () => {
    expect(await usage("compile", "s", "-o", "out", "--opset", "12")).toMatchInlineSnapshot(`
      "
      error: opset 12 is not supported
        expected: 18, 19, 20, 21
        found:    12
        help:     opset 18 is what most runtimes read
      "
    `);
  });
  test("--ir-version below what the operator set needs", async () => {
    expect(await usage("compile", "s", "-o", "out", "--opset", "21", "--ir-version", "8")).toMatchInlineSnapshot(`
      "
      error: IR version 8 does not go with opset 21
        expected: 10
        found:    8
        help:     leave the IR version out
      "
    `);
  });
  test("--dump-after an unknown pass", async () => {
    expect(await usage("compile", "s", "-o", "out", "--dump-after", "inlin")).toMatchInlineSnapshot(`
      "
      error: no pass is called inlin
        expected: inline, dropTrainingOnly, foldWeights, deadCode
        found:    inlin
        help:     did you mean inline?
      "
    `);
  });
  test("--format that is none", async () => {
    expect(await usage("compare", "s", "--format", "jsn")).toMatchInlineSnapshot(`
      "
      error: --format cannot be read
        expected: table, json, md, csv, html
        found:    jsn
        help:     did you mean json?
      "
    `);
  });
  test("--fit that is none", async () => {
    expect(await usage("run", "compiled", "a.png", "-o", "out", "--fit", "stretch")).toMatchInlineSnapshot(`
      "
      error: --fit cannot be read
        expected: pad, crop
        found:    stretch
        help:     write for example --fit pad
      "
    `);
  });
  test("a budget that is none", async () => {
    expect(await usage("compare", "s", "--budget", "nonsense")).toMatchInlineSnapshot(`
      "
      error: "nonsense" is not a budget
        expected: part=limit or part.metric=limit
        help:     write encoder=7M, or encoder.macs=40G
      "
    `);
  });
  test("a budget for a misspelt part", async () => {
    expect(await usage("compare", "s", "--budget", "encodr=7M")).toMatchInlineSnapshot(`
      "
      error: the budget of "encodr" names no part
        expected: encoder, decoder, discriminator
        found:    encodr
        help:     did you mean encoder?
      "
    `);
  });
  test("a budget without a number", async () => {
    expect(await usage("compare", "s", "--budget", "encoder=lots")).toMatchInlineSnapshot(`
      "
      error: the budget "encoder=lots" has no limit
        expected: a number above zero, alone or with k, K, M, G, T
        found:    lots
        help:     write 7M for seven million
      "
    `);
  });
  test("nothing of this leaves a folder", () => {
    expect(existsSync(join(folder, "out"))).toBe(false);
  });
});
