/** What a page or a worker can run: the language, the compiler in memory, counts and comparisons. Nothing of Node is behind them. */
import { fileURLToPath } from "node:url";
import { Node, Project, SyntaxKind, type Identifier, type SourceFile } from "ts-morph";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../../", import.meta.url));
const core = [
  "dsl/**/*.ts",
  "src/{errors,paper,recipe,ir,ops,passes,weights,targets,compiler}/**/*.{ts,mts}",
  // Counts and comparisons; src/report/html reads files and draws.
  "src/report/*.ts",
  "src/api/*.ts",
];
/** Packages that run in a browser as they do in Node. */
const packages = ["@petamoriken/float16", "fastest-levenshtein", "onnx-proto", "protobufjs", "pure-rand", "string-width", "zod"];
const nodeGlobals = ["Buffer", "process", "require", "module", "global", "__dirname", "__filename", "setImmediate"];

const project = new Project({ compilerOptions: { allowImportingTsExtensions: true }, skipFileDependencyResolution: true });
const files = project.addSourceFilesAtPaths(core.map((glob) => `${root}${glob}`));
const pathOf = (file: SourceFile): string => file.getFilePath().slice(root.length);
const inCore = new Set(files.map((file) => file.getFilePath() as string));

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Static, dynamic and type imports: to files as whole paths, to packages by name. */
function importsOf(file: SourceFile): readonly Import[] {
  return file.getImportStringLiterals().map((literal) => {
    const to = literal.getLiteralValue();
    return { from: pathOf(file), to: to.startsWith(".") ? fileURLToPath(new URL(to, `file://${file.getFilePath()}`)) : to };
  });
}

const imports = files.flatMap(importsOf);

/** Whether a name is that of a global, and no member, no key and nothing that the file itself declares. */
function isGlobal(name: Identifier): boolean {
  const parent = name.getParentOrThrow();
  if (Node.isPropertyAccessExpression(parent) && parent.getNameNode() === name) return false;
  if (!Node.isExpression(parent) && Node.hasName(parent) && parent.getNameNode() === name) return false;
  if (Node.isPropertyAssignment(parent) && parent.getNameNode() === name) return false;
  const declared = [...name.getSourceFile().getDescendantsOfKind(SyntaxKind.Identifier)].filter(
    (other) => other.getText() === name.getText() && isDeclaration(other),
  );
  return declared.length === 0;
}

function isDeclaration(name: Identifier): boolean {
  const parent = name.getParentOrThrow();
  const declares =
    Node.isVariableDeclaration(parent) ||
    Node.isParameterDeclaration(parent) ||
    Node.isBindingElement(parent) ||
    Node.isInterfaceDeclaration(parent) ||
    Node.isFunctionDeclaration(parent) ||
    Node.isImportSpecifier(parent);
  return declares && parent.getNameNode() === name;
}

describe("the core", () => {
  test("is read whole", () => {
    expect(files.length).toBeGreaterThan(100);
    expect(imports.length).toBeGreaterThan(300);
  });
  test("imports itself, and packages that run in a browser", () => {
    const foreign = imports.filter(({ to }) => !(to.startsWith("/") ? inCore.has(to) : packages.includes(packageOf(to))));
    expect(foreign).toEqual([]);
  });
  test("uses no global of Node", () => {
    const used = files.flatMap((file) =>
      file
        .getDescendantsOfKind(SyntaxKind.Identifier)
        .filter((name) => nodeGlobals.includes(name.getText()) && isGlobal(name))
        .map((name) => `${pathOf(file)}:${name.getStartLineNumber()} ${name.getText()}`),
    );
    expect(used).toEqual([]);
  });
  test("asks of its own place for nothing but its address", () => {
    const asked = files.flatMap((file) =>
      file
        .getDescendantsOfKind(SyntaxKind.MetaProperty)
        .map((meta) => meta.getParentOrThrow().getText())
        .filter((text) => text !== "import.meta.url" && text !== "new.target")
        .map((text) => `${pathOf(file)}: ${text}`),
    );
    expect(asked).toEqual([]);
  });
});

test("what is looked for would be found", () => {
  const file = project.createSourceFile(
    `${root}src/ir/nothing.ts`,
    `import { readFileSync } from "node:fs";
     export const text = async (path: string) => [(await import("node:path")).resolve(path), Buffer.from(readFileSync(path))];`,
  );
  expect(importsOf(file).map(({ to }) => to)).toEqual(["node:fs", "node:path"]);
  const names = file.getDescendantsOfKind(SyntaxKind.Identifier).filter((name) => nodeGlobals.includes(name.getText()));
  expect(names.filter(isGlobal).map((name) => name.getText())).toEqual(["Buffer"]);
  project.removeSourceFile(file);
});

function packageOf(specifier: string): string {
  const [first = "", second = ""] = specifier.split("/");
  return first.startsWith("@") ? `${first}/${second}` : first;
}
