/** What client.js says where it is given something else than it takes, over a runtime that computes nothing. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { root } from "../e2e/litevae.ts";
import { createClient, createWorkerClient, type ClientWorker, type Runtime } from "../../src/targets/client/template.mts";

class Tensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
  constructor(_type: string, data: Float32Array, dims: readonly number[]) {
    [this.data, this.dims] = [data, dims];
  }
}
const session = {
  run: () =>
    Promise.resolve({ mean: moments, logvar: moments, image: new Tensor("float32", new Float32Array(192), [1, 3, 8, 8]) }),
  release: () => Promise.resolve(),
};
const moments = new Tensor("float32", new Float32Array(12), [1, 12, 1, 1]);
const runtimeOf = (create: Runtime["InferenceSession"]["create"]): Runtime => ({ Tensor, InferenceSession: { create } });
const runtime = runtimeOf(() => Promise.resolve(session));
const failing = (message: string): Runtime => runtimeOf(() => Promise.reject(new Error(message)));
const image = { data: new Float32Array(192), height: 8, width: 8 };
const opened = (ort: Runtime, ...args: readonly unknown[]): Promise<unknown> =>
  (createClient as (...given: readonly unknown[]) => Promise<unknown>)(ort, ...args);

test("a released client says so", async () => {
  const client = await createClient(runtime, { encoder: "encoder.onnx", decoder: "decoder.onnx" });
  await client.encode(image);
  await client.release();
  await client.release();
  const latent = { data: new Float32Array(12), height: 1, width: 1 };
  for (const call of [client.encode(image), client.decode(latent), client.reconstruct(image)])
    await expect(call).rejects.toThrow("this client was released");
});

test.each([
  [
    "out/demo",
    'the second argument names each graph, { encoder: "out/demo/encoder.onnx", decoder: "out/demo/decoder.onnx" }, and is not "out/demo"',
  ],
  [undefined, 'the second argument names each graph, { encoder: "encoder.onnx", decoder: "decoder.onnx" }, and is not undefined'],
  [{ decodr: "x" }, "createClient: decodr is none of encoder, decoder"],
  [{ encoder: { graph: "a", weights: "b" } }, "createClient: encoder: weights is none of graph, data"],
  [
    { encoder: { graph: "a" } },
    "createClient: encoder is a path or a URL as text, or bytes, or { graph, data } of two of these, not { graph: string }",
  ],
  [
    { encoder: new URL("file:///a") },
    "createClient: encoder is a path or a URL as text, or bytes, or { graph, data } of two of these, not URL",
  ],
] as const)("%s in the place of graphs is refused by what they are", async (given, message) => {
  await expect(opened(runtime, given)).rejects.toThrow(message);
});

test("tile among the runtime's options is sent to its place", async () => {
  await expect(opened(runtime, {}, { tile: 512 })).rejects.toThrow(
    "createClient: tile belongs in the fourth argument: createClient(ort, graphs, {}, { tile: 512 })",
  );
});

// As onnxruntime-web and onnxruntime-node word them.
test.each([
  [
    "failed to load external data file: encoder.onnx",
    "encoder.onnx",
    'createClient: the encoder could not be loaded from "encoder.onnx": encoder.onnx could not be fetched',
  ],
  [
    "failed to load external data file: x.onnx",
    { graph: "x.onnx", data: "x.data" },
    'the encoder could not be loaded from { graph: "x.onnx", data: "x.data" }: x.onnx could not be fetched',
  ],
  ["protobuf parsing failed.", new Uint8Array(100), "the encoder could not be loaded from 100 bytes: protobuf parsing failed."],
  [
    "failed to load external data file: out/demo",
    "out/demo",
    ': out/demo could not be fetched: if that is a folder, give its graph, "out/demo/encoder.onnx"',
  ],
  [
    "The model path is a directory.",
    "out/v1.2",
    'The model path is a directory.: if that is a folder, give its graph, "out/v1.2/encoder.onnx"',
  ],
  [
    'Failed to load external data file ""encoder.onnx.data"", error: Module.MountedFiles is not available.',
    "encoder.onnx",
    "the weights of encoder.onnx lie in encoder.onnx.data: give createClient encoder: { graph, data }",
  ],
  [
    'External data path does not exist: "/a/encoder.onnx.data"',
    "/a/encoder.onnx",
    'the weights of encoder.onnx lie in encoder.onnx.data, which is not beside "/a/encoder.onnx": put it there',
  ],
] as const)("a graph that fails with %s", async (cause, encoder, message) => {
  const error = await opened(failing(cause), { encoder }).catch((reason: unknown) => reason as Error);
  expect((error as Error).message).toContain(message);
  expect(String((error as Error).cause)).toContain(cause);
});

test("a graph of one size is refused by the facts of graphs of any", async () => {
  const shape = ["N", 3, "H", "W"];
  const of = (image: readonly (number | string)[]): Runtime =>
    runtimeOf(() =>
      Promise.resolve({
        ...session,
        inputMetadata: [{ name: "image", shape: image }],
        outputMetadata: ["mean", "logvar"].map((name) => ({ name, shape: ["N", 12, "h", "w"] })),
      }),
    );
  await createClient(of(shape), { encoder: "encoder.onnx" });
  await expect(createClient(of([1, 3, 64, 64]), { encoder: "encoder.onnx" })).rejects.toThrow(
    "encoder: this graph takes image [1, 3, 64, 64] alone (--fixed), and this client.js is of graphs that take any sides that fit: take both from one folder",
  );
});

test("encode refuses values that are those of no image, and says what makes sides fit", async () => {
  const client = await createClient(runtime, { encoder: "encoder.onnx" });
  const filled = (value: number) => client.encode({ ...image, data: image.data.map((_, i) => (i === 5 ? value : 0)) });
  for (const value of [NaN, Infinity, 200, -1.6])
    await expect(filled(value)).rejects.toThrow(
      /^encode: value 5 is \S+, where images have finite values in \[-1, 1\]: make them with fromPixels or fromSamples$/,
    );
  await filled(1.2);
  await expect(client.encode({ data: new Float32Array(216), height: 9, width: 8 })).rejects.toThrow(
    "encode: height 9 does not fit nano: 8 or 16 does; pad(image) makes it fit, reconstruct(image) does that and crops what comes back",
  );
});

type Listener = (event: object) => void;

/** A worker that answers what it opens, and leaves everything else open. */
function silent(): ClientWorker & { fail(message: string): void } {
  const listeners: Record<string, Listener> = {};
  return {
    postMessage: (asked) => {
      const { id, method } = asked as { readonly id: number; readonly method: string };
      if (method !== "encode") queueMicrotask(() => listeners["message"]?.({ data: { id } }));
    },
    addEventListener: (type, listener) => (listeners[type] = listener),
    terminate: () => undefined,
    fail: (message) => listeners["error"]?.({ message }),
  };
}

