/** The README and the guides, and which commands of their blocks this suite cannot run. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { blocksOf, commandsOf } from "../../scripts/guides.mjs";
import { root } from "../e2e/litevae.ts";

export interface Page {
  readonly guide: string;
  readonly text: string;
}

export const pages: readonly Page[] = [
  "README.md",
  ...readdirSync(join(root, "docs"))
    .filter((file) => file.endsWith(".md"))
    .map((file) => `docs/${file}`),
].map((guide) => ({ guide, text: readFileSync(join(root, guide), "utf8") }));

/** Every command of a block of kind sh, with its page. */
export const commands = pages.flatMap(({ guide, text }) =>
  blocksOf(text)
    .filter(({ kind }) => kind === "sh")
    .flatMap(({ code }) => commandsOf(code).map((command) => ({ guide, command }))),
);

/** Commands that no test runs as they stand, and why; what comes near is named. */
export const notRun: readonly (readonly [command: RegExp, reason: string])[] = [
  [/^npm (?:start|test)$/, "installs from registries, and would run this suite within itself"],
  [/^npm install(?: onnxruntime-web)?$/, "a registry; test/package installs the packed file in a project of its own"],
  [/^python -m venv /, "makes an environment, for the line below it"],
  [/^\. \.venv/, "is of the shell that a person types in"],
  [/^cd out\/b$/, "for the lines below it, which begin in a package's folder"],
  [
    /^(?:python|torchrun) (?:.* )?-m litevae_/,
    "hours over a set of images, or many GPUs; test/torch/test_guides.py holds what they are given against what the commands take",
  ],
  [/^pip install -e /, "a registry; test/torch/test_deploying.py installs a package's wheel beside what it depends on"],
  [/ --provider cuda\b/, "a GPU"],
  [/^trtexec /, "TensorRT, and a GPU"],
  [
    / check model\.ts$/,
    "the tutorial's and the README's files are checked: test/docs/consoles.test.ts, test/docs/guides.test.ts",
  ],
  [/ compile nano --weights examples\/demo\//, "test/torch/test_deploying.py compiles it, and runs the page on it"],
  [/^npx litevae compare s b sd-vae$/, "the README runs it with a budget: test/docs/consoles.test.ts"],
  [/^npx litevae search .* --measure /, "measures eight models; test/api/search.test.ts measures two"],
  [/^npx litevae serve /, "ends at Ctrl-C; test/web/page.test.ts"],
  [/ --watch$/, "ends at Ctrl-C; test/cli/watch.test.ts"],
  [/^\.venv\/bin\/python scripts\/consumers\.py /, "a dozen readers of ONNX from a registry"],
];
