import { UserError } from "../src/errors/index.ts";
import { dividedDim, symbolDim } from "../src/ir/dim.ts";
import type { Block, Network } from "../src/ir/model.ts";
import { shapeOf, type Shape } from "../src/ir/shape.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { checkCounts, checkKeys } from "./config.ts";
import { tracePart } from "./tracing/part.ts";

export interface NetworkConfig {
  /** In snake_case: the training package builds the network with `build_NAME()`. */
  readonly name: string;
  /** What the block's function is called with, in order; `stride` is 1 by default. */
  readonly inputs: readonly { readonly channels: number; readonly stride?: number }[];
  /** What the output is called where the block returns a single feature; `output` by default. */
  readonly output?: string;
  /** An instance of a block; it returns a feature, or a record of features. */
  readonly block: (...inputs: never[]) => unknown;
}

/**
 * Compiles a block to a network of its own, beside any model: the training package gets its class. The keys of its weights begin with the names
 * in the block's `layers`, so that a published file's own keys can be had.
 */
export function network(config: NetworkConfig): Network {
  const source = captureSource(network);
  checkKeys("network", config, ["name", "inputs", "output", "block"], network);
  const { name, inputs, output = "output", block } = config;
  checkName("a network", name, source);
  const shapes = inputs.map(({ channels, stride = 1 }): Shape => {
    checkCounts("network", { channels, stride }, network);
    return shapeOf("N", channels, dividedDim(symbolDim("H"), stride), dividedDim(symbolDim("W"), stride));
  });
  const traced = tracePart({ "": block }, shapes, block, source, "network");
  const outputs = Object.entries(traced.outputs).map(([key, value]) => [key === "" ? output : key, value] as const);
  for (const [key] of outputs) checkName("an output of a network", key, source);
  return Object.freeze({
    kind: "network",
    name,
    modules: traced.modules,
    block: traced.modules[0] as Block,
    graph: { ...traced.graph, outputs: outputs.map(([, value]) => value) },
    inputNames: inputs.map((_, i) => (inputs.length === 1 ? "x" : `x${i}`)),
    outputNames: outputs.map(([key]) => key),
  });
}

function checkName(what: string, name: string, source: Source): void {
  if (/^[a-z][a-z0-9_]*$/.test(name)) return;
  throw new UserError({
    what: `"${name}" is not the name of ${what}`,
    where: placeOf(source),
    expected: "a name in snake_case",
    found: name,
    help: "use small letters, digits and underscores, beginning with a letter",
  });
}
