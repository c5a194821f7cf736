/** Imports that find nothing: files, packages, and names in them. */
import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Node, type ImportDeclaration } from "ts-morph";
import { nearest } from "../../../errors/index.ts";
import type { Marked } from "./type-nodes.ts";

export const writeOne =
  "docs/ops.md of litevae lists what there is; what is not there can be an op of your own: defineOp of litevae/op, docs/own-ops.md";

const containers: Readonly<Record<string, string>> = {
  Sequential: "a list in layers({ stages: [ … ] }), applied in a loop",
  ModuleList: "a list in layers({ stages: [ … ] })",
  ModuleDict: "a record in layers({ heads: { … } })",
  Parameter: "parameter({ shape: [ … ] }), named in layers",
  cat: "concat(first, second)",
  Module: "block(name, (settings) => { … return (x) => … })",
};

/** What stands in for a name of PyTorch, or is written nearly as it is. */
export const counterpart = (name: string, exported: readonly string[]): string | undefined =>
  containers[name] ?? nearest(name, exported);

/** "Module has no exported member", "did you mean", "no exported member, did you mean the default". */
const noMember: readonly number[] = [2305, 2724, 2614];
/** "Module has no default export". */
const noDefault: readonly number[] = [1192, 2613];
/** "Cannot find module", "could not find a declaration file", "need explicit file extensions". */
const noModule: readonly number[] = [2307, 2792, 7016, 2834, 2835];

const typeOfImport = /does not exist on type 'typeof import\(".*\/(\w+)"\)'/;

/** Whether what all entry points export is to be known for the cure. */
export function isOfImport(code: number, [what = ""]: readonly string[]): boolean {
  return [...noMember, ...noDefault, ...noModule].includes(code) || typeOfImport.test(what);
}

export function wrongImport(marked: Marked): string | undefined {
  const { code, node, lines, exports } = marked;
  const declaration = node.getFirstAncestor(Node.isImportDeclaration);
  const from = declaration?.getModuleSpecifierValue();
  if (noModule.includes(code)) {
    const path = Node.isStringLiteral(node) ? node.getLiteralText() : from;
    return path === undefined ? undefined : missingModule(path, marked, declaration);
  }
  if (declaration !== undefined && from !== undefined && noDefault.includes(code)) {
    const name = declaration.getDefaultImport()?.getText() ?? "name";
    return `${from} has no default export: its names stand in braces, import { ${name} } from "${from}"`;
  }
  if (declaration !== undefined && from !== undefined && noMember.includes(code)) {
    const name = node.getText();
    if (Object.hasOwn(exports, from)) return notIn(from, name, namesOf(declaration), marked);
    const there = declaration.getModuleSpecifierSourceFile()?.getExportSymbols();
    const names = there?.map((symbol) => symbol.getName()) ?? [];
    const meant = nearest(name, names);
    return meant === undefined ? `${from} exports ${names.join(", ") || "nothing"}` : `did you mean ${meant}?`;
  }
  const module = typeOfImport.exec(lines[0] ?? "")?.[1];
  const entry = Object.keys(exports).find((each) => marked.modules[each] === module);
  const name = /^Property '(\w+)'/.exec(lines[0] ?? "")?.[1];
  return entry === undefined || name === undefined ? undefined : notIn(entry, name, [name], marked);
}

/** What an import error takes a name for, so that what follows of that name is no second mistake. */
export function meantByImport({ code, lines: [what = ""] }: Pick<Marked, "code" | "lines">): string | undefined {
  return noMember.includes(code) ? /Did you mean '(\w+)'/.exec(what)?.[1] : undefined;
}

function namesOf(declaration: ImportDeclaration): readonly string[] {
  return declaration.getNamedImports().map((each) => each.getName());
}

/** A name that an entry point of the package does not have; `names` are all that are imported with it. */
function notIn(entry: string, name: string, names: readonly string[], { lines, exports, exported }: Marked): string {
  const other = Object.keys(exports).find((each) => exports[each]?.includes(name));
  if (other !== undefined) {
    const moved = names.filter((each) => exports[entry]?.includes(each) !== true && exports[other]?.includes(each) === true);
    const [verb, pronoun] = moved.length === 1 ? ["is", "it"] : ["are", "them"];
    return `${moved.join(", ")} ${verb} in ${other}: import ${pronoun} from there, import { … } from "${other}"`;
  }
  const suggested = /Did you mean '(\w+)'/.exec(lines[0] ?? "")?.[1];
  const meant = counterpart(name, exported) ?? suggested;
  return meant === undefined ? writeOne : `did you mean ${meant}?`;
}

function missingModule(path: string, { node, exports }: Marked, declaration: ImportDeclaration | undefined): string {
  const entries = Object.keys(exports);
  const names = declaration === undefined ? [] : namesOf(declaration);
  if (/^\.{0,2}\//.test(path)) return missingFile(path, dirname(node.getSourceFile().getFilePath()));
  const nearby = nearest(path.replace(/^@/, ""), entries);
  const having = entries.find((each) => names.length > 0 && names.every((name) => exports[each]?.includes(name)));
  if (/^litevae(?:\/|$)/.test(path) || having !== undefined || nearby !== undefined) {
    const meant = having ?? nearby;
    return `models import from ${entries.join(", ")}${meant === undefined ? "" : `: did you mean "${meant}"?`}`;
  }
  const name = path.split("/").slice(0, path.startsWith("@") ? 2 : 1).join("/"); // prettier-ignore
  return `no package ${name} with types is found from here: npm install ${name}`;
}

/** A path that leads to no file, or to one whose ending is left out. */
function missingFile(path: string, folder: string): string {
  const [whole, endings] = [resolve(folder, path), [".ts", ".mts", ".js", ".mjs"]];
  const bare = whole.replace(/\.m?[jt]s$/, "");
  const ending = endings.find((each) => existsSync(bare + each));
  const written = path.replace(/\.m?[jt]s$/, "");
  if (ending !== undefined) return `the file is called ${written}${ending}: write its ending`;
  const beside = existsSync(dirname(whole)) ? readdirSync(dirname(whole)).filter((each) => /\.m?[jt]s$/.test(each)) : [];
  const meant = nearest(whole.slice(dirname(whole).length + 1), beside);
  const found = meant === undefined ? "check the path, which starts at this file's folder" : `did you mean ${meant}?`;
  return `there is no file ${join(dirname(whole), whole.slice(dirname(whole).length + 1))}: ${found}`;
}
