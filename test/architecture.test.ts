/** Which folder may import which (docs/architecture.md), and the other promises that the layout makes. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Node, Project, SyntaxKind, type SourceFile } from "ts-morph";
import { describe, expect, test } from "vitest";
import { usualAutoencoder } from "../src/ir/autoencoder.ts";
import { ops } from "../src/ops/index.ts";
import { targets } from "../src/targets/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const rooms = (names: string): readonly string[] => names.split(" ").map((name) => `src/${name}`);

/** What the files of a folder may import besides each other, in processing order. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "src/errors": [],
  "src/paper": [],
  "src/recipe": ["src/errors"],
  "src/ir": ["src/errors"],
  "src/ops": ["src/errors", "src/ir"],
  "src/passes": ["src/errors", "src/ir", "src/ops"],
  "src/weights": ["src/errors", "src/recipe", "src/ir", "src/ops"],
  "src/targets": ["src/errors", "src/paper", "src/recipe", "src/ir", "src/ops", "src/passes"],
  "src/report": ["src/errors", "src/paper", "src/recipe", "src/ir", "src/ops", "src/targets"],
  "src/compiler": ["src/errors", "src/ir", "src/weights", "src/targets"],
  "src/artifact": ["src/errors", "src/ir", "src/weights", "src/compiler"],
  "src/images": ["src/errors", "src/recipe"],
  "src/onnxruntime": rooms("errors recipe images ir weights report compiler artifact"),
  "src/op-test": ["src/errors", "src/ir", "src/passes", "src/targets", "src/onnxruntime"],
  "src/api": [...rooms("errors recipe ir weights report targets compiler artifact images onnxruntime"), "dsl"],
  "src/cli": [
    ...rooms("errors paper recipe ir ops passes weights report targets compiler artifact images onnxruntime op-test api"),
    "dsl",
  ],
  dsl: ["src/errors", "src/recipe", "src/ir", "src/ops"],
  bin: ["src/cli"],
};

const project = new Project({ compilerOptions: { allowImportingTsExtensions: true }, skipFileDependencyResolution: true });
const globs = ["bin/**/*.ts", "dsl/**/*.ts", "src/**/*.ts", "src/ir/*.mts"];
const files = project.addSourceFilesAtPaths(globs.map((glob) => `${root}${glob}`));

/** Where nodes of these kinds are that a test asks for; tokens are none. */
function placesOf(within: readonly SourceFile[], kinds: readonly SyntaxKind[], asks: (node: Node) => boolean): readonly string[] {
  const places: string[] = [];
  for (const file of within) {
    file.forEachDescendant((node) => {
      if (kinds.includes(node.getKind()) && asks(node)) places.push(`${pathOf(file)}:${node.getStartLineNumber()}`);
    });
  }
  return places;
}

function pathOf(file: SourceFile): string {
  return relative(root, file.getFilePath());
}

function folderOf(path: string): string {
  const [top = "", second = ""] = path.split("/");
  return top === "src" ? `${top}/${second}` : top;
}

/** What a file imports, statically, dynamically or for its types: paths from the root, or names of packages. */
function importsOf(file: SourceFile): readonly string[] {
  const specifiers = [
    ...file.getImportDeclarations().map((declaration) => declaration.getModuleSpecifierValue()),
    ...file.getExportDeclarations().flatMap((declaration) => declaration.getModuleSpecifierValue() ?? []),
    ...file
      .getDescendantsOfKind(SyntaxKind.CallExpression)
      .filter((call) => call.getExpression().isKind(SyntaxKind.ImportKeyword))
      .flatMap((call) => call.getArguments().filter(Node.isStringLiteral))
      .map((argument) => argument.getLiteralValue()),
    ...file
      .getDescendantsOfKind(SyntaxKind.ImportType)
      .flatMap((type) => /^"(.*)"$/.exec(type.getArgument().getText())?.[1] ?? []),
  ];
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? relative(root, resolve(dirname(file.getFilePath()), specifier)) : specifier,
  );
}

const imports = new Map(files.map((file) => [pathOf(file), importsOf(file)]));
const edges = [...imports].flatMap(([from, targets]) => targets.filter((to) => imports.has(to)).map((to) => ({ from, to })));

