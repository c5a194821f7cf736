/** What a page is made of that is the same for every model: the installation's own files, and onnxruntime-web's, under names that every server knows. */
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { notInstalled } from "../errors/missing-package.ts";
import { installation } from "../ir/installation.ts";

interface PageFile {
  readonly name: string;
  pieces(): Iterable<Uint8Array | string>;
}

const own = fileURLToPath(new URL("src/targets/web/page/", installation));
/** The look of all pages. */
const shared = ["page.css", "theme.js"].map((name) => fileURLToPath(new URL(`src/report/html/client/${name}`, installation)));
/** One module for WebGPU and WebAssembly, and the code that it loads. */
const runtime = {
  "ort.webgpu.bundle.min.mjs": "ort.js",
  "ort-wasm-simd-threaded.asyncify.wasm": "ort-wasm-simd-threaded.asyncify.wasm",
};

export function pageFiles(): readonly PageFile[] {
  const file = (name: string, path: string): PageFile => ({ name, pieces: () => [readFileSync(path)] });
  const names = readdirSync(own).filter((name) => /\.(?:html|css|js)$/.test(name));
  const dist = runtimeFolder();
  return [
    ...names.map((name) => file(name === "index.html" ? name : `page/${name}`, join(own, name))),
    ...shared.map((path) => file(`page/${path.endsWith(".css") ? "look.css" : "theme.js"}`, path)),
    ...Object.entries(runtime).map(([name, called]) => file(`ort/${called}`, join(dist, name))),
  ];
}

/** Where onnxruntime-web lies: of the project that litevae is used in, else of the installation. */
function runtimeFolder(): string {
  const places = [join(process.cwd(), "package.json"), fileURLToPath(new URL("package.json", installation))];
  for (const place of places) {
    try {
      return dirname(createRequire(place).resolve("onnxruntime-web"));
    } catch {
      // The next place may have it.
    }
  }
  throw notInstalled("onnxruntime-web");
}
