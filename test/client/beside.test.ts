/** client.js of a model that takes more than images and latents: what it hands on, what it asks for, and its types. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { Project, ts } from "ts-morph";
import { beforeAll, describe, expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder } from "../e2e/litevae.ts";

interface Values {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
interface Client {
  encode(...given: unknown[]): Promise<{ readonly mean: unknown; readonly skips: Readonly<Record<string, Values>> }>;
  decode(...given: unknown[]): Promise<{ readonly data: Float32Array }>;
}

const folder = tempFolder();
const [height, width] = [16, 24];
const drawn = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => Math.sin(1 + 0.37 * i));
const image = { data: drawn(2 * 3 * height * width), batch: 2, height, width };
const mask = { data: drawn(2 * height * width), dims: [2, 1, height, width] };
let client: Client;

beforeAll(async () => {
  const { code, stderr } = await litevae(folder, "compile", join(root, "examples/inpainting.ts"), "-o", "out");
  expect(code, stderr).toBe(0);
  const { createClient } = (await import(join(folder, "out/client.js"))) as {
    createClient(runtime: unknown, graphs: object): Promise<Client>;
  };
  client = await createClient(ort, { encoder: join(folder, "out/encoder.onnx"), decoder: join(folder, "out/decoder.onnx") });
});

describe("the client", () => {
  test("hands skips, the image and conditions on to the decoder", async () => {
    const { mean, skips } = await client.encode(image, { mask });
    expect(Object.entries(skips).map(([name, { dims }]) => [name, dims])).toEqual([
      ["skip", [2, 16, height / 2, width / 2]],
      ["original", [2, 3, height, width]],
      ["mask", [2, 1, height, width]],
    ]);
    expect(skips["original"]?.data).toBe(image.data);
    const { data } = await client.decode(mean, skips);
    const session = await ort.InferenceSession.create(join(folder, "out/decoder.onnx"));
    const { data: latent } = mean as { data: Float32Array };
    const tensors = Object.entries({ latent: { data: latent, dims: [2, 4, height / 4, width / 4] }, ...skips }).map(
      ([name, each]) => [name, new ort.Tensor("float32", each.data, each.dims)] as const,
    );
    const wanted = await session.run(Object.fromEntries(tensors));
    expect(data).toEqual(wanted["image"]?.data);
    const dark = { data: drawn(mask.data.length).fill(1), dims: mask.dims };
    expect((await client.decode(mean, { ...skips, mask: dark })).data).not.toEqual(data);
  });

  test("asks for what is missing, and says what does not fit", async () => {
    await expect(client.encode(image)).rejects.toThrow("encode: inpainting takes mask besides, and is not given mask");
    await expect(client.encode(image, { mask, text: mask })).rejects.toThrow("encode: text is none of mask");
    await expect(client.encode(image, { mask: { ...mask, dims: [1, 1, height, width] } })).rejects.toThrow(
      "encode: mask is [2, 1, 16, 24] here, not [1, 1, 16, 24] of 768 values",
    );
    await expect(client.encode(image, { mask: mask.data })).rejects.toThrow(
      "encode: mask is { data, dims } with a Float32Array, not Float32Array",
    );
    await expect(client.encode(image, { mask: { ...image, data: mask.data } })).rejects.toThrow(
      "encode: mask is { data, dims } with a Float32Array, not { data: Float32Array, batch: number, height: number, width: number }",
    );
    const { mean, skips } = await client.encode(image, { mask });
    await expect(client.decode(mean)).rejects.toThrow(
      "decode: inpainting takes skip, original, mask besides, and is not given skip",
    );
    await expect(client.decode(mean, { ...skips, skip: skips["mask"] })).rejects.toThrow(
      "decode: skip is [2, 16, 8, 12] here, not [2, 1, 16, 24] of 768 values",
    );
  });
});

describe("its types", () => {
  const errors = (code: string): readonly string[] => {
    const project = new Project({ tsConfigFilePath: join(root, "tsconfig.json"), skipAddingFilesFromTsConfig: true });
    const at = (name: string): string => join(root, "test/client/made-beside", name);
    project.createSourceFile(at("client.d.ts"), readFileSync(join(folder, "out/client.d.ts"), "utf8"));
    const usage = project.createSourceFile(
      at("usage.ts"),
      `import type { Client, Image, Values } from "./client.js";
declare const client: Client, image: Image, mask: Values;
${code}`,
    );
    return usage
      .getPreEmitDiagnostics()
      .map((error) => ts.flattenDiagnosticMessageText(error.compilerObject.messageText, "\n").split("\n")[0] ?? "");
  };

  test("ask for the conditions and take the skips", () => {
    expect(
      errors("const { mean, skips } = await client.encode(image, { mask }); await client.decode(mean, skips); export {};"),
    ).toEqual([]);
    expect(errors("await client.encode(image); export {};")).toEqual(["Expected 2 arguments, but got 1."]);
    expect(
      errors(
        "const { mean, skips } = await client.encode(image, { mask }); await client.decode(mean, { skip: skips.skip, mask }); export {};",
      ),
    ).toEqual([
      'Argument of type \'{ skip: Values; mask: Values; }\' is not assignable to parameter of type \'Readonly<Record<"skip" | "original" | "mask", Values>>\'.',
    ]);
  });
});