describe("imports", () => {
  test("the project's files are all read", () => {
    expect(files.length).toBeGreaterThan(80);
    expect(edges.length).toBeGreaterThan(200);
  });
  test("relative imports name files that exist", () => {
    const missing = [...imports].flatMap(([from, targets]) =>
      targets.filter((to) => /^(bin|dsl|src)\//.test(to) && !existsSync(`${root}${to}`)).map((to) => `${from} -> ${to}`),
    );
    expect(missing).toEqual([]);
  });
  test("every folder has its place in the order", () => {
    const folders = new Set([...imports.keys()].map(folderOf));
    expect([...folders].filter((folder) => !(folder in mayImport))).toEqual([]);
    expect(Object.keys(mayImport).filter((folder) => !folders.has(folder))).toEqual([]);
  });
  test("go down the order of folders only", () => {
    const wrong = edges.filter(({ from, to }) => {
      const [importer, imported] = [folderOf(from), folderOf(to)];
      return importer !== imported && !(mayImport[importer] ?? []).includes(imported);
    });
    expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
  });
  test("never name the package that they are in", () => {
    const byName = [...imports].filter(
      ([from, targets]) => from.startsWith("src/") && targets.some((to) => /^litevae(\/|$)/.test(to)),
    );
    expect(byName.map(([from]) => from)).toEqual([]);
  });
  test("have no cycles", () => {
    expect(cycles()).toEqual([]);
  });
  test("bring protobuf into one file", () => {
    const knowing = [...imports].filter(([, targets]) => targets.some((to) => /^(onnx-proto|protobufjs)(\/|$)/.test(to)));
    expect(knowing.map(([from]) => from)).toEqual(["src/targets/onnx/serde.ts"]);
  });
});

/** Every cycle once, as the files along it. */
function cycles(): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, above: readonly string[]): void => {
    if (above.includes(path)) found.push([...above.slice(above.indexOf(path)), path].join(" -> "));
    if (above.includes(path) || done.has(path)) return;
    for (const { to } of edges.filter(({ from }) => from === path)) visit(to, [...above, path]);
    done.add(path);
  };
  for (const path of imports.keys()) visit(path, []);
  return found;
}

describe("an op", () => {
  /** Names given to constants by `defineOp` in src/ops, with the files. */
  const defined = files
    .filter((file) => folderOf(pathOf(file)) === "src/ops")
    .flatMap((file) =>
      file
        .getVariableDeclarations()
        .filter(
          (declaration) => declaration.getInitializerIfKind(SyntaxKind.CallExpression)?.getExpression().getText() === "defineOp",
        )
        .map((declaration) => ({ name: declaration.getName(), path: pathOf(file) })),
    );

  test("has a file of its own, named after it", () => {
    const expected = defined.map(({ name }) => `src/ops/${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.ts`);
    expect(defined.map(({ path }) => path)).toEqual(expected);
  });
  test("is in the index under its own name", () => {
    expect(defined.map(({ name }) => name).sort()).toEqual(Object.keys(ops).sort());
    expect(Object.values(ops).map((op) => op.name)).toEqual(Object.keys(ops));
  });
  test("has a typed constructor in dsl, which litevae/dsl exports", () => {
    const authoring = project.getSourceFileOrThrow(`${root}dsl/authoring.ts`);
    const exported = new Set(authoring.getExportedDeclarations().keys());
    const constructed = files
      .filter((file) => pathOf(file).startsWith("dsl/"))
      .flatMap((file) => file.getFunctions().filter((made) => exported.has(made.getName() ?? "")))
      .flatMap((made) => made.getDescendantsOfKind(SyntaxKind.PropertyAccessExpression))
      .filter((access) => access.getExpression().getText() === "ops")
      .map((access) => access.getName());
    expect(Object.keys(ops).filter((name) => !constructed.includes(name))).toEqual([]);
  });
  test("is known by its name to nobody but itself", () => {
    const shared = files.filter((file) => pathOf(file).startsWith("src/") && folderOf(pathOf(file)) !== "src/ops");
    const equality = [SyntaxKind.EqualsEqualsEqualsToken, SyntaxKind.ExclamationEqualsEqualsToken];
    const isName = (node: Node): boolean => /\bop\??\.name$/.test(node.getText());
    const isLiteral = (node: Node): boolean => Node.isStringLiteral(node) && Object.hasOwn(ops, node.getLiteralValue());
    const isTold = (sides: readonly Node[]): boolean =>
      sides.some(isName) || (sides.some(isLiteral) && sides.some((side) => /\bname$/i.test(side.getText())));
    const asks = (node: Node): boolean => {
      if (Node.isBinaryExpression(node))
        return equality.includes(node.getOperatorToken().getKind()) && isTold([node.getLeft(), node.getRight()]);
      if (Node.isSwitchStatement(node)) return isName(node.getExpression());
      if (Node.isElementAccessExpression(node)) return isName(node.getArgumentExpressionOrThrow());
      if (!Node.isCallExpression(node)) return false;
      return /\.(includes|has|get|indexOf)$/.test(node.getExpression().getText()) && node.getArguments().some(isName);
    };
    const { BinaryExpression, SwitchStatement, ElementAccessExpression, CallExpression } = SyntaxKind;
    const kinds = [BinaryExpression, SwitchStatement, ElementAccessExpression, CallExpression];
    expect(placesOf(shared, kinds, asks)).toEqual([]);
  });
});

