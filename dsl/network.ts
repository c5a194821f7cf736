import { UserError } from "../src/errors/index.ts";
import type { Block, Model, Network } from "../src/ir/model.ts";
import { captureSource, placeOf, type Source } from "../src/ir/source.ts";
import { checkOnlySettings } from "./arguments.ts";
import { checkKeys, checkText, type Below } from "./config.ts";
import { checkInputsRead, checkNames, shapeOfInput, type Given, type MapInput, type VectorInput } from "./inputs.ts";
import { checkOwnOps } from "./tracing/own-ops.ts";
import { tracePart } from "./tracing/part.ts";

/** An input of a network: a map or a vector, with its name. */
export type NetworkInput = NamedInput & (MapInput | VectorInput);

interface NamedInput {
  /** In snake_case: the graph's input. Without one it is `x`, or `x0`, `x1`, … where there are several. */
  readonly name?: string;
}

type GivenAll<I extends readonly NetworkInput[]> = { -readonly [Place in keyof I]: Given<I[Place]> };

interface BlockConfig {
  /** What the block's function is called with, in order. */
  readonly inputs: readonly NetworkInput[];
  /** What the output is called where the block returns a single value; `output` by default. */
  readonly output?: string;
  /** An instance of a block; it returns a feature or a vector, or a record of them, whose keys are the outputs' names. */
  readonly block: (...inputs: never[]) => unknown;
}

/** What `network` compiles: an instance of a block, with the inputs that its function is called with. */
export interface NetworkConfig<I extends readonly NetworkInput[]> extends Omit<BlockConfig, "inputs" | "block"> {
  /** The model's name; by default that of its file. */
  readonly name?: string;
  readonly inputs: I;
  /** An instance of a block; it returns a feature or a vector, or a record of them, whose keys are the outputs' names. */
  readonly block: (...inputs: GivenAll<I>) => unknown;
}

const settings = ["name", "inputs", "output", "block"];

/**
 * Compiles any network to IR, as a model that is no autoencoder: nothing encodes, decodes or trains, everything else is as with `model`. Its one part is called
 * `network`; the keys of its weights begin with the names in the block's `layers`, so that a published file's own keys can be had.
 */
export function network<const I extends readonly [NetworkInput, ...NetworkInput[]]>(config: NetworkConfig<I>): Model {
  checkOnlySettings("network", arguments, network);
  checkKeys("network", config, settings, network);
  checkText("network", { name: config.name ?? "" }, network);
  const part = traced({ ...config, name: "network" }, network);
  const image = config.inputs.find((input): input is NamedInput & MapInput => "channels" in input && (input.stride ?? 1) === 1);
  return Object.freeze({ kind: "model", name: config.name ?? "", imageChannels: image?.channels, parts: [part] });
}

/** A network beside any model: the training package gets its class, and builds it with `build_NAME()`. */
export function networkBeside(config: BlockConfig & { readonly name: string }): Network {
  checkKeys("network", config, settings, networkBeside);
  return traced(config, networkBeside);
}

function traced(config: BlockConfig & { readonly name: string }, below: Below): Network {
  const source = captureSource(below);
  const { name, inputs, output = "output", block } = config;
  checkInputs(inputs, source);
  const kind = { one: "an input", all: "inputs", of: "network", also: ["name"] };
  const shapes = inputs.map((input) => shapeOfInput(input, kind, below));
  const inputNames = inputs.map((input, i) => input.name ?? (inputs.length === 1 ? "x" : `x${i}`));
  checkNames("a network", [name], source);
  checkNames("an input of a network", inputNames, source);
  const { modules, graph, outputs } = tracePart({ "": block }, shapes, block, source, "network");
  checkInputsRead(graph, inputNames, "network", "read it in the block's function, or leave it out of inputs", source);
  checkOwnOps([{ graph }]);
  const named = Object.entries(outputs).map(([key, value]) => [key === "" ? output : key, value] as const);
  const outputNames = named.map(([key]) => key);
  checkNames("an output of a network", outputNames, source);
  const twice = inputNames.find((each, i) => inputNames.indexOf(each) !== i || outputNames.includes(each));
  if (twice !== undefined) throw usedTwice(twice, source);
  return Object.freeze({
    kind: "network",
    name,
    modules,
    block: modules[0] as Block,
    graph: { ...graph, outputs: named.map(([, value]) => value) },
    inputNames,
    outputNames,
  });
}

/** TypeScript refuses what is no list where the configuration is written out; JavaScript and a cast do not. */
function checkInputs(inputs: unknown, source: Source): void {
  if (Array.isArray(inputs) && inputs.length > 0) return;
  throw new UserError({
    what: "inputs of network is not a list of inputs",
    where: placeOf(source),
    expected: "a list of what the block's function is called with, in order",
    found: Array.isArray(inputs) ? "an empty list" : inputs === null ? "null" : typeof inputs,
    help: 'give a map its channels, [{ name: "image", channels: 3 }], and a vector its features',
  });
}

function usedTwice(name: string, source: Source): UserError {
  return new UserError({
    what: `two inputs or outputs of the network are called ${name}`,
    where: placeOf(source),
    expected: "names that differ, since graphs tell values by them",
    found: name,
    help: "give one of them another name",
  });
}
