// @ts-check
/** Which of onnxruntime-web's backends a page uses: WebGPU where it gives the numbers of WebAssembly. */
import { createWorkerClient, model } from "../client.js";

/** @typedef {import("./plan.js").Backend} Backend */

/** Beyond this difference of values in [-1, 1], an eighth of a step of 8 bits, WebGPU is not used. */
const tolerance = 1e-3;

/**
 * A client of `parts` in a worker of its own.
 * @param {readonly ("encoder" | "decoder")[]} parts
 * @param {import("./plan.js").Plan} plan
 * @param {readonly string[]} files that lie beside the page
 */
export function open(parts, { backend, tile }, files) {
  const worker = new Worker(new URL("../worker.js", import.meta.url), { type: "module" });
  const sourceOf = (/** @type {string} */ graph) => (files.includes(`${graph}.data`) ? { graph, data: `${graph}.data` } : graph);
  const sources = Object.fromEntries(parts.map((part) => [part, sourceOf(`${part}.onnx`)]));
  return createWorkerClient(
    worker,
    "./ort/ort.js",
    sources,
    { executionProviders: [backend] },
    tile === undefined ? {} : { tile },
  );
}

/**
 * @param {readonly string[]} files
 * @returns {Promise<{ backend: Backend, said: string, limit?: number }>}
 */
export async function chooseBackend(files) {
  const gpu = /** @type {{ gpu?: { requestAdapter(): Promise<{ limits: { maxStorageBufferBindingSize: number } } | null> } }} */ (
    navigator
  ).gpu;
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (gpu === undefined) return { backend: "wasm", said: "this browser has no WebGPU" };
  if (!adapter) return { backend: "wasm", said: "WebGPU finds no device here" };
  const limit = adapter.limits.maxStorageBufferBindingSize;
  try {
    const difference = await differenceFromWasm(files);
    const said = `on a small image, WebGPU differs from WebAssembly by ${difference.toExponential(1)} at most`;
    if (difference <= tolerance) return { backend: "webgpu", said, limit };
    return { backend: "wasm", said: `${said}, more than the ${tolerance} that this page accepts`, limit };
  } catch (error) {
    return {
      backend: "wasm",
      said: `WebGPU failed on a small image: ${error instanceof Error ? error.message : String(error)}`,
      limit,
    };
  }
}

/** @param {readonly string[]} files */
async function differenceFromWasm(files) {
  const image = sample();
  const results = [];
  for (const backend of /** @type {const} */ (["wasm", "webgpu"])) {
    const client = await open(["encoder", "decoder"], { backend }, files);
    try {
      results.push((await client.reconstruct(image)).image.data);
    } finally {
      await client.release();
    }
  }
  const [a, b] = results;
  return a === undefined || b === undefined
    ? Infinity
    : a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] ?? NaN))), 0);
}

/** Waves in all channels, at sides that fit. */
function sample() {
  const side = ({ minimum = 0, step = 0 }) => minimum + step * Math.max(0, Math.ceil((64 - minimum) / step));
  // Of another model it is otherwise.
  const fixed = /** @type {{ height: number, width: number } | null} */ (/** @type {unknown} */ (model.fixed));
  const { height, width } = fixed ?? { height: side(model.sizes.height), width: side(model.sizes.width) };
  const data = Float32Array.from(
    { length: model.imageChannels * height * width },
    (_, i) => Math.sin(i * 0.37) * Math.cos(i * 0.011),
  );
  return { data, height, width };
}
