/** What people are told when weights are wrong; and that nothing was changed. */
// @module-tag slow
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { compiledTiny, litevae } from "./in-process.ts";
import { closed, opened } from "../support/safetensors.ts";
import { hashes, root, tinyModel, write } from "./litevae.ts";

const { folder, compiled, wrong } = compiledTiny();

describe("weights (exit code 1, and a folder of an earlier compile stays as it is)", () => {
  /** Compiles into a folder that is complete already, with weights that are wrong. */
  async function refused(name: string, content?: Uint8Array): Promise<string> {
    const target = join(folder, "complete");
    if (!existsSync(target)) cpSync(compiled, target, { recursive: true });
    if (content !== undefined) writeFileSync(join(folder, name), content);
    const before = hashes(target);
    const message = await wrong("compile", "tiny.ts", "-o", "complete", "--weights", name);
    expect(hashes(target)).toEqual(before);
    expect(readdirSync(target).sort()).toEqual(Object.keys(before).sort());
    return message;
  }
  const good = (): ReturnType<typeof opened> => opened(join(compiled, "model.safetensors"));

  test("a file that is missing", async () => {
    expect(await refused("missing.safetensors")).toMatchInlineSnapshot(`
      "
      error: cannot read the weights missing.safetensors
        found:    ENOENT: no such file or directory, open 'missing.safetensors'
        help:     check the path given to --weights
      "
    `);
  });
  test("a folder without any", async () => {
    write(folder, { "nothing/note.txt": "" });
    expect(await refused("nothing")).toMatchInlineSnapshot(`
      "
      error: cannot read the weights nothing
        found:    a folder without diffusion_pytorch_model.safetensors, diffusion_pytorch_model.fp16.safetensors, model.safetensors, model.fp16.safetensors
        help:     give --weights a safetensors file, or a folder with one
      "
    `);
  });
  test("an empty file", async () => {
    expect(await refused("empty.safetensors", new Uint8Array())).toMatchInlineSnapshot(`
      "
      error: empty.safetensors is not a whole safetensors file: it is shorter than its first field
        found:    0 bytes
        help:     copy or save the file again
      "
    `);
  });
  test("what torch.save writes", async () => {
    expect(await refused("zip.safetensors", Buffer.from("PK\u0003\u0004 and so on, as torch.save writes it")))
      .toMatchInlineSnapshot(`
      "
      error: zip.safetensors is not a safetensors file
        expected: a header length, a JSON header, tensors
        found:    what torch.save writes
        help:     convert it in Python: safetensors.torch.save_file(torch.load(FILE, weights_only=True), OUT)
      "
    `);
  });
  test("a length that is garbage", async () => {
    expect(await refused("length.safetensors", Buffer.from("these are the weights"))).toMatchInlineSnapshot(`
      "
      error: length.safetensors is not a whole safetensors file: its header is longer than the file
        found:    a header of 8241904413164530000 bytes in 21
        help:     copy or save the file again
      "
    `);
  });
  test("a header that is garbage", async () => {
    expect(await refused("garbage.safetensors", closed("{not json", new Uint8Array(8)))).toMatchInlineSnapshot(`
      "
      error: garbage.safetensors is not a whole safetensors file: its header is not JSON
        help:     copy or save the file again
      "
    `);
  });
  test("a header with an entry that is none", async () => {
    expect(
      await refused("entry.safetensors", closed({ "encoder.down.weight": { dtype: "F32", shape: [8, 3] } }, new Uint8Array(96))),
    ).toMatchInlineSnapshot(`
      "
      error: entry.safetensors is not a whole safetensors file: the entry encoder.down.weight is malformed
        found:    {"dtype":"F32","shape":[8,3]}
        help:     copy or save the file again
      "
    `);
  });
  test("a tensor whose bytes do not fill its shape", async () => {
    expect(
      await refused(
        "bytes.safetensors",
        closed({ a: { dtype: "F32", shape: [8, 3], data_offsets: [0, 95] } }, new Uint8Array(96)),
      ),
    ).toMatchInlineSnapshot(`
      "
      error: bytes.safetensors is not a whole safetensors file: a has another size than its shape [8, 3] needs
        found:    95 bytes
        help:     copy or save the file again
      "
    `);
  });
  test("a file that goes on behind its last tensor", async () => {
    const whole = readFileSync(join(compiled, "model.safetensors"));
    expect(await refused("long.safetensors", Buffer.concat([whole, Buffer.from("more")]))).toMatchInlineSnapshot(`
      "
      error: long.safetensors is not a whole safetensors file: it goes on behind its last tensor
        found:    4 bytes more
        help:     copy or save the file again
      "
    `);
  });
  test("tensors with bytes between them that are none's", async () => {
    const { header, data } = good();
    delete header["encoder.norm.bias"];
    expect(await refused("hole.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: hole.safetensors is not a whole safetensors file: encoder.out.weight does not begin where the tensor before it ends
        found:    byte 1632 instead of 1600
        help:     copy or save the file again
      "
    `);
  });
  test("tensors that share bytes", async () => {
    const { header, data } = good();
    header["encoder.norm.bias"] = header["encoder.norm.weight"]!;
    expect(await refused("shared.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: shared.safetensors is not a whole safetensors file: encoder.norm.bias does not begin where the tensor before it ends
        found:    byte 1568 instead of 1600
        help:     copy or save the file again
      "
    `);
  });
  test("a variance below 0", async () => {
    write(folder, { "norm.ts": tinyModel.replaceAll("groupNorm", "batchNorm2d") });
    expect((await litevae(folder, "compile", "norm.ts", "-o", "norm")).code).toBe(0);
    const { header, data } = opened(join(folder, "norm/model.safetensors"));
    data.writeFloatLE(-0.5, header["encoder.norm.running_var"]!.data_offsets[0] + 4);
    writeFileSync(join(folder, "negative.safetensors"), closed(header, data));
    expect(await wrong("compile", "norm.ts", "-o", "norm", "--weights", "negative.safetensors")).toMatchInlineSnapshot(`
      "
      error: the weights in negative.safetensors hold variances below 0
        expected: 0 or more
        found:    1 of these tensors:
                    encoder.norm.running_var
        help:     save the weights again from the model that was trained; a difference of checkpoints is none
      "
    `);
  });
  test("a file that ends early", async () => {
    const whole = readFileSync(join(compiled, "model.safetensors"));
    expect(await refused("short.safetensors", whole.subarray(0, whole.length - 100))).toMatchInlineSnapshot(`
      "
      error: short.safetensors is not a whole safetensors file: decoder.out.weight reaches beyond the end of the file
        found:    7004 bytes of 6916
        help:     copy or save the file again
      "
    `);
  });
  test("a type that is not read", async () => {
    const { header, data } = good();
    header["encoder.norm.weight"] = { dtype: "I32", shape: [8], data_offsets: header["encoder.norm.weight"]!.data_offsets };
    expect(await refused("int32.safetensors", closed(header, data))).toMatchInlineSnapshot(`
      "
      error: encoder.norm.weight in int32.safetensors has a type that is not read
        expected: F64, F32, F16, BF16, I64
        found:    I32
        help:     save the weights in one of these types
      "
    `);
  });
  test("whole numbers in the place of floats", async () => {
    const { header, data } = good();
    const [begin, end] = header["encoder.norm.weight"]!.data_offsets;
    for (const entry of Object.values(header)) {
      const [from, to] = entry.data_offsets;
      if (from >= end) entry.data_offsets = [from + 32, to + 32];
    }
    header["encoder.norm.weight"] = { dtype: "I64", shape: [8], data_offsets: [begin, end + 32] };
    const wider = Buffer.concat([data.subarray(0, end), Buffer.alloc(32), data.subarray(end)]);
    expect(await refused("int64.safetensors", closed(header, wider))).toMatchInlineSnapshot(`
      "
      error: the weights in int64.safetensors are not those of tiny
        expected: the 12 tensors of encoder, decoder
        found:    1 of another type:
                    encoder.norm.weight: int64 instead of float32
        help:     compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)
      "
    `);
  });
  test("missing, unexpected and reshaped tensors, all at once", async () => {
    const { header, data } = good();
    header["encoder.norm.gamma"] = header["encoder.norm.weight"]!;
    delete header["encoder.norm.weight"];
    header["encoder.down.weight"]!.shape = [8, 3, 2, 8];
    expect(await refused("keys.safetensors", closed(header, data))).toMatchInlineSnapshot(`
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
  test("those of another model: the first ten are named", async () => {
    expect(await wrong("compile", "s", "-o", "out", "--parts", "encoder", "--weights", "compiled/model.safetensors"))
      .toMatchInlineSnapshot(`
        "
        error: the weights in compiled/model.safetensors are not those of s
          expected: the 520 tensors of encoder
          found:    weights of tiny
                    520 missing:
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
  test("a tensor with and without the prefix of DataParallel", async () => {
    const { header, data } = good();
    header["module.encoder.norm.weight"] = { dtype: "F32", shape: [8], data_offsets: [data.length, data.length + 32] };
    expect(await refused("twice.safetensors", closed(header, Buffer.concat([data, Buffer.alloc(32)])))).toMatchInlineSnapshot(`
      "
      error: twice.safetensors holds tensors twice
        expected: every key with or without module. and _orig_mod., not both
        found:    encoder.norm.weight
        help:     save the state_dict of one model
      "
    `);
  });
  test("NaN and infinity", async () => {
    const { header, data } = good();
    const copy = Buffer.from(data);
    copy.writeFloatLE(NaN, header["encoder.norm.weight"]!.data_offsets[0]);
    copy.writeFloatLE(-Infinity, header["decoder.out.bias"]!.data_offsets[0] + 4);
    expect(await refused("nan.safetensors", closed(header, copy))).toMatchInlineSnapshot(`
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

  test("those of another built-in model, which is named, and those of a model that config.json beside them names", async () => {
    const nano = join(root, "examples/demo/nano.safetensors");
    const told = await wrong("compile", "s", "-o", "other", "--weights", nano);
    expect(told).toContain("the weights in <nano> are not those of s".replace("<nano>", nano));
    expect(told).toContain("  found:    weights of nano\n");
    expect(told).toContain(" missing:");
    write(folder, { "run/config.json": JSON.stringify({ model: "mine" }) });
    cpSync(join(compiled, "model.safetensors"), join(folder, "run/model.safetensors"));
    expect(await wrong("compile", "s", "-o", "other", "--weights", "run/model.safetensors")).toContain(
      "found:    weights of mine\n",
    );
  });
});