test("a target is known by its name to src/targets alone", () => {
  const names = targets.flatMap(({ name, with: others = [] }) => [name, ...others.map((other) => other.name)]);
  const pipeline = files.filter((file) =>
    ["src/compiler", "src/artifact", "src/api", "src/cli"].includes(folderOf(pathOf(file))),
  );
  const isName = (node: Node): boolean => Node.isStringLiteral(node) && names.includes(node.getLiteralValue());
  expect([...new Set(names)]).toEqual(["onnx", "client", "torch", "web"]);
  expect(placesOf(pipeline, [SyntaxKind.StringLiteral], isName)).toEqual([]);
});

test("a part is known by its name to src/ir/autoencoder.ts alone", () => {
  const { posterior, ...parts } = usualAutoencoder;
  const names: readonly string[] = Object.values(parts);
  // The paper's words, and the trainer's: its log's keys, recipes' fields and what these may say are no names of parts.
  const others = [
    "src/ir/autoencoder.ts",
    "src/paper/figures.ts",
    "src/recipe/schema.ts",
    "src/report/html/paper.ts",
    "src/report/html/run/page.ts",
  ];
  const shared = files.filter((file) => pathOf(file).startsWith("src/") && !others.includes(pathOf(file)));
  const texts = [SyntaxKind.StringLiteral, SyntaxKind.NoSubstitutionTemplateLiteral, SyntaxKind.TemplateHead];
  // `encoder`, `encoder.onnx` and `encoder.mean`, but not a sentence for people that has them in it.
  const pattern = new RegExp(`^["'\`](?:${names.join("|")})(?:\\.\\w*)?["'\`$]`);
  const named = (text: string): boolean => pattern.test(text);
  expect(Object.values(posterior)).toEqual(["mean", "logvar"]);
  expect(named('"encoder"') && named('"decoder.onnx"') && named("`discriminator.${")).toBe(true);
  expect(placesOf(shared, texts, (node) => named(node.getText()))).toEqual([]);
});

describe("docs/architecture.md", () => {
  const text = readFileSync(`${root}docs/architecture.md`, "utf8");
  const rooms = text.slice(text.indexOf("```text\n"), text.indexOf("## 1."));
  const foldersIn = (path: string): readonly string[] =>
    readdirSync(`${root}${path}`, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && !entry.name.startsWith("_") ? [entry.name] : [],
    );

  test("says what each room may import", () => {
    const said = [...rooms.matchAll(/^(bin|dsl|src\/[\w-]+)\/ .*→ (.*)$/gm)].map(([, room, list]) => [room, list]);
    const listed = (room: string, list: readonly string[]): string => {
      const above = Object.keys(mayImport).filter((other) => other !== room && other !== "bin");
      if (above.every((other) => list.includes(other))) return "all above";
      return list.length === 0 ? "nothing" : list.map((other) => other.replace("src/", "")).join(", ");
    };
    const held = Object.entries(mayImport).map(([room, list]) => [room, listed(room, list)]);
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(held));
  });
  test("names what is in them", () => {
    const nested = ["dsl", ...Object.keys(mayImport).filter((room) => room.startsWith("src/"))].flatMap(foldersIn);
    expect(nested.filter((folder) => !rooms.includes(` ${folder}/`))).toEqual([]);
    const runtime = foldersIn("runtime/src/litevae_runtime");
    expect(runtime.length).toBeGreaterThan(8);
    expect(runtime.filter((room) => !text.includes(`\`${room}/\``))).toEqual([]);
  });
  test("names files that are there", () => {
    const tracked = execFileSync("git", ["ls-files"], { cwd: root, encoding: "utf8" });
    // What a compiled package or run has is made elsewhere.
    const generated = ["model.py", "train.py", "networks.py", "client.js"];
    const named = [...text.matchAll(/[\w./-]*\w\.(?:ts|py|mjs|mts)\b/g)].map(([path]) => path);
    const missing = named.filter(
      (path) => !generated.includes(path) && !`/${tracked.replaceAll("\n", "\n/")}\n`.includes(`/${path}\n`),
    );
    expect(missing).toEqual([]);
  });
});

describe("files", () => {
  test("hold at most 300 lines", () => {
    const own = ["ls-files", "--cached", "--others", "--exclude-standard"];
    const long = execFileSync("git", own, { cwd: root, encoding: "utf8" })
      .split("\n")
      // What the compiler wrote is as long as its model.
      .filter((path) => /\.(?:ts|mjs|js|py)$/.test(path) && !path.startsWith("test/golden/") && existsSync(`${root}${path}`))
      .map((path) => ({ path, lines: readFileSync(`${root}${path}`, "utf8").split("\n").length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
  test("at the top are those of the design", () => {
    const ignored = readFileSync(`${root}.gitignore`, "utf8").split("\n");
    const folders = readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith(".") && !ignored.includes(`${entry.name}/`))
      .map((entry) => entry.name);
    const known = ["bench", "bin", "docs", "dsl", "examples", "runtime", "scripts", "src", "test"];
    expect(folders.filter((folder) => !known.includes(folder))).toEqual([]);
  });
});
