import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Node, Project, ts, type Diagnostic, type DiagnosticMessageChain } from "ts-morph";
import { UserError, type Report } from "../../../errors/index.ts";
import { installation } from "../../../ir/installation.ts";
import { entries, modules } from "../../entries.ts";
import { isOfImport, meantByImport } from "./type-imports.ts";
import { nodeMarked, type Marked } from "./type-nodes.ts";
import { syntaxCure } from "./type-syntax.ts";
import { cure, unlessThrown, withoutConsequences } from "./type-words.ts";

/**
 * The TypeScript diagnostics of a model file and of the files it imports, worst first as TypeScript orders them. In a JavaScript file these are
 * its syntax, and its types after `// @ts-check`.
 */
export function typeErrors(path: string): readonly Report[] {
  const found = diagnosed(path, []);
  // Node runs the file, and its types, which few models use, take as long again as the check.
  const wantsNode = found.diagnostics.some((error) => namesOfNode.includes(error.getCode()));
  const { diagnostics, isSyntax, project } = wantsNode ? diagnosed(path, ["node"]) : found;
  // What else is wrong in a file that cannot be read whole follows from that.
  if (isSyntax) return diagnostics.map((each) => reportOf(each, placeIn(each), syntaxCure(each)));
  const ofImport = diagnostics.some((each) => isOfImport(each.getCode(), flatten(each.getMessageText())));
  const exports = exportsOf(project, ofImport);
  const marked = diagnostics.map((diagnostic) => markedIn(diagnostic, exports));
  const all = marked.filter((each) => each !== undefined);
  const primary = new Set(unlessThrown(() => withoutConsequences(all), all));
  return toldOnce(
    diagnostics.flatMap((diagnostic, i) => {
      const each = marked[i];
      if (each !== undefined && !primary.has(each)) return [];
      const help = each === undefined ? "correct the tsconfig.json that is nearest to the file" : cure(each);
      return [{ marked: each, report: reportOf(diagnostic, each?.node, help) }];
    }),
  );
}

interface Found {
  readonly marked: Marked | undefined;
  readonly report: Report;
}

/** Names of one import that lack for one reason, and uses of the name that one was meant to be, are one mistake. */
function toldOnce(found: readonly Found[]): readonly Report[] {
  const meant = found.flatMap(({ marked }) => (marked === undefined ? [] : (meantByImport(marked) ?? [])));
  const told = new Set<string>();
  return found.flatMap(({ marked, report }) => {
    if (marked !== undefined && [2304, 2552].includes(marked.code) && meant.includes(marked.node.getText())) return [];
    const declaration = marked?.node.getFirstAncestor(Node.isImportDeclaration);
    if (declaration === undefined) return [report];
    const key = `${report.where?.file} ${declaration.getPos()} ${report.help}`;
    if (told.has(key)) return [];
    told.add(key);
    return [report];
  });
}

/** "Do you need to install type definitions for node?" */
const namesOfNode: readonly number[] = [2580, 2584, 2591];

interface Diagnosed {
  readonly diagnostics: readonly Diagnostic[];
  /** Whether these are of syntax alone. */
  readonly isSyntax: boolean;
  readonly project: Project;
}

function diagnosed(path: string, types: string[]): Diagnosed {
  const config = nearestConfig(dirname(path));
  if (config !== undefined) requireReadable(config);
  const project = new Project({
    ...(config === undefined ? {} : { tsConfigFilePath: config }),
    skipAddingFilesFromTsConfig: true,
    compilerOptions: {
      target: ts.ScriptTarget.ESNext,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      allowJs: true,
      allowImportingTsExtensions: true,
      types,
      typeRoots: [typeRoots],
      // What is unused may yet be written.
      noUnusedLocals: false,
      noUnusedParameters: false,
      allowUnusedLabels: true,
      paths: Object.fromEntries(Object.entries(modules).map(([name, module]) => [name, [entry(module)]])),
    },
  });
  const source = project.addSourceFileAtPath(path);
  project.resolveSourceFileDependencies();
  const own = new Set([
    source,
    ...source.getReferencedSourceFiles().filter((file) => !file.isInNodeModules() && !isOurs(file.getFilePath())),
  ]);
  const program = project.getProgram();
  // The first of each file: from one bracket that stays open others follow.
  const syntax = [...own].flatMap((file) => program.getSyntacticDiagnostics(file).slice(0, 1));
  const isSyntax = syntax.length > 0;
  return { diagnostics: isSyntax ? syntax : [...own].flatMap((file) => file.getPreEmitDiagnostics()), isSyntax, project };
}

