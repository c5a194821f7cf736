/** What a page runs that compiles models: only what of this project needs nothing of Node. `browser.test.ts` bundles it. */
import { builtIns, networks } from "../../dsl/models/index.ts";
import { recipes } from "../../dsl/recipes/index.ts";
import { compile } from "../../src/compiler/compile.ts";
import type { Model } from "../../src/ir/model.ts";
import { joined } from "../../src/ir/tensor.ts";
import type { ClientTemplate } from "../../src/targets/client/client.ts";
import { targets, type Resources } from "../../src/targets/index.ts";
import { optionsOf } from "../../src/targets/target.ts";
import own from "./model.ts";

/** What a page has to fetch. */
export interface Fetched {
  readonly clientTemplate: ClientTemplate;
  readonly runtime: ReturnType<Resources["runtime"]>;
  readonly version: string;
  /** What authors say of their blocks, by the blocks' names: it stands in files. */
  readonly docs: Readonly<Record<string, readonly string[]>>;
}

/** The sha256 of every file that `compile --target onnx,torch` writes of a built-in model, or of the one in model.ts. */
export async function compiledInPage(name: string, fetched: Fetched): Promise<Readonly<Record<string, string>>> {
  const model: Model = builtIns[name]?.build({}) ?? own;
  const resources: Resources = {
    clientTemplate: () => fetched.clientTemplate,
    python: (file) => {
      throw new Error(`no op here has Python of its own: ${file}`);
    },
    runtime: () => fetched.runtime,
    author: {
      docs: ({ name: block }) => fetched.docs[block] ?? [],
      // Blocks of this package, and that of model.ts, take none from around them.
      numbers: () => [],
    },
    networks,
    writtenNetworks: () => undefined,
    recipe: () => Promise.resolve(recipes.smoke.recipe),
    calibration: () => {
      throw new Error("nothing is calibrated here");
    },
  };
  const { files } = await compile(model, {
    parts: model.parts.map((part) => part.name),
    targets: targets.map((target) => ({ target, options: optionsOf(target, {}) })),
    resources,
    seed: 3,
    version: fetched.version,
    progress: () => undefined,
    note: () => undefined,
  });
  const hashes: Record<string, string> = {};
  for (const { name: file, pieces } of files) hashes[file] = await sha256(pieces());
  return hashes;
}

async function sha256(pieces: Iterable<Uint8Array | string>): Promise<string> {
  const bytes = [...pieces].map((piece) => (typeof piece === "string" ? new TextEncoder().encode(piece) : piece));
  const digest = await crypto.subtle.digest("SHA-256", joined(bytes));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

Object.assign(globalThis, { compiledInPage });
