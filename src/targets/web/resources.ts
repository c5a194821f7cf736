import type { OnnxResources } from "../onnx/options.ts";

/** A file of the page by its path in the compiled folder, with slashes. */
export interface WebFile {
  readonly name: string;
  pieces(): Iterable<Uint8Array | string>;
}

export interface WebResources extends OnnxResources {
  /** What the page is made of besides the model: its texts, and the files of onnxruntime-web. */
  page(): readonly WebFile[];
}
