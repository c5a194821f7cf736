/** What a page runs that counts and compiles models: the API, and nothing of Node. `browser.test.ts` bundles it. */
import { builtIn, compile, count, type Installation, type Manifest, type ModelRecord } from "litevae/api";
import own from "./model.ts";

export interface InPage {
  readonly counted: ModelRecord;
  /** With the SHA-256 of every file. */
  readonly manifest: Manifest;
  readonly names: readonly string[];
}

/** What `compile --target onnx,torch` writes of a built-in model, or of the one in model.ts. */
export async function inPage(name: string, installation: Installation): Promise<InPage> {
  const model = name === "" ? own : builtIn(name);
  const { files, manifest } = await compile(model, {
    parts: model.parts.map((part) => part.name),
    targets: { onnx: {}, torch: { recipe: "smoke" } },
    installation,
    seed: 3,
  });
  return { counted: await count(model, { size: 64 }), manifest, names: Object.keys(files) };
}

Object.assign(globalThis, { inPage });
