/**
 * onnxruntime's WebGPU provider miscomputes convolutions in groups: a report that can be filed as it is, `node bench/webgpu_groups.mjs`.
 *
 * Models of one Conv (3×3, pads 1, float32, opset 18), the same input with the providers `webgpu` and `wasm`, in Chromium. Wrong are those with 4 and more
 * output channels in a group of which 4, or 2, divides all output channels and not a group's: the provider takes vectors of 4 or 2 output channels, and
 * finds the group of a whole vector by its first channel, so that the others of it read the input channels of the group before theirs. Right are 8 channels of
 * 2 groups, whose vectors end where groups do, and 9 of 3 and 6 of 3, which are computed one by one. Expected: both providers agree to 1e-5 or so.
 *
 * onnxruntime-web 1.30.0, Chromium 150.0.7871.100 over SwiftShader, 28 November 2026, when no issue of onnxruntime named it:
 *
 * | inputs | outputs | groups | largest value | largest difference | wrong channels |
 * |---|---|---|---|---|---|
 * | 8 | 24 | 4 | 2.0 | 3.4 | 6, 7, 18, 19 |
 * | 4 | 10 | 2 | 2.0 | 3.5 | 5 |
 * | 6 | 12 | 2 | 1.3 | 2.7 | 6, 7 |
 * | 4 | 8 | 2 | 2.0 | 3.6e-7 | none |
 * | 6 | 9 | 3 | 2.0 | 3.6e-7 | none |
 * | 6 | 6 | 3 | 2.0 | 4.8e-7 | none |
 *
 * Needs playwright-core, onnxruntime-web and a Chromium, found on PATH or named in CHROMIUM.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { chromium } from "playwright-core";
import { findChromium } from "../scripts/chromium.mjs";

const runtime = dirname(createRequire(import.meta.url).resolve("onnxruntime-web"));
const { version } = JSON.parse(readFileSync(join(runtime, "../package.json"), "utf8"));

/** Of protobuf, as far as ONNX needs it here: fields of numbers, and of bytes. */
const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
const number = (field, value) => [...varint(field * 8), ...varint(value)];
const bytes = (field, value) => {
  const content = typeof value === "string" ? [...Buffer.from(value)] : value;
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
};
const wave = (length) => Float32Array.from({ length }, (_, i) => Math.sin(i * 1.7));

/** x [1, input, 8, 8] → Conv → y [1, output, 8, 8]. */
function model(input, output, groups) {
  const dims = [output, input / groups, 3, 3];
  const weights = [...Buffer.from(wave(dims.reduce((a, b) => a * b)).buffer)];
  const ints = (name, values) => bytes(5, [...bytes(1, name), ...values.flatMap((value) => number(8, value)), ...number(20, 7)]);
  const attrs = [
    ...ints("kernel_shape", [3, 3]),
    ...ints("pads", [1, 1, 1, 1]),
    ...bytes(5, [...bytes(1, "group"), ...number(3, groups), ...number(20, 2)]),
  ];
  const node = [...bytes(1, "x"), ...bytes(1, "w"), ...bytes(2, "y"), ...bytes(4, "Conv"), ...attrs];
  const initializer = [...dims.flatMap((dim) => number(1, dim)), ...number(2, 1), ...bytes(8, "w"), ...bytes(9, weights)];
  const value = (name, channels) => {
    const shape = [1, channels, 8, 8].flatMap((dim) => bytes(1, number(1, dim)));
    return [...bytes(1, name), ...bytes(2, bytes(1, [...number(1, 1), ...bytes(2, shape)]))];
  };
  const graph = [
    ...bytes(1, node),
    ...bytes(2, "conv"),
    ...bytes(5, initializer),
    ...bytes(11, value("x", input)),
    ...bytes(12, value("y", output)),
  ];
  return [...number(1, 8), ...bytes(7, graph), ...bytes(8, number(2, 18))];
}

const page = `<!doctype html><script type="module">
import * as ort from "/ort.webgpu.bundle.min.mjs";
globalThis.run = async (model, channels, provider) => {
  if (!(await navigator.gpu?.requestAdapter())) throw new Error("no WebGPU adapter");
  const session = await ort.InferenceSession.create(Uint8Array.from(model), { executionProviders: [provider] });
  const data = Float32Array.from({ length: channels * 64 }, (_, i) => Math.cos(i * 0.9));
  const { y } = await session.run({ x: new ort.Tensor("float32", data, [1, channels, 8, 8]) });
  return [...(await y.getData())];
};
</script>`;

const flags = ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-features=Vulkan"];
const browser = await chromium.launch({ args: flags, executablePath: findChromium() });
const tab = await browser.newPage();
await tab.route("http://localhost/**", (route) => {
  const name = new URL(route.request().url()).pathname.slice(1);
  if (name === "") return route.fulfill({ contentType: "text/html", body: page });
  const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
  return route.fulfill({ contentType, body: readFileSync(join(runtime, name)) });
});
await tab.goto("http://localhost/");
await tab.waitForFunction(() => globalThis.run !== undefined);
console.log(`onnxruntime-web ${version}, Chromium ${browser.version()}`);
console.log("| inputs | outputs | groups | largest value | largest difference | wrong channels |");
console.log("|---|---|---|---|---|---|");
for (const [input, output, groups] of [
  [8, 24, 4],
  [4, 10, 2],
  [6, 12, 2],
  [4, 8, 2],
  [6, 9, 3],
  [6, 6, 3],
]) {
  const of = (provider) =>
    tab.evaluate(
      ([model, channels, name]) => globalThis.run(model, channels, name),
      [model(input, output, groups), input, provider],
    );
  const [expected, found] = [await of("wasm"), await of("webgpu")];
  const differences = expected.map((value, i) => Math.abs(value - found[i]));
  const wrong = new Set(differences.flatMap((difference, i) => (difference > 1e-3 ? [Math.floor(i / 64)] : [])));
  const largest = (values) => Math.max(...values.map(Math.abs)).toPrecision(2);
  console.log(
    `| ${[input, output, groups, largest(expected), largest(differences), [...wrong].join(", ") || "none"].join(" | ")} |`,
  );
}
await browser.close();
