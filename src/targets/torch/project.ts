/** The files of an installable Python project around the generated model.py. */
import type { Model, Network, Rebuilds } from "../../ir/model.ts";
import { paper } from "../../paper/figures.ts";
import { recipeFileSchema } from "../../recipe/json-schema.ts";
import type { Recipe } from "../../recipe/schema.ts";
import type { Author } from "./author.ts";
import { commandFiles, networkTablePy } from "./commands-py.ts";
import { ownFiles } from "./imports.ts";
import { builderName, modelTree } from "./model-py.ts";
import { networksPy } from "./networks-py.ts";
import { packageName, prose } from "./names.ts";
import { printModule } from "./printer.ts";
import { blocksBuiltOnce } from "./program/classes.ts";
import { readme } from "./readme.ts";
import { trainedParts, wrappedParts } from "./wrapped.ts";

export interface ProjectFile {
  /** Path inside the compiled folder. */
  readonly name: string;
  readonly text: string;
}

/** What a package trains with. */
export interface Training {
  readonly recipe: Recipe;
  /** Networks beside the model, by the Python modules that are to hold them. */
  readonly networks: NetworkModules;
  /** The files of these networks, by module, where they were written before. */
  readonly written: Readonly<Record<string, string>> | undefined;
}

export type NetworkModules = Readonly<Record<string, readonly Network[]>>;

interface Brought {
  readonly training: Training | undefined;
  readonly author: Author;
  /** The text of an author's file. */
  python(file: string): string;
}

/**
 * `parts` are those whose weights the folder gets; the package always holds the whole architecture. `runtime` are the Python files that
 * are the same in every package, by their paths in its `_runtime`.
 */
export function torchProject(
  model: Model,
  parts: readonly string[],
  version: string,
  { training, author, python }: Brought,
  runtime: readonly ProjectFile[],
): readonly ProjectFile[] {
  const name = packageName(model.name);
  const rebuilds = blocksBuiltOnce();
  const tree = modelTree(model, author, rebuilds);
  const own = [...ownFiles(tree.body)];
  const inPackage = (file: string, text: string): ProjectFile => ({ name: `${name}/${file}`, text });
  return [
    {
      name: "pyproject.toml",
      text: pyproject(model, name, version, [...(own.length === 0 ? [] : ["ops"]), ...foldersOf(runtime)]),
    },
    { name: "README.md", text: readme(model, name, parts) },
    inPackage("__init__.py", init(model)),
    inPackage("model.py", printModule(tree)),
    ...(own.length === 0 ? [] : [inPackage("ops/__init__.py", opsInit(own.map(([module]) => module)))]),
    ...own.map(([module, file]) => inPackage(`ops/${module}.py`, python(file))),
    inPackage("py.typed", ""),
    ...(training === undefined
      ? []
      : trainingFiles(model, name, training, author, rebuilds).map(([file, text]) => inPackage(file, text))),
    ...runtime.map((file) => inPackage(`_runtime/${file.name}`, file.text)),
  ];
}

/** What trains, evaluates and benchmarks the autoencoder, by the name in the package. */
function trainingFiles(
  model: Model,
  name: string,
  { recipe, networks, written }: Training,
  author: Author,
  rebuilds: Rebuilds,
): readonly (readonly [string, string])[] {
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return [
    ...Object.entries(networks).map(
      ([module, those]) => [`${module}.py`, written?.[module] ?? networksPy(those, author, rebuilds)] as const,
    ),
    ["recipe.json", json(recipe)],
    ["recipe.schema.json", json(recipeFileSchema())],
    ["paper.json", json(paper)],
    ["networks.py", networkTablePy(model, networks)],
    ...commandFiles(name),
  ];
}

function foldersOf(runtime: readonly ProjectFile[]): readonly string[] {
  return runtime.map((file) => ["_runtime", ...file.name.split("/").slice(0, -1)].join("."));
}

/** The package and its subpackages, as setuptools wants them listed. */
function packages(name: string, folders: readonly string[]): readonly string[] {
  return [name, ...new Set(folders.map((folder) => `${name}.${folder}`))].sort();
}

