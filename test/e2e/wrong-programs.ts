/** Programs whose types are right and whose shapes are not: each is compiled, and what its author reads is told. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { expect } from "vitest";
import { entries } from "../../src/api/entries.ts";
import { litevae } from "./in-process.ts";
import { root, tempFolder, write } from "./litevae.ts";

/** What the programs below leave to others: a decoder for any latent at H/4, and a block to use in loops. */
const parts = `import { add, block, conv2d, groupNorm, layers, silu, upsample, type Feature } from "litevae/dsl";

export type FeatureMap = Feature<number, number>;

export const Decoder = block("Decoder", ({ latent }: { latent: number }) => {
  const { conv } = layers({ conv: conv2d({ in: latent, out: 3 }) });
  return (z: Feature<number, 4>): Feature<3, 1> => conv(upsample(z, { factor: 4 }));
});

export const Res = block("Res", ({ channels, hidden }: { channels: number; hidden: number }) => {
  const { norm, conv1, conv2 } = layers({
    norm: groupNorm({ channels }),
    conv1: conv2d({ in: channels, out: hidden }),
    conv2: conv2d({ in: hidden, out: channels }),
  });
  return (x: FeatureMap): FeatureMap => add(x, conv2(conv1(silu(norm(x)))));
});
`;

export interface WrongPrograms {
  /** Compiles a program that is wrong, and returns all that the author reads. */
  messageFor: (name: string, body: string) => Promise<string>;
  /** Fails where an editor would mark one of the programs that were compiled. */
  expectWellTyped: () => void;
}

/** Programs in a folder of their own, for one file of tests. */
export function wrongPrograms(): WrongPrograms {
  const folder = tempFolder();
  write(folder, { "parts.ts": parts });
  const programs: string[] = [];
  return {
    messageFor: async (name, body) => {
      programs.push(`${name}.ts`);
      write(folder, { [`${name}.ts`]: `${importsOf(body)}\n\n${body.trim()}\n` });
      const { code, stdout, stderr } = await compileThere(folder, `${name}.ts`);
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(existsSync(join(folder, "out"))).toBe(false);
      return `\n${stderr}`;
    },
    expectWellTyped: () => {
      expect(programs.length).toBeGreaterThan(0);
      expect(typeErrors([...programs, "parts.ts"].map((name) => join(folder, name)))).toEqual([]);
    },
  };
}

/** The lines that import what a program uses. */
function importsOf(body: string): string {
  const used = [
    "add",
    "attention",
    "avgPool2d",
    "block",
    "chunk",
    "concat",
    "conv2d",
    "groupNorm",
    "haarIdwt",
    "layers",
    "maxPool2d",
  ];
  const more = ["model", "pad", "pixelUnshuffle", "silu", "slice", "stages", "upsample", "type Feature"];
  const names = [...used, ...more].filter((word) => new RegExp(`\\b${word.replace("type ", "")}\\b`).test(body));
  const imports = [`import { ${names.join(", ")} } from "litevae/dsl";`];
  const others = ["Decoder", "Res", "type FeatureMap"].filter((word) =>
    new RegExp(`\\b${word.replace("type ", "")}\\b`).test(body),
  );
  if (others.length > 0) imports.push(`import { ${others.join(", ")} } from "./parts.ts";`);
  return imports.join("\n");
}

/** From another folder, so that paths are told whole. */
async function compileThere(folder: string, name: string): ReturnType<typeof litevae> {
  const result = await litevae(root, "compile", join(folder, name), "-o", join(folder, "out"));
  const hide = (text: string): string => text.replaceAll(folder, "<dir>");
  return { ...result, stdout: hide(result.stdout), stderr: hide(result.stderr) };
}

/** An encoder of one block. `channels` and `width` are numbers of which the types know no more. */
export const encoder = (
  layers: string,
  forward: string,
  model = "encoder: Encoder({ channels: 8, width: 12 }), decoder: Decoder({ latent: 4 })",
): string => `
const Encoder = block("Encoder", ({ channels, width }: { channels: number; width: number }) => {
${layers.trim().replace(/^/gm, "  ")}
${forward.trim().replace(/^/gm, "  ")}
});

export default model({ latentChannels: 4, ${model} });
`;

/** What an editor would mark in files, under strict settings. */
function typeErrors(files: readonly string[]): readonly string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    strict: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    types: [],
    paths: Object.fromEntries(Object.entries(entries).map(([name, module]) => [name, [join(root, `dist/dsl/${module}.d.ts`)]])),
  });
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`);
}
