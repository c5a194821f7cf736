import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { jsonText } from "../report/format.ts";
import { choice } from "./options.ts";
import { version } from "../ir/version.ts";
import { UserError } from "../errors/index.ts";
import { installation } from "../ir/installation.ts";

const formats = ["text", "json"] as const;

/** What `litevae init --format json` prints. */
export interface StartedProject {
  readonly folder: string;
  /** The files that were written, by their names in the folder. */
  readonly files: readonly string[];
  /** Commands that come next. */
  readonly next: readonly string[];
}

export function addInit(program: Command): void {
  program
    .command("init")
    .description("write a project to start from: a model, tsconfig.json and scripts")
    .argument("[folder]", "where; it may hold other files, and none is replaced", ".")
    .addOption(choice("--format <format>", "how to print", formats).default("text"))
    .action((folder: string, { format }: { readonly format: (typeof formats)[number] }) => {
      const files = project(folder);
      const there = Object.keys(files).filter((name) => existsSync(join(folder, name)));
      if (there.length > 0) {
        throw new UserError({
          what: `${there.join(", ")} ${there.length === 1 ? "is" : "are"} in ${folder} already`,
          help: "choose another folder: litevae init my-model",
        });
      }
      mkdirSync(folder, { recursive: true });
      for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
      const next = [...(folder === "." ? [] : [`cd ${folder}`]), "npm install", "npm run check", "npm run compile"];
      const started: StartedProject = { folder, files: Object.keys(files), next };
      const text = `${started.files.join(", ")} written. Now:\n${next.map((line) => `  ${line}\n`).join("")}`;
      process.stdout.write(format === "json" ? jsonText(started) : text);
    });
}

/** Where npm finds litevae: this version in the registry, or this checkout. */
function source(folder: string): string {
  const here = fileURLToPath(new URL(existsSync(new URL("package.json", installation)) ? "." : "..", installation));
  if (here.includes("node_modules")) return `^${version}`;
  return `file:${relative(resolve(folder), here).replaceAll("\\", "/")}`;
}

function project(folder: string): Readonly<Record<string, string>> {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  const packageJson = {
    name: name === "" || name === "litevae" ? "my-autoencoder" : name,
    private: true,
    type: "module",
    scripts: {
      check: "litevae check model.ts",
      summary: "litevae summary model.ts",
      compare: "litevae compare model.ts nano",
      compile: "litevae compile model.ts -o out --target onnx,torch",
    },
    dependencies: { litevae: source(folder) },
  };
  const tsconfig = {
    compilerOptions: { target: "es2023", module: "nodenext", types: [], strict: true, skipLibCheck: true, noEmit: true },
    include: ["*.ts"],
  };
  return {
    "model.ts": model,
    "package.json": `${JSON.stringify(packageJson, undefined, 2)}\n`,
    "tsconfig.json": `${JSON.stringify(tsconfig, undefined, 2)}\n`,
    ".gitignore": "node_modules/\nout/\n",
  };
}

const model = `/** An autoencoder of wavelets: the Haar transform makes the image eight times smaller and loses nothing, and small networks do the rest. */
import { add, block, conv2d, groupNorm, haarDwt, haarIdwt, layers, model, silu, type Feature } from "litevae/dsl";

const Res = block("Res", <C extends number>({ channels }: { channels: C }) => {
  const { norm, conv } = layers({ norm: groupNorm({ channels, groups: 8 }), conv: conv2d({ in: channels, out: channels }) });
  return <S extends number>(x: Feature<C, S>): Feature<C, S> => add(x, conv(silu(norm(x))));
});

/** The bands of the third level become the moments of the latent: 12 means, then 12 log-variances. */
const Encoder = block("Encoder", ({ depth }: { depth: number }) => {
  const { stem, res, head } = layers({
    stem: conv2d({ in: 12, out: 64 }),
    res: Array.from({ length: depth }, () => Res({ channels: 64 })),
    head: conv2d({ in: 64, out: 24 }),
  });
  return (image: Feature<3, 1>): Feature<24, 8> => {
    const level1 = haarDwt(image, { scale: 0.5 });
    const level2 = haarDwt(level1.low, { scale: 0.5 });
    const level3 = haarDwt(level2.low, { scale: 0.5 });
    let x = stem(level3.bands);
    for (const each of res) x = each(x);
    return head(x);
  };
});

/** The latent becomes bands of bands, which three inverse transforms make an image of. */
const Decoder = block("Decoder", ({ depth }: { depth: number }) => {
  const { stem, res, head } = layers({
    stem: conv2d({ in: 12, out: 64 }),
    res: Array.from({ length: depth }, () => Res({ channels: 64 })),
    head: conv2d({ in: 64, out: 192 }),
  });
  return (latent: Feature<12, 8>): Feature<3, 1> => {
    let x = stem(latent);
    for (const each of res) x = each(x);
    return haarIdwt(haarIdwt(haarIdwt(head(x))));
  };
});

export default model({ latentChannels: 12, encoder: Encoder({ depth: 2 }), decoder: Decoder({ depth: 4 }) });
`;
