/** What the commands' helps show, and docs/cli.md. */
import type { Command } from "commander";
import { exitCode } from "../errors/index.ts";

export interface Example {
  readonly line: string;
  readonly does: string;
}

/** By the command's name; the empty name is `litevae` itself. */
const examples: Readonly<Record<string, readonly Example[]>> = {
  "": [
    { line: "litevae list", does: "what there is to begin with" },
    { line: "litevae compile b -o out/b --target onnx,torch", does: "graphs and a package that trains" },
    { line: "litevae run out/b photo.jpg -o out/photo", does: "a reconstruction" },
  ],
  init: [
    { line: "litevae init my-model", does: "model.ts, tsconfig.json, package.json with scripts" },
    { line: "litevae init", does: "the same in this folder, beside what is there" },
  ],
  list: [{ line: "litevae list", does: "names for MODEL and --recipe" }],
  check: [
    { line: "litevae check model.ts", does: "a model of your own" },
    { line: "litevae check b --latent 4", does: "a built-in one with other latents" },
    { line: "litevae check model.ts --watch", does: "again after every change" },
  ],
  summary: [
    { line: "litevae summary b --depth 1", does: "the outermost modules alone" },
    { line: "litevae summary model.ts --size 512 --format md", does: "for a pull request" },
    { line: "litevae summary b --keys", does: "the key and shape of every parameter" },
  ],
  compare: [
    { line: "litevae compare s b sd-vae", does: "side by side, with ratios" },
    { line: "litevae compare b model.ts --budget encoder=7M --budget decoder.macs=300G", does: "exit code 1 beyond the budget" },
    { line: "litevae compare s b m l --format html -o report.html", does: "a page for a browser" },
  ],
  search: [
    {
      line: "litevae search b --vary channels=16..64:16 --budget encoder=7M",
      does: "a built-in model's encoder, in four widths",
    },
    { line: "litevae search model.ts --vary channels=16..64:16,multipliers=1-2-4/1-2-2", does: "what searchable says in a file" },
    {
      line: "litevae search model.ts --vary channels=8..64:8 --measure --format html -o search.html",
      does: "with latency, as a page",
    },
  ],
  compile: [
    { line: "litevae compile b -o out/b", does: "ONNX graphs with seeded weights" },
    { line: "litevae compile b -o out/b --target onnx,torch --recipe paper-256-two-phase", does: "and a package that trains" },
    { line: "litevae compile b -o out/trained --weights RUN/model.safetensors", does: "trained weights" },
    { line: "litevae compile b -o out/half --precision fp16 --calibrate photos", does: "half the size" },
  ],
  serve: [{ line: "litevae serve out/nano --port 8000", does: "prints the address to open" }],
  run: [
    { line: "litevae run out/b photo.jpg -o out/photo", does: "padded to a size that fits" },
    { line: "litevae run out/b photo.jpg -o out/photo --fit crop", does: "cropped instead" },
    { line: "litevae run out/b photos -o out/photos", does: "every image of a folder" },
  ],
  encode: [
    { line: "litevae encode out/b photos -o latents --flip", does: "at 256×256; a folder of images, classes by its folders" },
    { line: "litevae encode out/b photos -o latents --provider cuda --batch 64", does: "on a GPU" },
  ],
  verify: [
    { line: "litevae verify out/b", does: "graphs against the package beside them" },
    { line: "litevae verify out/b --weights RUN/model.safetensors", does: "were the graphs compiled from these?" },
  ],
  bench: [
    { line: "litevae bench out/b", does: "on everything that onnxruntime can use here" },
    { line: "litevae bench out/b --parts encoder --batches 32 --provider cuda", does: "as in the paper's Table 3" },
    { line: "litevae bench out/b --threads 1 --format json -o bench.json", does: "for scripts" },
  ],
  completions: [
    { line: "litevae completions bash >> ~/.bashrc", does: "once" },
    { line: "litevae completions zsh > ~/.zfunc/_litevae", does: "into a folder of fpath" },
    { line: "litevae completions fish > ~/.config/fish/completions/litevae.fish", does: "once" },
  ],
  report: [
    { line: "litevae report RUN", does: "writes RUN/report.html" },
    { line: "litevae report RUN -o run.html", does: "a page to send to others" },
  ],
};

export function examplesOf(command: Command): readonly Example[] {
  return examples[command.parent === null ? "" : command.name()] ?? [];
}

/** The documented exit codes and what they mean. */
export const exitCodes: readonly (readonly [code: number, meaning: string])[] = [
  [exitCode.ok, "done"],
  [exitCode.wrongInput, "the model or the input is wrong, a budget is exceeded, no variant fits, or what was compared differs"],
  [exitCode.usage, "the command line is wrong"],
  [exitCode.bug, "a bug in litevae"],
  [exitCode.stopped, "encode was stopped by a signal, after a file; the same command continues"],
  [exitCode.interrupted, "Ctrl-C: encode ends so itself, any other command by the signal, which shells call 130"],
];

/** Ends the help of `litevae` and of its commands with examples, and its own with the exit codes. */
export function showExamples(program: Command): void {
  for (const command of [program, ...program.commands]) {
    const shown = examplesOf(command);
    const width = Math.max(...shown.map(({ line }) => line.length));
    const lines = shown.map(({ line, does }) => `  ${line.padEnd(width)}  ${does}\n`);
    if (lines.length > 0) command.addHelpText("after", `\nExamples:\n${lines.join("").trimEnd()}`);
  }
  const codes = exitCodes.map(([code, meaning]) => `  ${String(code).padEnd(3)}  ${meaning}\n`);
  program.addHelpText("after", `\nExit codes:\n${codes.join("").trimEnd()}`);
}
