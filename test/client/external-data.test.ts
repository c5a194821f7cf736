/** Weights in files beside the graphs (`--external-data`): how either runtime is given them, and what a client says where it is not. */
// @module-tag slow
import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as node from "onnxruntime-node";
import * as web from "onnxruntime-web";
import { expect, test } from "vitest";
import { litevae } from "../e2e/in-process.ts";
import { root, tempFolder } from "../e2e/litevae.ts";

interface Planes {
  readonly data: Float32Array;
  readonly height: number;
  readonly width: number;
}
interface Module {
  createClient(
    runtime: unknown,
    graphs: object,
    options?: object,
  ): Promise<{
    encode(image: Planes): Promise<{ readonly latent: Planes }>;
    decode(latent: Planes): Promise<Planes>;
    release(): Promise<void>;
  }>;
}

const folder = tempFolder();

async function compiled(out: string, ...flags: readonly string[]): Promise<Module> {
  const { code, stderr } = await litevae(folder, "compile", join(root, "examples/deterministic.ts"), "-o", out, ...flags);
  expect(code, stderr).toBe(0);
  return (await import(join(folder, out, "client.js"))) as Module;
}

function largestDifference(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  return found.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (expected[i] ?? 0))), 0);
}

test("graphs give the same with weights inside and beside, over both runtimes", async () => {
  web.env.wasm.numThreads = 1;
  const [{ createClient }] = [await compiled("outside", "--external-data"), await compiled("inside")];
  const path = (part: string, out = "outside"): string => join(folder, out, `${part}.onnx`);
  const read = (part: string) => ({
    graph: readFileSync(path(part)) as Uint8Array,
    data: readFileSync(`${path(part)}.data`) as Uint8Array,
  });
  const wasm = { executionProviders: ["wasm"] };
  const inside = await createClient(node, { encoder: path("encoder", "inside"), decoder: path("decoder", "inside") });
  const outside = [
    await createClient(web, { encoder: read("encoder"), decoder: read("decoder") }, wasm),
    await createClient(node, { encoder: read("encoder"), decoder: read("decoder") }),
    await createClient(node, { encoder: path("encoder"), decoder: path("decoder") }),
  ];
  const image = { data: Float32Array.from({ length: 3 * 16 * 24 }, (_, i) => Math.sin(1 + 0.37 * i)), height: 16, width: 24 };
  const { latent } = await inside.encode(image);
  const decoded = await inside.decode(latent);
  for (const client of outside) {
    expect(largestDifference((await client.encode(image)).latent.data, latent.data)).toBeLessThan(1e-5);
    expect(largestDifference((await client.decode(latent)).data, decoded.data)).toBeLessThan(1e-5);
  }
  await expect(createClient(web, { encoder: read("encoder").graph }, wasm)).rejects.toThrow(
    "the weights of encoder.onnx lie in encoder.onnx.data: give createClient encoder: { graph, data }",
  );
  // onnxruntime-node opens what lies beside a graph, and no other file.
  const named = { graph: path("encoder"), data: `${path("encoder")}.data` };
  const refusal = "onnxruntime does not read encoder.onnx.data as it was given: give its bytes as data or,";
  await expect(createClient(node, { encoder: named })).rejects.toThrow(refusal);
  await Promise.all([inside, ...outside].map((client) => client.release()));
});
