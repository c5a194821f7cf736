/** What people are told when a compiled folder or an image is wrong. */
// @module-tag slow
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { compiledTiny, litevae } from "./in-process.ts";
import { hashes, tinyModel, write } from "./litevae.ts";

const { folder, compiled, wrong } = compiledTiny();

describe("run (exit code 1)", () => {
  /** A copy of the compiled folder, changed. */
  function changed(name: string, change: (path: string) => void): string {
    cpSync(compiled, join(folder, name), { recursive: true });
    change(join(folder, name));
    return name;
  }
  const run = async (target: string, image = "grey.png", ...flags: readonly string[]): Promise<string> => {
    const message = await wrong("run", target, image, "-o", "images", ...flags);
    expect(existsSync(join(folder, "images"))).toBe(false);
    return message;
  };

  beforeAll(async () => {
    await sharp({ create: { width: 3, height: 5, channels: 3, background: "grey" } }).toFile(join(folder, "grey.png"));
  });

  test("a folder that is not there", async () => {
    expect(await run("nowhere")).toMatchInlineSnapshot(`
      "
      error: there is no folder nowhere
        help:     compile it first: litevae compile MODEL -o nowhere
      "
    `);
  });
  test("a graph or a model in the place of the folder", async () => {
    expect(await run(join(compiled, "encoder.onnx"))).toContain(
      `encoder.onnx is a file\n  expected: a folder that compile wrote\n  help:     give its folder, <dir>/compiled\n`,
    );
    expect(await run("nano")).toMatchInlineSnapshot(`
      "
      error: nano is a model
        expected: a folder that compile wrote
        help:     litevae compile nano -o out/nano, then litevae run out/nano
      "
    `);
  });
  test("a folder without its manifest", async () => {
    expect(await run(changed("unfinished", (path) => rmSync(join(path, "manifest.json"))))).toMatchInlineSnapshot(`
      "
      error: unfinished is not a complete compile: it has no manifest.json
        help:     run litevae compile MODEL -o unfinished again
      "
    `);
  });
  test("a manifest that is not JSON", async () => {
    expect(await run(changed("no-json", (path) => writeFileSync(join(path, "manifest.json"), "{")))).toMatchInlineSnapshot(`
      "
      error: no-json is not a complete compile: its manifest.json is not JSON
        help:     run litevae compile MODEL -o no-json again
      "
    `);
  });
  test.each([
    '{"name":"a web app"}',
    "null",
    '{"litevae":"0.1.0","files":null}',
    '{"litevae":"0.1.0","weights":{},"files":{"config.json":null}}',
  ])("a manifest that is another program's: %s", async (manifest) => {
    rmSync(join(folder, "other"), { recursive: true, force: true });
    expect(await run(changed("other", (path) => writeFileSync(join(path, "manifest.json"), manifest)))).toBe(
      "\nerror: other is not a complete compile: its manifest.json is not one of litevae\n  help:     run litevae compile MODEL -o other again\n",
    );
  });
  test("a graph that is missing", async () => {
    expect(await run(changed("missing", (path) => rmSync(join(path, "decoder.onnx"))))).toMatchInlineSnapshot(`
      "
      error: missing is not a complete compile: decoder.onnx is missing
        help:     run litevae compile MODEL -o missing again
      "
    `);
  });
  test("a graph that was cut off", async () => {
    const cut = (path: string): void =>
      writeFileSync(join(path, "encoder.onnx"), readFileSync(join(path, "encoder.onnx")).subarray(0, 1000));
    // How large the graph was is no matter here.
    expect((await run(changed("cut", cut))).replace(/instead of \d+/, "instead of <n>")).toMatchInlineSnapshot(`
      "
      error: cut is not a complete compile: encoder.onnx is not the file that was compiled
        found:    1000 bytes instead of <n>
        help:     run litevae compile MODEL -o cut again
      "
    `);
  });
  test("a graph in which one bit is another", async () => {
    const flip = (path: string): void => {
      const bytes = readFileSync(join(path, "encoder.onnx"));
      bytes[1500]! ^= 1;
      writeFileSync(join(path, "encoder.onnx"), bytes);
    };
    expect((await run(changed("flipped", flip))).replace(/[0-9a-f]{64}/, "<sha256>")).toMatchInlineSnapshot(`
      "
      error: flipped is not a complete compile: encoder.onnx was changed after it was compiled
        found:    sha256 <sha256>
        help:     run litevae compile MODEL -o flipped again
      "
    `);
  });
  test("external data in which one bit is another", async () => {
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "external", "--external-data")).code).toBe(0);
    const data = readFileSync(join(folder, "external/encoder.onnx.data"));
    data[10]! ^= 1;
    writeFileSync(join(folder, "external/encoder.onnx.data"), data);
    expect((await run("external")).replace(/[0-9a-f]{64}/, "<sha256>")).toMatchInlineSnapshot(`
      "
      error: external is not a complete compile: encoder.onnx.data was changed after it was compiled
        found:    sha256 <sha256>
        help:     run litevae compile MODEL -o external again
      "
    `);
  });
  test("a folder with the encoder alone", async () => {
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "half", "--parts", "encoder")).code).toBe(0);
    expect(await run("half")).toMatchInlineSnapshot(`
      "
      error: half has no decoder.onnx
        expected: encoder.onnx, decoder.onnx
        found:    encoder.onnx
        help:     name its part in --parts when you compile
      "
    `);
  });
  test("an image that is missing", async () => {
    expect(await run("compiled", "missing.png")).toMatchInlineSnapshot(`
      "
      error: cannot read the image missing.png
        expected: an image of 3 channels in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file
        found:    ENOENT: no such file or directory, stat 'missing.png'
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("an image that is none", async () => {
    expect(await run("compiled", "tiny.ts")).toMatchInlineSnapshot(`
      "
      error: cannot read the image tiny.ts
        expected: an image of 3 channels in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file
        found:    none of the formats PNG, JPEG, WEBP, BMP, GIF, TIFF, NPY
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("an image that ends early", async () => {
    const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
    const png = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
      .png()
      .toBuffer();
    write(folder, { "cut.png": png.subarray(0, png.length / 2) });
    expect(await run("compiled", "cut.png")).toMatchInlineSnapshot(`
      "
      error: cannot read the image cut.png
        expected: an image of 3 channels in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file
        found:    the file is cut off
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("an image too small to crop", async () => {
    expect(await run("compiled", "grey.png", "--fit", "crop")).toMatchInlineSnapshot(`
      "
      error: grey.png is too small to crop
        expected: a width of at least 4
        found:    3
        help:     use --fit pad, or a larger image
      "
    `);
  });
  test("a folder with a PyTorch package alone", async () => {
    expect((await litevae(folder, "compile", "tiny.ts", "-o", "package", "--target", "torch")).code).toBe(0);
    expect(await run("package")).toMatchInlineSnapshot(`
      "
      error: package has no encoder.onnx
        expected: encoder.onnx, decoder.onnx
        found:    no graph
        help:     compile with onnx among --target
      "
    `);
    expect(await wrong("verify", "package")).toMatchInlineSnapshot(`
      "
      error: package has no ONNX graph to verify
        expected: encoder.onnx, decoder.onnx
        help:     compile with --target onnx,torch
      "
    `);
  });
  test("an image of other channels than the model's, for run and for calibration", async () => {
    const five = tinyModel.replaceAll("Feature<3, 1>", "Feature<5, 1>").replace("in: 3,", "in: 5,").replace("out: 3 ", "out: 5 ");
    write(folder, { "five.ts": five.replace("model({", "model({ imageChannels: 5,") });
    expect((await litevae(folder, "compile", "five.ts", "-o", "five")).code).toBe(0);
    mkdirSync(join(folder, "colours"));
    cpSync(join(folder, "grey.png"), join(folder, "colours/grey.png"));
    expect(await run("five")).toMatchInlineSnapshot(`
      "
      error: cannot read the image grey.png
        expected: an image of 5 channels in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file
        found:    3 channels (RGB), not 5
        help:     give images of 5 channels, or compile a model whose imageChannels are those of the images
      "
    `);
    expect(await wrong("compile", "five.ts", "-o", "five", "--precision", "fp16", "--calibrate", "colours"))
      .toMatchInlineSnapshot(`
        "
        error: cannot read the image colours/grey.png
          expected: an image of 5 channels in a JPEG, PNG, WebP, BMP, GIF, TIFF or .npy file
          found:    3 channels (RGB), not 5
          help:     give images of 5 channels, or compile a model whose imageChannels are those of the images
        "
      `);
  });
  test("a compiled folder as the output", async () => {
    const before = hashes(compiled);
    expect(await wrong("run", "compiled", "grey.png", "-o", "./compiled")).toMatchInlineSnapshot(`
      "
      error: ./compiled is the folder of a compiled model
        expected: a folder of its own: a compiled one that holds other files cannot be compiled again
        found:    manifest.json of tiny
        help:     give another -o
      "
    `);
    expect(hashes(compiled)).toEqual(before);
  });
  test("a folder in the place of an output", async () => {
    mkdirSync(join(folder, "blocked-run/latent.safetensors"), { recursive: true });
    expect(await wrong("run", "compiled", "grey.png", "-o", "blocked-run")).toMatchInlineSnapshot(`
      "
      error: cannot write blocked-run/latent.safetensors
        found:    a folder of that name
        help:     give -o a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "blocked-run"))).toEqual(["latent.safetensors"]);
  });
  test.runIf(existsSync("/dev/full")).each(["reconstruction.png", "latent.safetensors"])("no room for %s", async (name) => {
    mkdirSync(join(folder, `full-${name}`));
    symlinkSync("/dev/full", join(folder, `full-${name}`, name));
    expect(await wrong("run", "compiled", "grey.png", "-o", `full-${name}`)).toMatch(
      new RegExp(`^\nencoding\ndecoding\nerror: cannot write full-${name}/${name}\n {2}found: .+\n {2}help: .+\n$`),
    );
  });
  test("an output that is a file", async () => {
    write(folder, { file: "mine" });
    const { code, stdout, stderr } = await litevae(folder, "run", "compiled", "grey.png", "-o", "file");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatchInlineSnapshot(`
      "error: cannot write file
        found:    EEXIST: file already exists, mkdir 'file'
        help:     give -o a folder that can be written and has room
      "
    `);
  });
});

test("verify of more than memory holds (exit code 1)", async () => {
  expect(await wrong("verify", "compiled", "--size", "4000000")).toMatchInlineSnapshot(`
    "
    running encoder.onnx
    error: memory does not suffice
      found:    Invalid typed array length: 48000000000000
      help:     take a smaller image or --size, or a machine with more memory
    "
  `);
});
