import { must } from "../errors/must.ts";
import { UserError } from "../errors/index.ts";
import { parameterPath } from "../ir/parameter-path.ts";
import type { Interchange, Layer, Model, Param, Part } from "../ir/model.ts";
import { layersOf, paramsOf, topModules } from "../ir/walk.ts";
import { tensorOf, type Tensor } from "../ir/tensor.ts";
import { initializeLayer } from "./initialize.ts";
import type { NamedTensor, Safetensors } from "./safetensors.ts";

/** The values of a model's parameters. */
export interface Weights {
  /** A parameter's value; one that folding derives is computed anew each time and not kept. */
  load(param: Param): Tensor;
}

/** Seeded starting values of all layers of the parts, made when first asked for. */
export function initialWeights(parts: readonly Part[], seed: number): Weights {
  const layerOf = new Map<string, Layer>();
  for (const layer of layersOf(topModules(parts))) for (const { path } of layer.params) layerOf.set(path, layer);
  const tensors = new Map<string, Tensor>();
  return loading((param) => {
    if (!tensors.has(param.path)) {
      const layer = must(layerOf.get(param.path), `the layer of ${param.path}`);
      for (const [role, tensor] of Object.entries(initializeLayer(layer, seed)))
        tensors.set(parameterPath(layer.path, role), tensor);
    }
    return must(tensors.get(param.path), param.path);
  });
}

function loading(stored: (param: Param) => Tensor): Weights {
  const load = (param: Param): Tensor => {
    if (param.derive === undefined) return stored(param);
    return param.derive.compute(Object.fromEntries(param.derive.from.map((source) => [source.role, load(source)])));
  };
  return { load };
}

/** A key without what DataParallel and torch.compile put before the keys of what they wrap; no layer has these names. */
function plainKey(key: string): string {
  return key.replace(/(?<![^.])(?:module|_orig_mod)\./g, "");
}

/** The model's own name for a key, in today's words. */
function ownKey(key: string, model: Model): string {
  return renamedKey(plainKey(key), model.interchange?.renames ?? {});
}

/** A key after all renames of `Interchange`; the runtime's `renamed` does the same, which a table in the tests holds. */
export function renamedKey(key: string, renames: Interchange["renames"]): string {
  return Object.entries(renames).reduce((name, [from, to]) => renamed(name, from, to), key);
}

function renamed(key: string, from: string, to: string): string {
  const words = from.split(".").map((word) => (word === "*" ? "([^.]+)" : word.replace(/\W/g, "\\$&")));
  return key.replace(new RegExp(`(?<![^.])${words.join("\\.")}(?![^.])`), (_, ...found: readonly string[]) => {
    let star = 0;
    return to.replace(/\*/g, () => must(found[star++], `what a * of ${to} stands for`));
  });
}

/** A file's keys without what wrapped the model that they are of. */
export function plainKeys(file: Safetensors): readonly string[] {
  return file.names.map(plainKey);
}

/** Whether a file's tensor is a parameter; published files may store a linear weight [out, in] as a 1×1 convolution's. */
function sameTensor(shape: readonly number[], param: Param, model: Model): boolean {
  const plain = (sizes: readonly number[]): string =>
    model.interchange === undefined ? sizes.join() : sizes.join().replace(/(?:,1)+$/, "");
  return plain(shape) === plain(param.shape);
}

/** Whether a file holds the tensors of a model that inference runs, and none that the model does not know. */
export function holdsModel(file: Safetensors, model: Model): boolean {
  const keys = new Map(file.names.map((name) => [ownKey(name, model), name]));
  const params = model.parts.flatMap((part) =>
    [...paramsOf(part.modules)].map((param) => ({ param, needed: part.trainingOnly !== true })),
  );
  const known = new Set(params.map(({ param }) => param.path));
  const fits = ({ param, needed }: (typeof params)[number]): boolean => {
    const key = keys.get(param.path);
    return key === undefined ? !needed : sameTensor(file.shapeOf(key), param, model);
  };
  return [...keys.keys()].every((key) => known.has(key)) && params.every(fits);
}

/**
 * Weights from a safetensors file whose keys are the model's paths. Strict: every parameter of `parts` is there with its shape, and
 * the file holds nothing that the model does not know; otherwise UserError lists what is missing, unexpected or of another shape,
 * after the name of the model whose they are, if `ownerOf` finds one.
 */
