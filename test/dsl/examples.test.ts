/** Model files need no cast: the types hold what a model says, and `check` finds nothing in any example. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Node, Project, SyntaxKind } from "ts-morph";
import { expect, test } from "vitest";
import { typeErrors } from "../../src/api/node/types/typecheck.ts";
import { root, tempFolder, write } from "../e2e/litevae.ts";

const folder = tempFolder();
const files = readdirSync(join(root, "examples"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
const project = new Project({ useInMemoryFileSystem: true });

/** Where a file overrules its types: `as` other than `as const`, `!`, `any` and comments that silence the compiler. */
function overrulings(code: string): readonly string[] {
  const file = project.createSourceFile("model.ts", code, { overwrite: true });
  const casts = file.getDescendants().filter((node) => {
    if (Node.isAsExpression(node)) return node.getTypeNode()?.getText() !== "const";
    return Node.isTypeAssertion(node) || Node.isNonNullExpression(node) || node.getKind() === SyntaxKind.AnyKeyword;
  });
  const silenced = [...code.matchAll(/@ts-\w+/g)].map(([comment]) => comment);
  return [...casts.map((node) => node.getText()), ...silenced];
}

// What reads a file's numbers is no model.
const builtIn = readdirSync(join(root, "dsl/models")).filter((name) => name !== "diffusers-settings.ts");

test.each([...files.map((name) => `examples/${name}`), ...builtIn.map((name) => `dsl/models/${name}`)])(
  "%s has no cast",
  (name) => {
    expect(overrulings(readFileSync(join(root, name), "utf8"))).toEqual([]);
  },
);

test("a cast would be found", () => {
  const code = "// @ts-ignore\nconst a = b as C; const d = <E>f; g[0]!(h); let i: any; const j = [1] as const;";
  expect(overrulings(code)).toEqual(["b as C", "<E>f", "g[0]!", "any", "@ts-ignore"]);
});

test("check finds no error of types in any of them", () => {
  write(folder, { "all.ts": files.map((name) => `import ${JSON.stringify(join(root, "examples", name))};\n`).join("") });
  expect(typeErrors(join(folder, "all.ts"))).toEqual([]);
  write(folder, { "wrong.ts": `import "./all.ts";\nimport { litevae } from "litevae";\nlitevae({ variant: "XL" });\n` });
  expect(typeErrors(join(folder, "wrong.ts"))).toHaveLength(1);
});
