import { Option, type Command } from "commander";
import type { Verification } from "../onnxruntime/verify.ts";
import { refuseModel } from "./compiled.ts";
import { choice, terminalWidth, wholeNumber } from "./options.ts";

const formats = ["table", "json"] as const;

interface Flags {
  readonly weights?: string;
  readonly size?: number;
  readonly seed: number;
  readonly format: (typeof formats)[number];
}

export function addVerify(program: Command): void {
  program
    .command("verify")
    .description("run the graphs and the PyTorch package on the same images and compare them")
    .argument(
      "<dir>",
      "folder that compile wrote; its package runs in LITEVAE_PYTHON, its .venv, the active environment, a .venv here or above, or python3",
    )
    .option("--weights <file>", "weights that the package loads instead of the folder's: a safetensors file or a folder with one")
    .addOption(
      new Option("--size <pixels>", sides)
        .argParser(wholeNumber("--size", 1, 256))
        .default(undefined, "128, or the size of --fixed"),
    )
    .addOption(new Option("--seed <n>", "seed of the images").argParser(wholeNumber("--seed", 0, 1)).default(0))
    .addOption(choice("--format <format>", "how to print", formats).default("table"))
    .action(async (folder: string, flags: Flags) => {
      await refuseModel("verify", folder);
      const { requireVerified, verify } = await import("../api/node/verify.ts");
      const { jsonText } = await import("../report/format.ts");
      const { renderNotes } = await import("./render.ts");
      const { format, ...options } = flags;
      const result = await verify(folder, { ...options, progress: (doing) => void process.stderr.write(`${doing}\n`) });
      process.stdout.write(format === "json" ? jsonText(result) : await table(result));
      process.stderr.write(renderNotes(result.notes));
      requireVerified(result);
    });
}

const sides = "side of the square images; the next that fits is taken";

async function table({ size, outputs, reference }: Verification): Promise<string> {
  const { left, right, textTable } = await import("../report/grid.ts");
  const columns = [
    left("output"),
    left("shape"),
    left("worst on"),
    right("largest |y|"),
    right("largest |Δ|"),
    right("allowed"),
    left(""),
  ];
  const rows = outputs.map(({ output, shape, scene, largest, difference, bound, ok }) => [
    output,
    `[${shape.join(", ")}]`,
    scene,
    largest.toPrecision(4),
    difference?.toExponential(2) ?? "–",
    bound?.toExponential(2) ?? "–",
    ok ? (difference === undefined ? "finite" : "ok") : bound === undefined || Number.isNaN(bound) ? "not finite" : "exceeds",
  ]);
  const against = reference === null ? "onnxruntime alone" : `onnxruntime against ${reference.package} in float64`;
  return `${size.height}×${size.width}, ${against}\n\n${textTable({ columns, rows }, terminalWidth())}`;
}