test("a worker's client is released once and for all, with what it was still asked", async () => {
  const client = await createWorkerClient(silent(), "ort.mjs", {});
  const pending = expect(client.encode(image)).rejects.toThrow("this client was released");
  await client.release();
  await pending;
  await client.release();
  await expect(client.encode(image)).rejects.toThrow("this client was released");
});

test("a worker is given an address, and is a module", async () => {
  await expect(createWorkerClient(silent(), runtime as never, {})).rejects.toThrow(
    'createWorkerClient: the runtime is the address of an ES module of onnxruntime-web, such as "ort.webgpu.bundle.min.mjs", not Object: the worker imports it itself',
  );
  const worker = silent();
  const client = await createWorkerClient(worker, "ort.mjs", {});
  const call = expect(client.encode(image)).rejects.toThrow(
    'Cannot use import statement outside a module: start it with new Worker("worker.js", { type: "module" })',
  );
  worker.fail("Uncaught SyntaxError: Cannot use import statement outside a module");
  await call;
});

test("worker.js refuses a module that is no onnxruntime-web, and one that is not there", async () => {
  const built = pathToFileURL(join(root, "dist/src/targets/client/worker.mjs")).href;
  const shim = `const { parentPort } = require("node:worker_threads");
globalThis.addEventListener = (_, listener) => parentPort.on("message", (data) => listener({ data }));
globalThis.postMessage = (message) => parentPort.postMessage(message);
import(${JSON.stringify(built)});`;
  const worker = new Worker(shim, { eval: true });
  const adapted: ClientWorker = {
    postMessage: (message) => {
      worker.postMessage(message);
    },
    addEventListener: (type, listener) => {
      worker.on(type, (data: unknown) => {
        listener(type === "message" ? { data } : (data as object));
      });
    },
    terminate: () => void worker.terminate(),
  };
  try {
    await expect(createWorkerClient(adapted, "data:text/javascript,export default 1", {})).rejects.toThrow(
      "is not an ES module of onnxruntime-web: use ort.webgpu.bundle.min.mjs",
    );
    await expect(createWorkerClient(adapted, "none.mjs", {})).rejects.toThrow(
      /onnxruntime-web could not be loaded from file:.*\/none\.mjs/,
    );
  } finally {
    await worker.terminate();
  }
});
