import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Project, ts, type Diagnostic, type DiagnosticMessageChain } from "ts-morph";
import type { Report } from "../errors/index.ts";
import { installation } from "../ir/installation.ts";
import { entries } from "./entries.ts";

/**
 * The TypeScript diagnostics of a model file and of the files it imports, worst first as TypeScript orders them. In a JavaScript file these are
 * its syntax, and its types after `// @ts-check`.
 */
export function typeErrors(path: string): readonly Report[] {
  const errors = diagnosed(path, []);
  // Node runs the file, and its types, which few models use, take as long again as the check.
  const wantsNode = errors.some((error) => namesOfNode.includes(error.getCode()));
  return (wantsNode ? diagnosed(path, ["node"]) : errors).map(reportOf);
}

/** "Do you need to install type definitions for node?" */
const namesOfNode: readonly number[] = [2580, 2591];

function diagnosed(path: string, types: string[]): readonly Diagnostic[] {
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
      allowJs: true,
      allowImportingTsExtensions: true,
      types,
      typeRoots: [typeRoots],
      // What is unused may yet be written.
      noUnusedLocals: false,
      noUnusedParameters: false,
      allowUnusedLabels: true,
      paths: Object.fromEntries(Object.entries(entries).map(([name, module]) => [name, [entry(module)]])),
    },
  });
  const source = project.addSourceFileAtPath(path);
  project.resolveSourceFileDependencies();
  const own = new Set([
    source,
    ...source.getReferencedSourceFiles().filter((file) => !file.isInNodeModules() && !isOurs(file.getFilePath())),
  ]);
  return [...own].flatMap((file) => file.getPreEmitDiagnostics());
}

/** The folder in which this installation has @types/node. */
const typeRoots = dirname(dirname(createRequire(import.meta.url).resolve("@types/node/package.json")));

const root = fileURLToPath(installation);

/** The DSL's types: declarations in an installed package, sources in the repository. */
function entry(name: string): string {
  const declarations = join(root, "dsl", `${name}.d.ts`);
  return existsSync(declarations) ? declarations : join(root, "dsl", `${name}.ts`);
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

function reportOf(diagnostic: Diagnostic): Report {
  const [what = "", ...details] = flatten(diagnostic.getMessageText());
  const file = diagnostic.getSourceFile();
  const start = diagnostic.getStart();
  const position = file === undefined || start === undefined ? undefined : file.getLineAndColumnAtPos(start);
  return {
    what: `${what} (TS${diagnostic.getCode()})`,
    ...(file === undefined || position === undefined ? {} : { where: { file: file.getFilePath(), ...position } }),
    ...(details.length === 0 ? {} : { found: details.slice(0, 4).join("\n") }),
    help: missing.test(what) ? writeOne : remedy([what, ...details]),
  };
}

function flatten(message: string | DiagnosticMessageChain): readonly string[] {
  if (typeof message === "string") return message.split("\n");
  return [message.getMessageText(), ...(message.getNext() ?? []).flatMap(flatten)];
}

/** Without a name that is nearly the same, which TypeScript tells. */
const missing = /^Module '"litevae\/dsl"' has no exported member '\w+'\.$/;
const writeOne =
  "docs/ops.md lists what there is; what is not there can be an op of your own: defineOp of litevae/op, docs/own-ops.md";

const mismatch = /'Feature<(\d+), (\d+)>' is not assignable to (?:type|parameter of type) 'Feature<(\d+), (\d+)>'/;
/** The functions that `model` wants, by the name of their argument in its declaration. */
const partWanted = /is not assignable to type '\((image|latent): /;
const argumentsDiffer = /^Types of parameters '.*' and '(?:image|latent)' are incompatible/;

/** Says what two features that do not fit differ in; the first line of a message may compare functions, a later one their features. */
function remedy(lines: readonly string[]): string {
  const features = lines.map((line) => mismatch.exec(line)).find((match) => match !== null) ?? undefined;
  if (features === undefined) return "correct the types here; an editor with TypeScript marks the same place";
  const [, channels, stride, wantedChannels, wantedStride] = features;
  if (channels !== wantedChannels && stride !== wantedStride) {
    return `the feature has ${channels} channels at stride ${stride}, and ${wantedChannels} at stride ${wantedStride} are wanted`;
  }
  if (channels === wantedChannels) {
    return `the feature has stride ${stride} and ${wantedStride} is wanted: pool, upsample or set stride`;
  }
  const argument = partWanted.exec(lines[0] ?? "")?.[1];
  if (argument === undefined) {
    return `the feature has ${channels} channels and ${wantedChannels} are wanted: change the layer here, or the one before it`;
  }
  if (lines.some((line) => argumentsDiffer.test(line))) {
    return argument === "image"
      ? `it takes images of ${wantedChannels} channels, and imageChannels is ${channels}: make the two equal`
      : `the decoder takes ${wantedChannels} channels, and latentChannels is ${channels}: make the two equal`;
  }
  return argument === "image"
    ? `the encoder gives ${channels} channels, and ${wantedChannels} are wanted: 2 × latentChannels, means first, then log-variances; latentChannels where posterior is "none"`
    : `the decoder gives ${channels} channels, and imageChannels is ${wantedChannels}: make the two equal`;
}
