import { UserError, type Note, type Report } from "../../errors/index.ts";
import { pause } from "../../errors/pause.ts";
import { weightsPath } from "../../artifact/weights-file.ts";
import type { Verification, VerifiedOutput } from "../../onnxruntime/verify.ts";
import { audiences } from "../../targets/onnx/audience.ts";
import { progressOf, type Working } from "../working.ts";

export interface VerifyOptions extends Working {
  /** Weights that the package loads instead of the folder's: a safetensors file or a folder with one. */
  readonly weights?: string | undefined;
  /** Side of the square images; the next that fits is taken; 128 by default, or the size that graphs are fixed to. */
  readonly size?: number | undefined;
  /** Of the images; 0 by default. */
  readonly seed?: number | undefined;
}

/** What `litevae verify --format json` prints. */
export interface Verified extends Verification {
  /** Whether the graphs give what the package gives, or finite values where no package ran. */
  readonly ok: boolean;
  /** What is wrong; nothing where `ok`. */
  readonly errors: readonly Report[];
  /** What a person should know. */
  readonly notes: readonly Note[];
}

/**
 * Runs the graphs of a compiled folder and its PyTorch package on the same images and compares them. Resolves whatever comes out, which `ok` says; rejects
 * with UserError where the folder is not whole, has no graph or is not to be run.
 */
export async function verify(folder: string, options: VerifyOptions = {}): Promise<Verified> {
  const { size, seed = 0, signal } = options;
  const { verify: run } = await import("../../onnxruntime/verify.ts");
  const weights = options.weights === undefined ? undefined : weightsPath(options.weights);
  await pause(signal);
  const result = await run({ folder, weights, size, seed, progress: progressOf(options), signal });
  const errors = errorsOf(folder, weights, result);
  return { ...result, ok: errors.length === 0, errors, notes: notesOf(folder, weights, result) };
}

/** Throws UserError where what was verified is not right. */
export function requireVerified({ errors }: Pick<Verified, "errors">): void {
  if (errors.length > 0) throw new UserError(...errors);
}

function notesOf(
  folder: string,
  weights: string | undefined,
  { alone, compiledFromWeights, outputs }: Verification,
): readonly Note[] {
  return [
    ...(alone === undefined ? [] : [{ what: `${alone}; files, graphs and finite outputs were checked` }]),
    ...(compiledFromWeights === false ? [{ what: `${folder} was not compiled from this very file: ${weights}` }] : []),
    ...outputs
      .filter(({ sensitive, ok }) => sensitive === false && ok)
      .map(({ output }): Note => {
        const what = `${output} stays within what is allowed under random parameters, too: it says little of the weights`;
        return { severity: "warning", what };
      }),
  ];
}

function errorsOf(folder: string, weights: string | undefined, result: Verification): readonly Report[] {
  const wrong = result.outputs.filter(({ ok }) => !ok);
  if (wrong.length > 0) return [disagreement(folder, weights, result, wrong)];
  return result.compiledFromWeights === false && result.reference === null ? [unanswered(folder, weights, result)] : [];
}

/** Other weights than the graphs' own, and nothing here that runs them. */
function unanswered(folder: string, weights: string | undefined, { alone }: Verification): Report {
  return {
    what: `whether ${folder} gives what ${weights} gives cannot be said`,
    expected: "the file that it was compiled from, or a Python that runs the package with these weights",
    found: `another file, and ${alone}`,
    help: `compile the folder from these weights: litevae compile MODEL -o ${folder} --target onnx,torch --weights ${weights}`,
  };
}

function disagreement(
  folder: string,
  weights: string | undefined,
  { reference, for: audience }: Verification,
  wrong: readonly VerifiedOutput[],
): Report {
  const names = wrong.map(({ output }) => output).join(", ");
  if (reference === null) {
    return {
      what: `the graphs in ${folder} give values that are not finite`,
      expected: "numbers",
      found: names,
      help: "look for overflow: compile the model without --precision fp16, or check its weights",
    };
  }
  // The bound follows from what the package gives.
  const ownFault = wrong.filter(({ bound }) => Number.isNaN(bound));
  if (ownFault.length > 0) {
    return {
      what: `${reference.package} itself gives values that are not finite`,
      expected: "numbers",
      found: ownFault.map(({ output, scene }) => `${output} on the image "${scene}"`).join("\n"),
      help: "look in the model for a logarithm, a root or a division of what can be 0 or less; with weights of a run, see whether it diverged",
    };
  }
  const own = [...new Set(wrong.flatMap(({ ownOps = [] }) => ownOps))];
  const whole = Object.entries(audiences).some(([name, each]) => name === audience && each.whole);
  const again = whole
    ? `--for ${audience} leaves norms to the runtime, and onnxruntime's on a processor round on flat images: compile with another --for, and verify that`
    : own.length > 0
      ? `the model's own ${own.join(", ")} may be another function in its torch form than in its onnx form: testOp of litevae/op/test compares them, see docs/own-ops.md`
      : "compile the model again; where this stays, please report it with the model";
  return {
    what: `the graphs in ${folder} do not give what the package gives`,
    expected: wrong.map(({ output, bound }) => `${output} within ${bound?.toExponential(2)}`).join("\n"),
    found: wrong.map(({ output, difference }) => `${output} off by ${difference?.toExponential(2)}`).join("\n"),
    help:
      weights === undefined
        ? again
        : `compile the folder from these weights: litevae compile MODEL -o ${folder} --target onnx,torch --weights ${weights}`,
  };
}