export function weightsFromFile(
  file: Safetensors,
  model: Model,
  parts: readonly Part[],
  ownerOf: () => string | undefined = () => undefined,
): Weights {
  const path = file.name;
  const keys = new Map(file.names.map((name) => [ownKey(name, model), name]));
  if (keys.size < file.names.length) {
    const twice = file.names.filter((name) => keys.get(ownKey(name, model)) !== name).map((name) => ownKey(name, model));
    throw new UserError({
      what: `${path} holds tensors twice`,
      expected: "every key with or without module. and _orig_mod., not both",
      found: listed(twice),
      help: "save the state_dict of one model",
    });
  }
  const wanted = new Map([...paramsOf(topModules(parts))].map((param) => [param.path, param]));
  const known = new Set([...paramsOf(topModules(model.parts))].map((param) => param.path));

  const missing = [...wanted.keys()].filter((key) => !keys.has(key));
  const unexpected = [...keys.keys()].filter((key) => !known.has(key));
  const reshaped = [...wanted.values()].flatMap((param) => {
    const key = keys.get(param.path);
    if (key === undefined) return [];
    const shape = file.shapeOf(key);
    return sameTensor(shape, param, model) ? [] : [`${param.path}: [${shape.join(", ")}] instead of [${param.shape.join(", ")}]`];
  });
  const retyped = [...wanted.values()].flatMap((param) => {
    const key = keys.get(param.path);
    if (key === undefined) return [];
    const [dtype, needed] = [file.dtypeOf(key), param.dtype ?? "float32"];
    return dtype === needed ? [] : [`${param.path}: ${dtype} instead of ${needed}`];
  });
  const wrong = { missing, unexpected, "of another shape": reshaped, "of another type": retyped };
  if (Object.values(wrong).some((names) => names.length > 0)) {
    const found = Object.entries(wrong)
      .map(([what, names]) => describe(what, names))
      .filter((line) => line !== "");
    const owner = ownerOf();
    if (owner !== undefined && owner !== model.name) found.unshift(`weights of ${owner}`);
    throw new UserError({
      what: `the weights in ${path} are not those of ${model.name}`,
      expected: `the ${wanted.size} tensors of ${parts.map((part) => part.name).join(", ")}`,
      found: found.join("\n"),
      help: "compile the model that the weights were trained with, with the same options (latent channels, decoder norm, …)",
    });
  }
  // Read now, while nothing has been written: the file may end early, or be the very one that is replaced.
  const tensors = new Map(
    [...wanted].map(([key, { shape }]) => [key, tensorOf(shape, file.read(must(keys.get(key), key)).data)]),
  );
  const found = [...tensors].filter(([, tensor]) => !allFinite(tensor)).map(([key]) => key);
  if (found.length > 0) {
    throw new UserError({
      what: `the weights in ${path} hold NaN or infinity`,
      expected: "finite numbers",
      found: describe("of these tensors", found),
      help: "take a checkpoint from before the training diverged",
    });
  }
  const negative = [...wanted.values()]
    .filter(({ path: key, nonNegative }) => nonNegative === true && tensors.get(key)?.data.some((value) => value < 0) === true)
    .map(({ path: key }) => key);
  if (negative.length > 0) {
    throw new UserError({
      what: `the weights in ${path} hold variances below 0`,
      expected: "0 or more",
      found: describe("of these tensors", negative),
      help: "save the weights again from the model that was trained; a difference of checkpoints is none",
    });
  }
  return loading((param) => must(tensors.get(param.path), param.path));
}

function describe(what: string, names: readonly string[]): string {
  if (names.length === 0) return "";
  return `${names.length} ${what}:\n  ${listed(names, "\n  ")}`;
}

function allFinite({ data }: Tensor): boolean {
  if (!(data instanceof Float32Array)) return true;
  // x − x is 0 for every number, and NaN for NaN and infinity.
  let sum = 0;
  for (const value of data) sum += value - value;
  return sum === 0;
}

/** The first ten of them. */
function listed(names: readonly string[], separator = ", "): string {
  return [...names.slice(0, 10), ...(names.length > 10 ? [`… and ${names.length - 10} more`] : [])].join(separator);
}

/** The parameters and buffers of the parts under their paths, for a safetensors file. */
export function namedTensors(parts: readonly Part[], weights: Weights): readonly NamedTensor[] {
  return [...paramsOf(topModules(parts))].map((param) => ({
    name: param.path,
    shape: param.shape,
    dtype: param.dtype ?? "float32",
    load: () => weights.load(param),
  }));
}