/** The package of what authors bring for ops of theirs, one module a file. */
function opsInit(modules: readonly string[]): string {
  const listed = (before: string, after = ""): string => modules.map((module) => `    ${before}${module}${after},\n`).join("");
  const flat = `from . import ${modules.join(", ")}`;
  return `"""What the model's own ops are in PyTorch, as their authors wrote it."""

${flat.length <= 110 ? flat : `from . import (\n${listed("")})`}

__all__ = [
${listed('"', '"')}]
`;
}

function builders(model: Model): readonly string[] {
  const alone = wrappedParts(model) === undefined;
  return model.parts.filter((part) => alone || part.modules.length > 0).map(builderName);
}

function init(model: Model): string {
  const parts = wrappedParts(model);
  const wrapped = parts !== undefined;
  const gaussian = parts?.posterior !== undefined;
  const encodes = trainedParts(model) !== undefined;
  const names = [...(wrapped ? ["Autoencoder"] : []), ...builders(model)].sort();
  const exported = [
    ...names,
    ...(gaussian ? ["DiagonalGaussian"] : []),
    ...(encodes ? ["LatentDataset"] : []),
    "WeightsError",
  ].sort();
  const entries = exported.map((name) => `    "${name}",\n`).join("");
  return `"""${prose(model.name)} in PyTorch, generated by litevae."""

from ._runtime.common.errors import WeightsError
${encodes ? "from ._runtime.latents.dataset import LatentDataset\n" : ""}${gaussian ? "from ._runtime.nn.autoencoder import DiagonalGaussian\n" : ""}from .model import ${names.join(", ")}

__all__ = [
${entries}]
`;
}

/** What training needs besides torch and safetensors; torchmetrics for the heads of LPIPS that it carries. */
const trainingRequirements = [
  "accelerate>=1.2",
  "filelock>=3.12",
  "jsonschema>=4.18",
  "numpy>=1.26",
  "pillow>=10",
  "tensorboard>=2.16",
  "tifffile>=2024.1",
  "torchmetrics>=1.4",
  "tqdm>=4.66",
];

/**
 * What evaluation needs, but for torch-fidelity, which has Inception's architecture: it asks for torchvision, and every torchvision for one torch, by
 * which pip would replace the one that is there.
 */
const evaluationRequirements = [
  "accelerate>=1.2",
  "numpy>=1.26",
  "pillow>=10",
  "tifffile>=2024.1",
  "torchmetrics>=1.9",
  "tqdm>=4.66",
];

/** What encoding data sets needs; reading the latents needs no more than the model. */
const encodingRequirements = ["accelerate>=1.2", "filelock>=3.12", "numpy>=1.26", "pillow>=10", "tifffile>=2024.1", "tqdm>=4.66"];

function extra(name: string, requirements: readonly string[]): string {
  return `${name} = [\n${requirements.map((requirement) => `  "${requirement}",\n`).join("")}]`;
}

function pyproject(model: Model, name: string, version: string, folders: readonly string[]): string {
  const wrapped = wrappedParts(model) !== undefined;
  const trained = trainedParts(model) !== undefined;
  const extras = `[project.optional-dependencies]
${extra("encode", encodingRequirements)}
${extra("evaluate", evaluationRequirements)}
${extra("train", trainingRequirements)}

`;
  return `[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "${name.replaceAll("_", "-")}"
version = "${version}"
description = ${JSON.stringify(`${wrapped ? "The autoencoder" : "The networks of"} ${prose(model.name)} in PyTorch, generated by litevae`)}
requires-python = ">=3.11"
dependencies = ["safetensors>=0.5", "torch>=2.6"]

${trained ? extras : ""}[tool.setuptools]
packages = ${JSON.stringify(packages(name, folders)).replaceAll(",", ", ")}

[tool.setuptools.package-data]
${name} = ["py.typed", "*.json"]

[tool.ruff]
line-length = 110

[tool.ruff.lint.pycodestyle]
# Code is formatted to 110 columns, prose may fill more.
max-line-length = 130
`;
}
