/** What people are told when an output folder, weights, a compiled folder or an image is wrong; and that nothing was changed. */
// @module-tag slow
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, test } from "vitest";
import { command, environment, failure, hashes, litevae, manifestOf, tempFolder, tinyModel, write } from "./litevae.ts";

const folder = tempFolder();
/** Compiled before the tests, for those that need one. */
const compiled = join(folder, "compiled");

beforeAll(() => {
  write(folder, { "tiny.ts": tinyModel });
  expect(litevae(folder, "compile", "tiny.ts", "-o", "compiled").code).toBe(0);
});

const wrong = (...args: readonly string[]): string => failure(folder, 1, ...args);

describe("the output folder (exit code 1)", () => {
  test("one that holds foreign files is refused and not changed", () => {
    write(folder, { "foreign/notes.txt": "mine", "foreign/data/a.csv": "1,2" });
    const before = hashes(join(folder, "foreign"));
    expect(wrong("compile", "tiny.ts", "-o", "foreign")).toMatchInlineSnapshot(`
      "
      error: foreign holds files that no compile wrote
        expected: an empty folder, a new one, or that of an earlier compile
        found:    notes.txt, data/a.csv
        help:     give another -o, or --force to write among them: they stay, unless compile writes a file of that name
      "
    `);
    expect(hashes(join(folder, "foreign"))).toEqual(before);
  });
  test("--force writes among foreign files and keeps them", () => {
    write(folder, { "forced/notes.txt": "mine" });
    expect(litevae(folder, "compile", "tiny.ts", "-o", "forced", "--force").code).toBe(0);
    expect(readdirSync(join(folder, "forced"))).toEqual([
      "client.ts",
      "config.json",
      "decoder.onnx",
      "encoder.onnx",
      "manifest.json",
      "model.safetensors",
      "notes.txt",
    ]);
    expect(readFileSync(join(folder, "forced/notes.txt"), "utf8")).toBe("mine");
    expect(Object.keys(manifestOf(join(folder, "forced")).files)).not.toContain("notes.txt");
  });
  test("a manifest.json of another program is a foreign file", () => {
    write(folder, { "web/manifest.json": '{"name":"a web app"}' });
    expect(wrong("compile", "tiny.ts", "-o", "web")).toMatchInlineSnapshot(`
      "
      error: web holds files that no compile wrote
        expected: an empty folder, a new one, or that of an earlier compile
        found:    manifest.json
        help:     give another -o, or --force to write among them: they stay, unless compile writes a file of that name
      "
    `);
    expect(readFileSync(join(folder, "web/manifest.json"), "utf8")).toBe('{"name":"a web app"}');
  });
  test("a file", () => {
    write(folder, { file: "mine" });
    expect(wrong("compile", "tiny.ts", "-o", "file")).toMatchInlineSnapshot(`
      "
      error: file is a file
        expected: a folder, or a name that is free
        help:     give another -o
      "
    `);
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("mine");
  });
  test("one that cannot be made", () => {
    write(folder, { file: "mine" });
    expect(wrong("compile", "tiny.ts", "-o", "file/below")).toMatchInlineSnapshot(`
      "
      error: cannot write to file/below
        found:    ENOTDIR: not a directory, mkdir 'file/below'
        help:     choose a folder that can be written and has room
      "
    `);
  });
  test.runIf(existsSync("/proc/self"))("one below a folder that refuses to hold others", () => {
    expect(wrong("compile", "tiny.ts", "-o", "/proc/below/it")).toMatchInlineSnapshot(`
      "
      error: cannot write to /proc/below/it
        found:    ENOENT: no such file or directory, mkdir '/proc/below'
        help:     choose a folder that can be written and has room
      "
    `);
  });
  test("a folder in the place of a file", () => {
    mkdirSync(join(folder, "blocked/encoder.onnx"), { recursive: true });
    expect(wrong("compile", "tiny.ts", "-o", "blocked", "--force")).toMatchInlineSnapshot(`
      "
      tiny: writing encoder.onnx
      error: cannot write to blocked/encoder.onnx
        found:    EISDIR: illegal operation on a directory, rename 'blocked/encoder.onnx.partial' -> 'blocked/encoder.onnx'
        help:     choose a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "blocked"))).not.toContain("manifest.json");
  });
  test.runIf(existsSync("/dev/full"))("one on a disk that is full; it is used again when there is room", () => {
    mkdirSync(join(folder, "full"));
    symlinkSync("/dev/full", join(folder, "full/decoder.onnx.partial"));
    expect(wrong("compile", "tiny.ts", "-o", "full", "--force")).toMatchInlineSnapshot(`
      "
      tiny: writing encoder.onnx
      tiny: writing decoder.onnx
      error: cannot write to full/decoder.onnx
        found:    ENOSPC: no space left on device, write
        help:     choose a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "full"))).not.toContain("manifest.json");
    expect(litevae(folder, "compile", "tiny.ts", "-o", "full").code).toBe(0);
    expect(hashes(join(folder, "full"))).toEqual(hashes(compiled));
  });
});

