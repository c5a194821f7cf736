/** The imports that a Python tree needs, in isort's order. */
import { UserError } from "../../errors/index.ts";
import { must } from "../../errors/must.ts";
import type { PyExpr, PyModule, PySlice, PyStatement } from "../../ir/python.ts";
import { layOut, listed } from "./layout.ts";

/** Where the package's own modules lie, as model.py sees them. */
const paths = { layers: "._runtime.nn.layers", autoencoder: "._runtime.nn.autoencoder" } as const;

/** The standard library's, whose names are imported bare. */
const standard = ["collections.abc", "dataclasses", "typing"] as const;

/** The import statements of the symbols in `body`, but for those of the module `own` itself. */
export function importLines(body: readonly PyStatement[], own?: PyModule): readonly string[] {
  const names = symbolsOf(body);
  if (own !== undefined) names.delete(own);
  const has = (module: PyModule): boolean => names.has(module);
  const torch = [...(names.get("torch") ?? [])];
  const fromTorch = [...(torch.includes("Tensor") ? ["Tensor"] : []), ...(has("nn") ? ["nn"] : [])];
  const from = (path: string, imported: readonly string[]): readonly string[] =>
    imported.length === 0 ? [] : [fromLine(path, imported)];
  const sections = [
    [...(has("math") ? ["import math"] : []), ...standard.flatMap((path) => from(path, sorted(names.get(path))))],
    [
      ...(torch.some((name) => name !== "Tensor") ? ["import torch"] : []),
      ...(has("F") ? ["import torch.nn.functional as F"] : []),
      ...from("torch", fromTorch),
    ],
    [
      ...(has("ops") ? ["from . import ops"] : []),
      ...from(paths.autoencoder, sorted(names.get("autoencoder"))),
      ...from(paths.layers, sorted(names.get("layers"))),
    ],
  ];
  return sections.filter((lines) => lines.length > 0).flatMap((lines, i) => (i === 0 ? lines : ["", ...lines]));
}

function fromLine(path: string, names: readonly string[]): string {
  const flat = `from ${path} import ${names.join(", ")}`;
  return flat.length <= 110 ? flat : layOut([`from ${path} import `, listed("(", names, ")")]);
}

/** isort's order: constants, then classes, then the rest. */
function sorted(names: ReadonlySet<string> = new Set()): readonly string[] {
  const rank = (name: string): number => {
    if (name.length > 1 && name === name.toUpperCase()) return 0;
    return /^[a-z_]/.test(name) ? 2 : 1;
  };
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

function symbolsOf(body: readonly PyStatement[]): Map<PyModule, Set<string>> {
  const found = new Map<PyModule, Set<string>>();
  visit(body, ({ module, name }) => found.set(module, (found.get(module) ?? new Set()).add(name)));
  return found;
}

/** The files of authors' that define symbols in `body`, by the modules of `ops` that they become. UserError where two would be the same. */
export function ownFiles(body: readonly PyStatement[]): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  visit(body, ({ name, file }) => {
    if (file === undefined) return;
    const module = must(name.split(".")[0], "the module of a symbol");
    const other = found.get(module) ?? file;
    if (other !== file) {
      throw new UserError({
        what: `two files of Python would both be ops/${module}.py in the package`,
        expected: "names that differ",
        found: `${other}, ${file}`,
        help: "give one of the files another name",
      });
    }
    found.set(module, file);
  });
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

type Part = PyExpr | PySlice | PyStatement;

/** Every symbol in a part of the tree, whatever it is: symbols are told by their kind. */
function visit(part: unknown, found: (symbol: Extract<PyExpr, { kind: "symbol" }>) => void): void {
  if (Array.isArray(part)) for (const each of part) visit(each, found);
  else if (typeof part === "object" && part !== null) {
    const node = part as Part;
    if (node.kind === "symbol") found(node);
    else for (const each of Object.values(part)) visit(each, found);
  }
}
