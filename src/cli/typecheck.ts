import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Project, ts, type Diagnostic, type DiagnosticMessageChain } from "ts-morph";
import type { Report } from "../errors/index.ts";

/** The TypeScript diagnostics of a model file and of the files it imports, worst first as TypeScript orders them. */
export function typeErrors(path: string): readonly Report[] {
  const config = nearestConfig(dirname(path));
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
      allowImportingTsExtensions: true,
      types: [],
      paths: { litevae: [entry("index")], "litevae/dsl": [entry("authoring")] },
    },
  });
  const source = project.addSourceFileAtPath(path);
  project.resolveSourceFileDependencies();
  const own = new Set([
    source,
    ...source.getReferencedSourceFiles().filter((file) => !file.isInNodeModules() && !isOurs(file.getFilePath())),
  ]);
  return [...own].flatMap((file) => file.getPreEmitDiagnostics()).map(reportOf);
}

const installation = fileURLToPath(new URL("../../", import.meta.url));

/** The DSL's types: declarations in an installed package, sources in the repository. */
function entry(name: string): string {
  const declarations = join(installation, "dsl", `${name}.d.ts`);
  return existsSync(declarations) ? declarations : join(installation, "dsl", `${name}.ts`);
}

function isOurs(path: string): boolean {
  return ["dsl", "src"].some((folder) => path.startsWith(join(installation, folder)));
}

function nearestConfig(folder: string): string | undefined {
  const candidate = join(folder, "tsconfig.json");
  if (existsSync(candidate)) return candidate;
  return dirname(folder) === folder ? undefined : nearestConfig(dirname(folder));
}

function reportOf(diagnostic: Diagnostic): Report {
  const [what = "", ...details] = flatten(diagnostic.getMessageText());
  const file = diagnostic.getSourceFile();
  const start = diagnostic.getStart();
  const position = file === undefined || start === undefined ? undefined : file.getLineAndColumnAtPos(start);
  return {
    what: `${what} (TS${diagnostic.getCode()})`,
    ...(file === undefined || position === undefined ? {} : { where: { file: file.getFilePath(), ...position } }),
    ...(details.length === 0 ? {} : { found: details.slice(0, 4).join("\n") }),
    help: remedy(what),
  };
}

function flatten(message: string | DiagnosticMessageChain): readonly string[] {
  if (typeof message === "string") return message.split("\n");
  return [message.getMessageText(), ...(message.getNext() ?? []).flatMap(flatten)];
}

/** Says what two features that do not fit differ in. */
function remedy(message: string): string {
  const features = [...message.matchAll(/Feature<(\d+), (\d+)>/g)].map((match) => ({ channels: match[1], stride: match[2] }));
  const [found, wanted] = features;
  if (found === undefined || wanted === undefined || features.length !== 2)
    return "mend the types at this place; the editor shows the same error";
  if (found.channels !== wanted.channels && found.stride !== wanted.stride) {
    return `the feature has ${found.channels} channels at stride ${found.stride}, and ${wanted.channels} at stride ${wanted.stride} are wanted`;
  }
  return found.channels !== wanted.channels
    ? `the feature has ${found.channels} channels and ${wanted.channels} are wanted: change the layer here, or the one before it`
    : `the feature has stride ${found.stride} and ${wanted.stride} is wanted: pool, upsample or set stride`;
}