describe("a folder that another compile is writing (exit code 1)", () => {
  test("is refused while that process lives, and taken over when it has died", () => {
    const target = join(folder, "busy");
    cpSync(compiled, target, { recursive: true });
    const lock = join(target, ".litevae-lock");
    const before = hashes(target);
    writeFileSync(lock, `${process.pid} ${target}`);
    expect(wrong("compile", "tiny.ts", "-o", "busy").replace(String(process.pid), "<pid>")).toMatchInlineSnapshot(`
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
    expect(litevae(folder, "compile", "tiny.ts", "-o", "busy").code).toBe(0);
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
    expect(litevae(folder, "verify", "twice").code).toBe(0);
  });
});

describe("a folder of trained weights (exit code 1)", () => {
  const target = join(folder, "trained");
  beforeAll(() => {
    cpSync(join(compiled, "model.safetensors"), join(folder, "run.safetensors"));
    expect(litevae(folder, "compile", "tiny.ts", "-o", "trained", "--weights", "run.safetensors").code).toBe(0);
  });
  /** Compiles into the folder, which must stay as it is. */
  function kept(...flags: readonly string[]): string {
    const before = hashes(target);
    const message = wrong("compile", "tiny.ts", "-o", "trained", ...flags);
    expect(hashes(target)).toEqual(before);
    return message;
  }

  test("is not compiled over without weights", () => {
    expect(kept()).toMatchInlineSnapshot(`
      "
      error: trained holds trained weights, and this compile has none to put in their place
        expected: --weights
        found:    trained/model.safetensors, trained, of tiny
        help:     compile with --weights trained/model.safetensors to keep them, give another -o, or --force to replace them by untrained ones
      "
    `);
  });
  test("is not compiled out of itself with fewer parts", () => {
    expect(kept("--parts", "decoder", "--weights", "trained/model.safetensors")).toMatchInlineSnapshot(`
      "
      error: trained/model.safetensors is compiled into its own folder without all of its parts
        expected: encoder, decoder
        found:    decoder
        help:     add encoder to --parts, give another -o, or --force to drop those weights
      "
    `);
  });
  test("takes its own weights, those of another file for fewer parts, and --force", () => {
    const compile = (...flags: readonly string[]): Record<string, number | string | undefined> => {
      const { code, stderr } = litevae(folder, "compile", "tiny.ts", "-o", "trained", ...flags);
      expect(code, stderr).toBe(0);
      return manifestOf(target).weights;
    };
    const { file_sha256 } = compile("--weights", "trained/model.safetensors", "--target", "onnx,torch");
    expect(compile("--weights", "run.safetensors", "--parts", "encoder")).toEqual({ file_sha256 });
    expect(compile("--force")).toEqual({ seed: 0 });
    expect(compile("--seed", "3")).toEqual({ seed: 3 });
  });
});

type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>;

/** A safetensors file in its two halves. */
function opened(path: string): { header: Header; data: Buffer } {
  const bytes = readFileSync(path);
  const length = Number(bytes.readBigUInt64LE());
  const { __metadata__: _, ...header } = JSON.parse(bytes.toString("utf8", 8, 8 + length)) as Header;
  return { header, data: bytes.subarray(8 + length) };
}

function closed(header: unknown, data: Uint8Array): Buffer {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}

describe("weights (exit code 1, and a folder of an earlier compile stays as it is)", () => {
  /** Compiles into a folder that is complete already, with weights that are wrong. */
  function refused(name: string, content?: Uint8Array): string {
    const target = join(folder, "complete");
    if (!existsSync(target)) cpSync(compiled, target, { recursive: true });
    if (content !== undefined) writeFileSync(join(folder, name), content);
    const before = hashes(target);
    const message = wrong("compile", "tiny.ts", "-o", "complete", "--weights", name);
    expect(hashes(target)).toEqual(before);
    expect(readdirSync(target).sort()).toEqual(Object.keys(before).sort());
    return message;
  }
  const good = (): ReturnType<typeof opened> => opened(join(compiled, "model.safetensors"));

  test("a file that is missing", () => {
    expect(refused("missing.safetensors")).toMatchInlineSnapshot(`
      "
      error: cannot read the weights missing.safetensors
        found:    ENOENT: no such file or directory, open 'missing.safetensors'
        help:     check the path given to --weights
      "
    `);
  });
  test("a folder", () => {
    expect(refused("compiled")).toMatchInlineSnapshot(`
      "
      error: cannot read the weights compiled
        found:    a folder
        help:     give --weights a safetensors file
      "
    `);
  });
  test("an empty file", () => {
    expect(refused("empty.safetensors", new Uint8Array())).toMatchInlineSnapshot(`
      "
      error: empty.safetensors is not a whole safetensors file: it is shorter than its first field
        found:    0 bytes
        help:     copy or save the file again
      "
    `);
  });
  test("what torch.save writes", () => {
    expect(refused("zip.safetensors", Buffer.from("PK\u0003\u0004 and so on, as torch.save writes it"))).toMatchInlineSnapshot(`
      "
      error: zip.safetensors is not a safetensors file
        expected: a header length, a JSON header, tensors
        found:    what torch.save writes
        help:     convert it in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), OUT)
      "
    `);
  });
  test("a length that is garbage", () => {
    expect(refused("length.safetensors", Buffer.from("these are the weights"))).toMatchInlineSnapshot(`
      "
      error: length.safetensors is not a whole safetensors file: its header is longer than the file
        found:    a header of 8241904413164530000 bytes in 21
        help:     copy or save the file again
      "
    `);
  });
  test("a header that is garbage", () => {
    expect(refused("garbage.safetensors", closed("{not json", new Uint8Array(8)))).toMatchInlineSnapshot(`
      "
      error: garbage.safetensors is not a whole safetensors file: its header is not JSON
        help:     copy or save the file again
      "
    `);
  });
  test("a header with an entry that is none", () => {
    expect(refused("entry.safetensors", closed({ "encoder.down.weight": { dtype: "F32", shape: [8, 3] } }, new Uint8Array(96))))
      .toMatchInlineSnapshot(`
      "
      error: entry.safetensors is not a whole safetensors file: the entry encoder.down.weight is malformed
        found:    {"dtype":"F32","shape":[8,3]}
        help:     copy or save the file again
      "
    `);
  });
  test("a tensor whose bytes do not fill its shape", () => {
    expect(
      refused("bytes.safetensors", closed({ a: { dtype: "F32", shape: [8, 3], data_offsets: [0, 95] } }, new Uint8Array(96))),
    ).toMatchInlineSnapshot(`
      "
      error: bytes.safetensors is not a whole safetensors file: a has another size than its shape [8, 3] needs
        found:    95 bytes
        help:     copy or save the file again
      "
    `);
  });
  test("a file that goes on behind its last tensor", () => {
    const whole = readFileSync(join(compiled, "model.safetensors"));
    expect(refused("long.safetensors", Buffer.concat([whole, Buffer.from("more")]))).toMatchInlineSnapshot(`
      "
      error: long.safetensors is not a whole safetensors file: it goes on behind its last tensor
        found:    4 bytes more
        help:     copy or save the file again
      "
    `);
  });
  test("tensors with bytes between them that are none's", () => {
    const { header, data } = good();
    delete header["encoder.norm.bias"];
    expect(refused("hole.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: hole.safetensors is not a whole safetensors file: encoder.out.weight does not begin where the tensor before it ends
        found:    byte 1632 instead of 1600
        help:     copy or save the file again
      "
    `);
  });
  test("tensors that share bytes", () => {
    const { header, data } = good();
    header["encoder.norm.bias"] = header["encoder.norm.weight"]!;
    expect(refused("shared.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: shared.safetensors is not a whole safetensors file: encoder.norm.bias does not begin where the tensor before it ends
        found:    byte 1568 instead of 1600
        help:     copy or save the file again
      "
    `);
  });
  test("a variance below 0", () => {
    write(folder, { "norm.ts": tinyModel.replaceAll("groupNorm", "batchNorm2d") });
    expect(litevae(folder, "compile", "norm.ts", "-o", "norm").code).toBe(0);
    const { header, data } = opened(join(folder, "norm/model.safetensors"));
    data.writeFloatLE(-0.5, header["encoder.norm.running_var"]!.data_offsets[0] + 4);
    writeFileSync(join(folder, "negative.safetensors"), closed(header, data));
    expect(wrong("compile", "norm.ts", "-o", "norm", "--weights", "negative.safetensors")).toMatchInlineSnapshot(`
      "
      error: the weights in negative.safetensors hold variances below 0
        expected: 0 or more
        found:    1 of these tensors:
                    encoder.norm.running_var
        help:     save the weights again from the model that was trained; a difference of checkpoints is none
      "
    `);
  });
  test("a file that ends early", () => {
    const whole = readFileSync(join(compiled, "model.safetensors"));
    expect(refused("short.safetensors", whole.subarray(0, whole.length - 100))).toMatchInlineSnapshot(`
      "
      error: short.safetensors is not a whole safetensors file: decoder.out.weight reaches beyond the end of the file
        found:    7004 bytes of 6916
        help:     copy or save the file again
      "
    `);
  });
  test("a type that is not read", () => {
    const { header, data } = good();
    header["encoder.norm.weight"] = { dtype: "I32", shape: [8], data_offsets: header["encoder.norm.weight"]!.data_offsets };
    expect(refused("int32.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: encoder.norm.weight in int32.safetensors has a type that is not read
        expected: F64, F32, F16, BF16, I64
        found:    I32
        help:     save the weights in one of these types
      "
    `);
  });
  test("whole numbers in the place of floats", () => {
    const { header, data } = good();
    const [begin, end] = header["encoder.norm.weight"]!.data_offsets;
    for (const entry of Object.values(header)) {
      const [from, to] = entry.data_offsets;
      if (from >= end) entry.data_offsets = [from + 32, to + 32];
    }
    header["encoder.norm.weight"] = { dtype: "I64", shape: [8], data_offsets: [begin, end + 32] };
    const wider = Buffer.concat([data.subarray(0, end), Buffer.alloc(32), data.subarray(end)]);
    expect(refused("int64.safetensors", closed(header, wider))).toMatchInlineSnapshot(`
      "
      error: the weights in int64.safetensors are not those of tiny
        expected: the 12 tensors of encoder, decoder
        found:    1 of another type:
                    encoder.norm.weight: int64 instead of float32
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("missing, unexpected and reshaped tensors, all at once", () => {
    const { header, data } = good();
    header["encoder.norm.gamma"] = header["encoder.norm.weight"]!;
    delete header["encoder.norm.weight"];
    header["encoder.down.weight"]!.shape = [8, 3, 2, 8];
    expect(refused("keys.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: the weights in keys.safetensors are not those of tiny
        expected: the 12 tensors of encoder, decoder
        found:    1 missing:
                    encoder.norm.weight
                  1 unexpected:
                    encoder.norm.gamma
                  1 of another shape:
                    encoder.down.weight: [8, 3, 2, 8] instead of [8, 3, 4, 4]
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("those of another model: the first ten are named", () => {
    expect(wrong("compile", "s", "-o", "out", "--parts", "encoder", "--weights", "compiled/model.safetensors"))
      .toMatchInlineSnapshot(`
      "
      error: the weights in compiled/model.safetensors are not those of s
        expected: the 520 tensors of encoder
        found:    520 missing:
                    encoder.extractors.0.conv_in.weight
                    encoder.extractors.0.conv_in.bias
                    encoder.extractors.0.down.0.norm1.weight
                    encoder.extractors.0.down.0.norm1.bias
                    encoder.extractors.0.down.0.conv1.weight
                    encoder.extractors.0.down.0.conv1.bias
                    encoder.extractors.0.down.0.norm2.weight
                    encoder.extractors.0.down.0.norm2.bias
                    encoder.extractors.0.down.0.conv2.weight
                    encoder.extractors.0.down.0.conv2.bias
                    … and 510 more
                  12 unexpected:
                    encoder.down.weight
                    encoder.down.bias
                    encoder.norm.weight
                    encoder.norm.bias
                    encoder.out.weight
                    encoder.out.bias
                    decoder.conv.weight
                    decoder.conv.bias
                    decoder.conv.scale
                    decoder.conv.gain
                    … and 2 more
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("a tensor with and without the prefix of DataParallel", () => {
    const { header, data } = good();
    header["module.encoder.norm.weight"] = { dtype: "F32", shape: [8], data_offsets: [data.length, data.length + 32] };
    expect(refused("twice.safetensors", closed(header, Buffer.concat([data, Buffer.alloc(32)])))).toMatchInlineSnapshot(`
      "
      error: twice.safetensors holds tensors twice
        expected: every key with or without module. and _orig_mod., not both
        found:    encoder.norm.weight
        help:     save the state_dict of one model
      "
    `);
  });
  test("NaN and infinity", () => {
    const { header, data } = good();
    const copy = Buffer.from(data);
    copy.writeFloatLE(NaN, header["encoder.norm.weight"]!.data_offsets[0]);
    copy.writeFloatLE(-Infinity, header["decoder.out.bias"]!.data_offsets[0] + 4);
    expect(refused("nan.safetensors", closed(header, copy))).toMatchInlineSnapshot(`
      "
      error: the weights in nan.safetensors hold NaN or infinity
        expected: finite numbers
        found:    2 of these tensors:
                    encoder.norm.weight
                    decoder.out.bias
        help:     take a checkpoint from before the training diverged
      "
    `);
  });
});

describe("run (exit code 1)", () => {
  /** A copy of the compiled folder, changed. */
  function changed(name: string, change: (path: string) => void): string {
    cpSync(compiled, join(folder, name), { recursive: true });
    change(join(folder, name));
    return name;
  }
  const run = (target: string, image = "grey.png", ...flags: readonly string[]): string => {
    const message = wrong("run", target, image, "-o", "images", ...flags);
    expect(existsSync(join(folder, "images"))).toBe(false);
    return message;
  };

  beforeAll(async () => {
    await sharp({ create: { width: 3, height: 5, channels: 3, background: "grey" } }).toFile(join(folder, "grey.png"));
  });

  test("a folder that is not there", () => {
    expect(run("nowhere")).toMatchInlineSnapshot(`
      "
      error: there is no folder nowhere
        help:     give the folder that litevae compile wrote
      "
    `);
  });
  test("a folder without its manifest", () => {
    expect(run(changed("unfinished", (path) => rmSync(join(path, "manifest.json"))))).toMatchInlineSnapshot(`
      "
      error: unfinished is not a complete compile: it has no manifest.json
        help:     run litevae compile MODEL -o unfinished again
      "
    `);
  });
  test("a manifest that is not JSON", () => {
    expect(run(changed("no-json", (path) => writeFileSync(join(path, "manifest.json"), "{")))).toMatchInlineSnapshot(`
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
  ])("a manifest that is another program's: %s", (manifest) => {
    rmSync(join(folder, "other"), { recursive: true, force: true });
    expect(run(changed("other", (path) => writeFileSync(join(path, "manifest.json"), manifest)))).toBe(
      "\nerror: other is not a complete compile: its manifest.json is not one of litevae\n  help:     run litevae compile MODEL -o other again\n",
    );
  });
  test("a graph that is missing", () => {
    expect(run(changed("missing", (path) => rmSync(join(path, "decoder.onnx"))))).toMatchInlineSnapshot(`
      "
      error: missing is not a complete compile: decoder.onnx is missing
        help:     run litevae compile MODEL -o missing again
      "
    `);
  });
  test("a graph that was cut off", () => {
    const cut = (path: string): void =>
      writeFileSync(join(path, "encoder.onnx"), readFileSync(join(path, "encoder.onnx")).subarray(0, 1000));
    expect(run(changed("cut", cut))).toMatchInlineSnapshot(`
      "
      error: cut is not a complete compile: encoder.onnx is not the file that was compiled
        found:    1000 bytes instead of 6555
        help:     run litevae compile MODEL -o cut again
      "
    `);
  });
  test("a graph in which one bit is another", () => {
    const flip = (path: string): void => {
      const bytes = readFileSync(join(path, "encoder.onnx"));
      bytes[1500]! ^= 1;
      writeFileSync(join(path, "encoder.onnx"), bytes);
    };
    expect(run(changed("flipped", flip)).replace(/[0-9a-f]{64}/, "<sha256>")).toMatchInlineSnapshot(`
      "
      error: flipped is not a complete compile: encoder.onnx was changed after it was compiled
        found:    sha256 <sha256>
        help:     run litevae compile MODEL -o flipped again
      "
    `);
  });
  test("external data in which one bit is another", () => {
    expect(litevae(folder, "compile", "tiny.ts", "-o", "external", "--external-data").code).toBe(0);
    const data = readFileSync(join(folder, "external/encoder.onnx.data"));
    data[10]! ^= 1;
    writeFileSync(join(folder, "external/encoder.onnx.data"), data);
    expect(run("external").replace(/[0-9a-f]{64}/, "<sha256>")).toMatchInlineSnapshot(`
      "
      error: external is not a complete compile: encoder.onnx.data was changed after it was compiled
        found:    sha256 <sha256>
        help:     run litevae compile MODEL -o external again
      "
    `);
  });
  test("a folder with the encoder alone", () => {
    expect(litevae(folder, "compile", "tiny.ts", "-o", "half", "--parts", "encoder").code).toBe(0);
    expect(run("half")).toMatchInlineSnapshot(`
      "
      error: half has no decoder.onnx
        expected: encoder.onnx, decoder.onnx
        found:    encoder.onnx
        help:     name its part in --parts when you compile
      "
    `);
  });
  test("an image that is missing", () => {
    expect(run("compiled", "missing.png")).toMatchInlineSnapshot(`
      "
      error: cannot read the image missing.png
        expected: a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file
        found:    Input file is missing: missing.png
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("an image that is none", () => {
    expect(run("compiled", "tiny.ts")).toMatchInlineSnapshot(`
      "
      error: cannot read the image tiny.ts
        expected: a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file
        found:    Input file contains unsupported image format
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
    expect(run("compiled", "cut.png")).toMatchInlineSnapshot(`
      "
      error: cannot read the image cut.png
        expected: a JPEG, PNG, WebP, AVIF, GIF, SVG or TIFF file
        found:    vipspng: libpng read error
        help:     check the path, and that the file opens in a viewer
      "
    `);
  });
  test("an image too small to crop", () => {
    expect(run("compiled", "grey.png", "--fit", "crop")).toMatchInlineSnapshot(`
      "
      error: grey.png is too small to crop
        expected: a width of at least 4
        found:    3
        help:     use --fit pad, or a larger image
      "
    `);
  });
  test("a folder with a PyTorch package alone", () => {
    expect(litevae(folder, "compile", "tiny.ts", "-o", "package", "--target", "torch").code).toBe(0);
    expect(run("package")).toMatchInlineSnapshot(`
      "
      error: package has no encoder.onnx
        expected: encoder.onnx, decoder.onnx
        found:    no graph
        help:     compile with onnx among --target
      "
    `);
    expect(wrong("verify", "package")).toMatchInlineSnapshot(`
      "
      error: package has no ONNX graph to verify
        expected: encoder.onnx, decoder.onnx, discriminator.onnx
        help:     compile with --target onnx,torch
      "
    `);
  });
  test("a model whose images are neither grey nor in colour; nor can it be calibrated", () => {
    const five = tinyModel.replaceAll("Feature<3, 1>", "Feature<5, 1>").replace("in: 3,", "in: 5,").replace("out: 3 ", "out: 5 ");
    write(folder, { "five.ts": five.replace("model({", "model({ imageChannels: 5,") });
    expect(litevae(folder, "compile", "five.ts", "-o", "five").code).toBe(0);
    expect(run("five")).toMatchInlineSnapshot(`
      "
      error: the model's images have 5 channels
        expected: 1 or 3, as photographs have
        help:     run its graphs on arrays with onnxruntime instead
      "
    `);
    expect(wrong("compile", "five.ts", "-o", "five", "--precision", "fp16", "--calibrate", ".")).toMatchInlineSnapshot(`
      "
      error: the model's images have 5 channels
        expected: 1 or 3, as photographs have
        help:     compile without --precision fp16
      "
    `);
  });
  test("a compiled folder as the output", () => {
    const before = hashes(compiled);
    expect(wrong("run", "compiled", "grey.png", "-o", "./compiled")).toMatchInlineSnapshot(`
      "
      error: ./compiled is the folder of a compiled model
        expected: a folder of its own: a compiled one that holds other files cannot be compiled again
        found:    manifest.json of tiny
        help:     give another -o
      "
    `);
    expect(hashes(compiled)).toEqual(before);
  });
  test("a folder in the place of an output", () => {
    mkdirSync(join(folder, "blocked-run/latent.safetensors"), { recursive: true });
    expect(wrong("run", "compiled", "grey.png", "-o", "blocked-run")).toMatchInlineSnapshot(`
      "
      error: cannot write blocked-run/latent.safetensors
        found:    a folder of that name
        help:     give -o a folder that can be written and has room
      "
    `);
    expect(readdirSync(join(folder, "blocked-run"))).toEqual(["latent.safetensors"]);
  });
  test.runIf(existsSync("/dev/full")).each(["reconstruction.png", "latent.safetensors"])("no room for %s", (name) => {
    mkdirSync(join(folder, `full-${name}`));
    symlinkSync("/dev/full", join(folder, `full-${name}`, name));
    expect(wrong("run", "compiled", "grey.png", "-o", `full-${name}`)).toMatch(
      new RegExp(`^\nencoding\ndecoding\nerror: cannot write full-${name}/${name}\n {2}found: .+\n {2}help: .+\n$`),
    );
  });
  test("an output that is a file", () => {
    write(folder, { file: "mine" });
    const { code, stdout, stderr } = litevae(folder, "run", "compiled", "grey.png", "-o", "file");
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatchInlineSnapshot(`
      "error: cannot write file
        found:    EEXIST: file already exists, mkdir 'file'
        help:     give -o a folder that can be written and has room
      "
    `);
  });
});
