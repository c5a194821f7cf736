import { Option, type Command } from "commander";
import { UserError } from "../errors/index.ts";
import type { Verification, VerifiedOutput } from "../onnxruntime/verify.ts";
import { choice, wholeNumber } from "./options.ts";

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
      const { weightsPath } = await import("../artifact/weights-file.ts");
      const { verify } = await import("../onnxruntime/verify.ts");
      const { jsonText } = await import("../report/format.ts");
      const progress = (doing: string): void => void process.stderr.write(`${doing}\n`);
      const { size, seed } = flags;
      const weights = flags.weights === undefined ? undefined : weightsPath(flags.weights);
      const result = await verify({ folder, weights, size, seed, progress });
      if (result.alone !== undefined) progress(`${result.alone}; files, graphs and finite outputs were checked`);
      if (result.compiledFromWeights === false) progress(`${folder} was not compiled from this very file: ${weights}`);
      process.stdout.write(flags.format === "json" ? jsonText(result) : await table(result));
      for (const { output, sensitive, ok } of result.outputs)
        if (sensitive === false && ok)
          progress(`warning: ${output} stays within what is allowed under random parameters, too: it says little of the weights`);
      const wrong = result.outputs.filter(({ ok }) => !ok);
      if (wrong.length > 0) throw await disagreement(folder, weights, result, wrong);
      if (result.compiledFromWeights === false && result.reference === null) throw unanswered(folder, weights, result);
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
  return `${size.height}×${size.width}, ${against}\n\n${textTable({ columns, rows })}`;
}

/** Other weights than the graphs' own, and nothing here that runs them. */
function unanswered(folder: string, weights: string | undefined, { alone }: Verification): UserError {
  return new UserError({
    what: `whether ${folder} gives what ${weights} gives cannot be said`,
    expected: "the file that it was compiled from, or a Python that runs the package with these weights",
    found: `another file, and ${alone}`,
    help: `compile the folder from these weights: litevae compile MODEL -o ${folder} --target onnx,torch --weights ${weights}`,
  });
}

async function disagreement(
  folder: string,
  weights: string | undefined,
  { reference, for: audience }: Verification,
  wrong: readonly VerifiedOutput[],
): Promise<UserError> {
  const names = wrong.map(({ output }) => output).join(", ");
  if (reference === null) {
    return new UserError({
      what: `the graphs in ${folder} give values that are not finite`,
      expected: "numbers",
      found: names,
      help: "look for overflow: compile the model without --precision fp16, or check its weights",
    });
  }
  // The bound follows from what the package gives.
  const ownFault = wrong.filter(({ bound }) => Number.isNaN(bound));
  if (ownFault.length > 0) {
    return new UserError({
      what: `${reference.package} itself gives values that are not finite`,
      expected: "numbers",
      found: ownFault.map(({ output, scene }) => `${output} on the image "${scene}"`).join("\n"),
      help: "look in the model for a logarithm, a root or a division of what can be 0 or less; with weights of a run, see whether it diverged",
    });
  }
  const own = [...new Set(wrong.flatMap(({ ownOps = [] }) => ownOps))];
  const { audiences } = await import("../targets/onnx/audience.ts");
  const whole = Object.entries(audiences).some(([name, each]) => name === audience && each.whole);
  const again = whole
    ? `--for ${audience} leaves norms to the runtime, and onnxruntime's on a processor round on flat images: compile with another --for, and verify that`
    : own.length > 0
      ? `the model's own ${own.join(", ")} may be another function in its torch form than in its onnx form: testOp of litevae/op/test compares them, see docs/own-ops.md`
      : "compile the model again; where this stays, please report it with the model";
  return new UserError({
    what: `the graphs in ${folder} do not give what the package gives`,
    expected: wrong.map(({ output, bound }) => `${output} within ${bound?.toExponential(2)}`).join("\n"),
    found: wrong.map(({ output, difference }) => `${output} off by ${difference?.toExponential(2)}`).join("\n"),
    help:
      weights === undefined
        ? again
        : `compile the folder from these weights: litevae compile MODEL -o ${folder} --target onnx,torch --weights ${weights}`,
  });
}
