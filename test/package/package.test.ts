/** The package as people install it: what is in it, and what it does in an empty project beside nothing but its own dependencies. */
// @module-tag slow
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { importers } from "../../scripts/package.mjs";
import { modules } from "../../src/api/entries.ts";
import { environment, photos, root, tempFolder, tinyModel, write, type Result } from "../e2e/litevae.ts";

const folder = tempFolder();
const project = join(folder, "project");

/** npm and what it starts find registries and caches by what the variables say. */
function run(command: string, args: readonly string[], cwd = project): Result {
  const env = { ...process.env, ...environment, npm_config_ignore_scripts: undefined };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8", env });
  if (error !== undefined) throw error;
  return { code: status, stdout, stderr };
}

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

function done({ code, stdout, stderr }: Result): string {
  expect(code, stdout + stderr).toBe(0);
  return stdout;
}

let packed: Packed;

beforeAll(() => {
  // What runs before a pack is the build, which the tests have behind them.
  const told = JSON.parse(done(run("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], root))) as
    readonly [Packed] | Readonly<Record<string, Packed>>;
  [packed] = Object.values(told) as [Packed];
  write(project, { "package.json": '{ "name": "project", "private": true, "type": "module" }\n', "own.ts": tinyModel });
  done(run("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--ignore-scripts", join(folder, packed.filename)]));
});

describe("the package", () => {
  test("is the build, with what npm adds, and small", () => {
    const outside = packed.files.map(({ path }) => path).filter((path) => !path.startsWith("dist/"));
    // Errors name pages of the documentation.
    const pages = readdirSync(join(root, "docs")).flatMap((name) => (name.endsWith(".md") ? [`docs/${name}`] : []));
    expect(outside.sort()).toEqual(["LICENSE", "README.md", ...pages, "package.json"].sort());
    expect(packed.files.filter(({ path }) => /(?:^|\/)tests?\/|\.test\.|\.map$|__pycache__/.test(path))).toEqual([]);
    expect(packed.size).toBeLessThan(2e6);
  });
  test("runs no script when it is installed, nor does what it needs", () => {
    const { packages } = JSON.parse(readFileSync(join(project, "node_modules/.package-lock.json"), "utf8")) as {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: true }>>;
    };
    expect(Object.keys(packages)).toContain("node_modules/litevae");
    expect(Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  });
  test("brings none of its optional peers", () => {
    const installed = readdirSync(join(project, "node_modules"));
    expect(installed).toContain("ts-morph");
    expect(installed.filter((name) => ["sharp", "onnxruntime-node", "typescript", "vitest"].includes(name))).toEqual([]);
  });
});

describe("in a project of its own", () => {
  const litevae = (...args: readonly string[]): Result => run("npx", ["--no-install", "litevae", ...args]);

  test("models are checked, counted, compared and compiled", () => {
    expect(litevae("check", "own.ts").stdout).toContain("own: types and shapes are right");
    expect(JSON.parse(done(litevae("compare", "own.ts", "--format", "json")))).toMatchObject([{ model: "own" }]);
    done(litevae("compare", "own.ts", "nano", "--format", "html", "-o", "page.html"));
    done(litevae("compile", "own.ts", "-o", "own", "--target", "onnx,torch"));
    expect(
      ["page.html", "own/encoder.onnx", "own/litevae_own/model.py"].filter((file) => !existsSync(join(project, file))),
    ).toEqual([]);
  });
  test("init writes one that is right, and replaces nothing", () => {
    const here = join(project, "made");
    expect(done(litevae("init", "made"))).toBe(
      "model.ts, package.json, tsconfig.json, .gitignore written. Now:\n  cd made\n  npm install\n  npm run check\n  npm run compile\n",
    );
    // From the file that this litevae was installed from: no registry may have it.
    const { dependencies } = JSON.parse(readFileSync(join(here, "package.json"), "utf8")) as {
      dependencies: Record<string, string>;
    };
    expect(resolve(here, dependencies["litevae"]?.replace(/^file:/, "") ?? "")).toBe(join(folder, packed.filename));
    const { stdout, code, stderr } = run("npm", ["run", "--silent", "check"], here);
    expect([code, stdout], stderr).toEqual([0, expect.stringContaining("encoder       [N, 3, H, W] → mean [N, 12, H/8, W/8]")]);
    expect(done(run("node", [join(root, "node_modules/typescript/bin/tsc"), "-p", here]))).toBe("");
    expect(litevae("init", "made").stderr).toBe(
      "error: model.ts, package.json, tsconfig.json, .gitignore are in made already\n  help:     choose another folder: litevae init my-model\n",
    );
  });
  test("an error of types is one there, too", () => {
    write(project, { "wrong.ts": tinyModel.replace("padding: 0", "pading: 0") });
    const { code, stderr } = litevae("check", "wrong.ts");
    expect([code, stderr]).toEqual([1, expect.stringContaining("'pading' does not exist")]);
  });
  test.each([
    ["run", ["own", join(photos, "rocket.jpg"), "-o", "out"], "images are read with sharp", "sharp"],
    ["verify", ["own"], "graphs run in onnxruntime-node", "onnxruntime-node"],
    ["encode", ["own", photos, "-o", "latents"], "images are read with sharp", "sharp"],
  ])("%s says which package it needs", (command, args, purpose, name) => {
    const { code, stderr } = litevae(command, ...args);
    expect(code).toBe(1);
    expect(stderr.slice(stderr.indexOf("error:"))).toBe(
      `error: ${purpose}, which is not installed\n  help:     npm install ${name}\n`,
    );
  });
});

describe("by its names", () => {
  test("import and require give the same", () => {
    write(project, importers);
    const imported = JSON.parse(done(run("node", ["all.mjs"]))) as readonly (readonly string[])[];
    const required: unknown = JSON.parse(done(run("node", ["--no-warnings", "all.cjs"])));
    expect(imported.map((keys) => keys.length > 0)).toEqual(Object.keys(modules).map(() => true));
    expect(required).toEqual(imported);
  });

  // In node16 TypeScript lets no CommonJS file import an ES module (TS1479); in nodenext it does, as Node does since 20.19.
  const ways = [
    ["node10", "commonjs", "commonjs"],
    ["node16", "node16", "module"],
    ["nodenext", "nodenext", "module"],
    ["nodenext", "nodenext", "commonjs"],
    ["bundler", "esnext", "module"],
  ] as const;
  test.each(ways)("types resolve under %s with module %s in a package of type %s", (moduleResolution, module, type) => {
    const here = `types-${moduleResolution}-${type}`;
    write(project, {
      [`${here}/package.json`]: JSON.stringify({ type }),
      [`${here}/use.ts`]: `import { litevae } from "litevae";
import { conv2d, type Feature } from "litevae/dsl";
import { UNet } from "litevae/blocks";
import { defineOp } from "litevae/op";
import { testOp } from "litevae/op/test";
import { builtIn, count, type ModelRecord } from "litevae/api";
import { compileTo, type CompiledFolder } from "litevae/api/node";

const conv = conv2d({ in: 16, out: 24 });
export const right = (x: Feature<16, 1>): Feature<24, 1> => conv(x);
// @ts-expect-error 17 channels where 16 are wanted
export const wrong = (x: Feature<17, 1>) => conv(x);
export const counted: Promise<ModelRecord> = count(builtIn("b"), { size: 64 });
export const compiled = (): Promise<CompiledFolder> => compileTo(litevae({ variant: "S" }), "out", { targets: { onnx: { opset: 20 } } });
// @ts-expect-error no target of that name
export const target = () => compileTo(litevae({ variant: "S" }), "out", { targets: { onx: {} } });
export { defineOp, litevae, testOp, UNet };
`,
      [`${here}/tsconfig.json`]: JSON.stringify({
        compilerOptions: {
          ...{
            moduleResolution,
            module,
            target: "es2022",
            strict: true,
            noEmit: true,
            types: [],
            skipLibCheck: true,
            lib: ["es2022"],
          },
          ...(moduleResolution === "node10" ? { ignoreDeprecations: "6.0" } : {}),
        },
        files: ["use.ts"],
      }),
    });
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    expect(done(run("node", [tsc, "-p", here]))).toBe("");
  });
});