/** What the entry points export: those that the checked files import, or all of them. */
function exportsOf(project: Project, all: boolean): Marked["exports"] {
  const found = Object.entries(entries).map(([name, module]) => {
    const path = entry(`dsl/${module}`);
    const file = project.getSourceFile(path) ?? (all ? project.addSourceFileAtPath(path) : undefined);
    return [name, file?.getExportSymbols().map((symbol) => symbol.getName()) ?? []] as const;
  });
  return Object.fromEntries(found);
}

/** UserError where a tsconfig.json is no JSON, or extends what is not there. */
function requireReadable(path: string): void {
  const read: { readonly config?: unknown; readonly error?: ts.Diagnostic } = ts.readConfigFile(path, (file) =>
    ts.sys.readFile(file),
  );
  const missing = (): ts.Diagnostic | undefined =>
    ts.parseJsonConfigFileContent(read.config, ts.sys, dirname(path)).errors.find(({ code }) => cannotRead.includes(code));
  const wrong = read.error ?? missing();
  if (wrong === undefined) return;
  throw new UserError({
    what: `cannot read ${path}, by which the types of models beside it are checked`,
    found: ts.flattenDiagnosticMessageText(wrong.messageText, "\n"),
    help: "correct it, or what it extends",
  });
}

/** "Cannot read file", "File not found". */
const cannotRead: readonly number[] = [5012, 5083, 6053];

/** The folder in which this installation has @types/node. */
const typeRoots = dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")));

const root = fileURLToPath(installation);

/** The types of what the package exports: declarations in an installed package, sources in the repository. */
function entry(name: string): string {
  const declarations = join(root, `${name}.d.ts`);
  return existsSync(declarations) ? declarations : join(root, `${name}.ts`);
}

function isOurs(path: string): boolean {
  return ["dsl", "src"].some((folder) => path.startsWith(join(root, folder)));
}

/** The tsconfig.json of whoever wrote what is in `folder`; that of this installation is for its own sources. */
export function nearestConfig(folder: string): string | undefined {
  if (join(folder, "/") === root) return undefined;
  const candidate = join(folder, "tsconfig.json");
  if (existsSync(candidate)) return candidate;
  return dirname(folder) === folder ? undefined : nearestConfig(dirname(folder));
}

function placeIn(diagnostic: Diagnostic): Node | undefined {
  const [file, start, length] = [diagnostic.getSourceFile(), diagnostic.getStart(), diagnostic.getLength()];
  return file === undefined || start === undefined ? undefined : nodeMarked(file, start, length ?? 0);
}

function markedIn(diagnostic: Diagnostic, exports: Marked["exports"]): Marked | undefined {
  const node = placeIn(diagnostic);
  if (node === undefined) return undefined;
  const lines = flatten(diagnostic.getMessageText());
  return { code: diagnostic.getCode(), lines, node, exported: exports["litevae/dsl"] ?? [], exports, modules: entries };
}

function reportOf(diagnostic: Diagnostic, node: Node | undefined, help: string): Report {
  const [what = "", ...details] = flatten(diagnostic.getMessageText());
  const where = node?.getSourceFile().getLineAndColumnAtPos(diagnostic.getStart() ?? 0);
  return {
    what: `${what} (TS${diagnostic.getCode()})`,
    ...(node === undefined || where === undefined ? {} : { where: { file: node.getSourceFile().getFilePath(), ...where } }),
    ...(details.length === 0 ? {} : { found: details.slice(0, 4).join("\n") }),
    help,
  };
}

function flatten(message: string | DiagnosticMessageChain): readonly string[] {
  if (typeof message === "string") return message.split("\n");
  return [message.getMessageText(), ...(message.getNext() ?? []).flatMap(flatten)];
}
