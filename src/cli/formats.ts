/** The formats of JSON that the tool writes. Their schemas and docs/formats.md are made of these types, with what stands here beside them: nothing else declares them. */
import type { CheckedModel, WrongModel } from "../api/check.ts";
import type { Listing } from "../api/list.ts";
import type { CompiledFolder } from "../api/node/compile.ts";
import type { EncodedFolder } from "../api/node/encode.ts";
import type { Verified } from "../api/node/verify.ts";
import type { ConfigFile } from "../compiler/config.ts";
import type { Manifest } from "../compiler/manifest.ts";
import type { LatentsManifest } from "../onnxruntime/latents/manifest.ts";
import type { Benchmark } from "../report/benchmark.ts";
import type { KeyRecord } from "../report/keys.ts";
import type { Reconstruction } from "../report/reconstruction.ts";
import type { ComparedRecord } from "../report/records.ts";
import type { Search } from "../report/search.ts";
import type { Summary } from "../report/summary.ts";
import type { StartedProject } from "./init.ts";
import type { WrittenPage } from "./report.ts";

/** By the name of the schema. */
export interface Formats {
  /** `litevae init --format json` */
  readonly init: StartedProject;
  /** `litevae list --format json` */
  readonly list: Listing;
  /** `litevae check --format json`; with `errors` the exit code is 1 */
  readonly check: CheckedModel | WrongModel;
  /** `litevae summary --format json` */
  readonly summary: Summary;
  /** `litevae summary --keys --format json` */
  readonly keys: readonly KeyRecord[];
  /** `litevae compare --format json`, a record for each model */
  readonly compare: readonly ComparedRecord[];
  /** `litevae search --format json` */
  readonly search: Search;
  /** `litevae compile --format json` */
  readonly compile: CompiledFolder;
  /** `litevae run --format json`, a record for each image that could be used */
  readonly run: readonly Reconstruction[];
  /** `litevae encode --format json` */
  readonly encode: EncodedFolder;
  /** `litevae report --format json` */
  readonly report: WrittenPage;
  /** `litevae verify --format json` */
  readonly verify: Verified;
  /** `litevae bench --format json`, and the benchmark of a PyTorch package */
  readonly bench: Benchmark;
  /** `manifest.json` in a folder that `litevae compile` wrote */
  readonly manifest: Manifest;
  /** `config.json` in a folder that `litevae compile` wrote */
  readonly config: ConfigFile;
  /** `manifest.json` in a folder that `litevae encode` wrote */
  readonly latents: SealedLatents;
}

/** The manifest of latents, and the SHA-256 of the rest of it. */
export interface SealedLatents extends LatentsManifest {
  /** Of the other keys as Python's json.dumps has them, with sorted keys. */
  readonly sha256: string;
}
