import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { jsonText } from "../report/format.ts";
import { choice } from "./options.ts";
import { version } from "../ir/version.ts";
import { UserError } from "../errors/index.ts";
import { installation } from "../ir/installation.ts";
import { compilerOptions, ignored, scripts, starterFiles } from "./starter.ts";

const formats = ["text", "json"] as const;

/** What `litevae init --format json` prints. */
export interface StartedProject {
  /** As it was given. */
  readonly folder: string;
  /** The files that were written, by their names in the folder. */
  readonly files: readonly string[];
  /** Files that were there and are as they were, by their names, and what may be added to each. */
  readonly kept: Readonly<Record<string, { readonly lacks?: string }>>;
  /** Commands that come next. */
  readonly next: readonly string[];
}

export function addInit(program: Command): void {
  program
    .command("init")
    .description("write a project to start from: a model, tsconfig.json and scripts")
    .argument("[folder]", "where; files that are there stay as they are, and what they may lack is printed", ".")
    .addOption(choice("--format <format>", "how to print", formats).default("text"))
    .action((folder: string, { format }: { readonly format: (typeof formats)[number] }) => {
      const litevae = source(folder);
      const all = starterFiles(nameOf(folder), litevae);
      const files = Object.keys(all).filter((name) => !existsSync(join(folder, name)));
      if (files.length === 0)
        throw new UserError({
          what: `${Object.keys(all).join(", ")} are in ${folder} already`,
          help: "choose another folder: litevae init my-model",
        });
      mkdirSync(folder, { recursive: true });
      for (const name of files) writeFileSync(join(folder, name), all[name] ?? "");
      const kept = Object.fromEntries(Object.entries(additions(folder)).filter(([name]) => !files.includes(name)));
      const hasScripts = files.includes("package.json");
      const install =
        hasScripts || depends(folder) ? "npm install" : `npm install ${litevae.startsWith("^") ? "litevae" : litevae}`;
      const started: StartedProject = {
        folder,
        files,
        kept,
        next: [
          ...(folder === "." ? [] : [`cd ${folder}`]),
          install,
          ...(hasScripts ? ["npm run check", "npm run compile"] : [`npx ${scripts["check"]}`, `npx ${scripts["compile"]}`]),
        ],
      };
      process.stdout.write(format === "json" ? jsonText(started) : toldOf(started));
    });
}

function toldOf({ files, kept, next }: StartedProject): string {
  const were = Object.entries(kept).map(([name, { lacks }]) => {
    const may = lacks === undefined ? "" : ` What it may lack:\n${indented(lacks)}`;
    return `${name} was there and is as it was.${may.trimEnd()}\n`;
  });
  return `${files.join(", ")} written.${were.length === 0 ? " " : `\n${were.join("")}`}Now:\n${indented(next.join("\n"))}`;
}

const indented = (text: string): string =>
  text
    .split("\n")
    .map((line) => `  ${line}\n`)
    .join("");

/** What files of a person's own may lack, by their names. */
function additions(folder: string): StartedProject["kept"] {
  const { scripts: there } = readPackage(folder);
  const missing = Object.entries(scripts).filter(([name]) => !Object.hasOwn(there ?? {}, name));
  const git = existsSync(join(folder, ".gitignore")) ? readFileSync(join(folder, ".gitignore"), "utf8").split(/\r?\n/) : [];
  const unignored = ignored.filter((each) => !git.includes(each) && !git.includes(each.replace(/\/$/, "")));
  const text = (value: unknown): string => JSON.stringify(value, undefined, 2);
  return {
    "model.ts": {},
    "package.json": missing.length === 0 ? {} : { lacks: text({ scripts: Object.fromEntries(missing) }) },
    "tsconfig.json": { lacks: text({ compilerOptions }) },
    ".gitignore": unignored.length === 0 ? {} : { lacks: unignored.join("\n") },
  };
}

interface Package {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** What package.json says; nothing where there is none, or it cannot be read: it is not ours. */
function readPackage(folder: string): Package {
  try {
    return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Package;
  } catch {
    return {};
  }
}

function depends(folder: string): boolean {
  const { dependencies, devDependencies } = readPackage(folder);
  return Object.hasOwn({ ...dependencies, ...devDependencies }, "litevae");
}

/** Where npm finds litevae: where this one was installed from, this checkout, or this version in the registry. */
function source(folder: string): string {
  const here = fileURLToPath(new URL(existsSync(new URL("package.json", installation)) ? "." : "..", installation));
  const from = (path: string): string => `file:${relative(resolve(folder), path).replaceAll("\\", "/")}`;
  if (!here.includes("node_modules")) return from(here);
  const resolved = installedFrom(dirname(here));
  const file =
    resolved?.startsWith("file:") === true ? resolve(dirname(dirname(here)), resolved.slice("file:".length)) : undefined;
  if (file !== undefined && existsSync(file)) return from(file);
  // A registry's packages lie under /-/.
  const isOwn = resolved !== undefined && file === undefined && !resolved.includes("/-/");
  return isOwn ? resolved : `^${version}`;
}

/** What npm notes in a folder `node_modules` of where it had litevae from; undefined where something else installed it. */
function installedFrom(folder: string): string | undefined {
  const lock = join(folder, ".package-lock.json");
  if (!existsSync(lock)) return undefined;
  const { packages } = JSON.parse(readFileSync(lock, "utf8")) as { packages?: Record<string, { resolved?: string }> };
  return packages?.["node_modules/litevae"]?.resolved;
}

function nameOf(folder: string): string {
  const name = basename(resolve(folder))
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "-")
    .replace(/^-+|-+$/g, "");
  return name === "" || name === "litevae" ? "my-autoencoder" : name;
}
