import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Project, ts, type Diagnostic, type DiagnosticMessageChain } from "ts-morph";
import { UserError, type Report } from "../../../errors/index.ts";
import { installation } from "../../../ir/installation.ts";
import { entries, modules } from "../../entries.ts";
import { nodeMarked, type Marked } from "./type-nodes.ts";
import { cure, withoutConsequences } from "./type-words.ts";

/**
 * The TypeScript diagnostics of a model file and of the files it imports, worst first as TypeScript orders them. In a JavaScript file these are
 * its syntax, and its types after `// @ts-check`.
 */
export function typeErrors(path: string): readonly Report[] {
  const found = diagnosed(path, []);
  // Node runs the file, and its types, which few models use, take as long again as the check.
  const wantsNode = found.diagnostics.some((error) => namesOfNode.includes(error.getCode()));
  const { diagnostics, exported } = wantsNode ? diagnosed(path, ["node"]) : found;
  const marked = diagnostics.map((diagnostic) => markedIn(diagnostic, exported));
  const primary = new Set(withoutConsequences(marked.filter((each) => each !== undefined)));
  return diagnostics.flatMap((diagnostic, i) => {
    const each = marked[i];
    return each === undefined || primary.has(each) ? [reportOf(diagnostic, each)] : [];
  });
}

/** "Do you need to install type definitions for node?" */
const namesOfNode: readonly number[] = [2580, 2584, 2591];

interface Diagnosed {
  readonly diagnostics: readonly Diagnostic[];
  /** What `litevae/dsl` exports. */
  readonly exported: readonly string[];
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
  const language = project.getSourceFile(entry(`dsl/${entries["litevae/dsl"]}`));
  return {
    diagnostics: [...own].flatMap((file) => file.getPreEmitDiagnostics()),
    exported: language?.getExportSymbols().map((symbol) => symbol.getName()) ?? [],
  };
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

/** What the report of a diagnostic is made of. */
interface Told extends Marked {
  readonly diagnostic: Diagnostic;
}

function markedIn(diagnostic: Diagnostic, exported: readonly string[]): Told | undefined {
  const [file, start, length] = [diagnostic.getSourceFile(), diagnostic.getStart(), diagnostic.getLength()];
  if (file === undefined || start === undefined) return undefined;
  const node = nodeMarked(file, start, length ?? 0);
  return { diagnostic, code: diagnostic.getCode(), lines: flatten(diagnostic.getMessageText()), node, exported };
}

function reportOf(diagnostic: Diagnostic, marked: Told | undefined): Report {
  const [what = "", ...details] = flatten(diagnostic.getMessageText());
  const { node } = marked ?? {};
  const where = node === undefined ? undefined : node.getSourceFile().getLineAndColumnAtPos(diagnostic.getStart() ?? 0);
  return {
    what: `${what} (TS${diagnostic.getCode()})`,
    ...(node === undefined || where === undefined ? {} : { where: { file: node.getSourceFile().getFilePath(), ...where } }),
    ...(details.length === 0 ? {} : { found: details.slice(0, 4).join("\n") }),
    help: marked === undefined ? "correct the tsconfig.json that is nearest to the file" : cure(marked),
  };
}

function flatten(message: string | DiagnosticMessageChain): readonly string[] {
  if (typeof message === "string") return message.split("\n");
  return [message.getMessageText(), ...(message.getNext() ?? []).flatMap(flatten)];
}
