/** What a person chooses of graphs, and what these want to be brought. */
import * as z from "zod";
import type { Model, Part } from "../../ir/model.ts";
import { deadCode, dropTrainingOnly, foldWeights, inline, type PartPass } from "../../passes/index.ts";
import { pixelOptions, type PixelOptions, type PixelRule } from "../../recipe/pixels.ts";
import type { ClientOptions } from "../client/client.ts";
import { fixedField, type ClientResources } from "../client/target.ts";
import { issueOf, type Shown } from "../target.ts";
import { audienceNames, audiences, type AudienceName } from "./audience.ts";
import type { Calibration } from "./calibrate.ts";

/** What ONNX wants: no calls, nothing that only training needs, plain weights. */
export const onnxPasses: readonly PartPass[] = [inline, dropTrainingOnly, foldWeights, deadCode];

/** Operator sets and the IR version that goes with each: old runtimes refuse an IR version they do not know. */
export const irVersionOf: Readonly<Record<number, number>> = { 18: 8, 19: 9, 20: 9, 21: 10 };
const newestIrVersion = 10;

/** What --calibrate's images mean is declared as in a recipe. */
export interface OnnxOptions extends PixelOptions, ClientOptions {
  readonly for: AudienceName;
  readonly opset: number;
  /** Where none is given it is the one that the operator set needs. */
  readonly irVersion?: number | undefined;
  readonly precision: "fp16" | "fp32";
  /** Names the images that float16 is calibrated on. */
  readonly calibrate?: string | undefined;
  readonly externalData: boolean;
}

export interface OnnxResources extends ClientResources {
  /** The images of a folder, by what is declared of them, and a runtime. */
  calibration(folder: string, rule: PixelRule): Calibration;
}

/** The fields that every target which writes graphs has. */
export const onnxFields = {
  for: z
    .enum(audienceNames)
    .default("portable")
    .meta({
      description: `for whom the graphs are: ${audienceNames.map((name) => `${name} for ${audiences[name].about}`).join(", ")}`,
      placeholder: "whom",
    } satisfies Shown),
  fixed: fixedField.meta({
    description: "the one batch, height and width of images that the graphs are for, instead of any",
    placeholder: "n,h,w",
    example: "1,256,256",
  } satisfies Shown),
  opset: z
    .int()
    .min(1)
    .default(18)
    .meta({ description: "ONNX operator set, 18 to 21", placeholder: "n", example: 18 } satisfies Shown),
  irVersion: z
    .int()
    .min(1)
    .optional()
    .meta({
      description: "ONNX IR version, 8 to 10",
      placeholder: "n",
      example: 8,
      rule: "what the operator set needs",
    } satisfies Shown),
  precision: z
    .enum(["fp16", "fp32"])
    .default("fp32")
    .meta({ description: "numbers inside the graphs; inputs and outputs are float32", placeholder: "p" } satisfies Shown),
  calibrate: z
    .string()
    .optional()
    .meta({
      description: "folder of images that tell which layers leave the range of fp16",
      placeholder: "dir",
    } satisfies Shown),
  ...pixelOptions,
  externalData: z
    .boolean()
    .default(false)
    .meta({ description: "keep weights in a file beside the graph" } satisfies Shown),
};

export const onnxOptions = z.strictObject(onnxFields).superRefine(checkOnnx);

/** What no field says alone. */
export function checkOnnx(given: OnnxOptions, context: { addIssue: AddIssue }): void {
  checkVersions(given, context.addIssue.bind(context));
  checkCalibration(given, context.addIssue.bind(context));
}

type AddIssue = (issue: ReturnType<typeof issueOf>) => void;

function checkVersions({ opset, irVersion }: OnnxOptions, add: AddIssue): void {
  const needed = irVersionOf[opset];
  if (needed === undefined) {
    add(
      issueOf({
        what: `opset ${opset} is not supported`,
        expected: Object.keys(irVersionOf).join(", "),
        found: String(opset),
        help: "opset 18 is what most runtimes read",
      }),
    );
  } else if (irVersion !== undefined && (irVersion < needed || irVersion > newestIrVersion)) {
    add(
      issueOf({
        what: `IR version ${irVersion} does not go with opset ${opset}`,
        expected: needed === newestIrVersion ? String(needed) : `${needed} to ${newestIrVersion}`,
        found: String(irVersion),
        help: "leave the IR version out",
      }),
    );
  }
}

function checkCalibration(options: OnnxOptions, add: AddIssue): void {
  const { precision, calibrate } = options;
  if (precision === "fp32" && calibrate !== undefined) {
    add(
      issueOf({
        what: "images to calibrate on are of no use without precision fp16",
        expected: "precision fp16 and a folder to calibrate on, or neither",
        found: "calibrate alone",
        help: "add precision fp16, or leave calibrate out",
      }),
    );
  } else if (precision === "fp16" && calibrate === undefined) {
    add(
      issueOf({
        what: "precision fp16 needs images",
        expected: "calibrate, a folder of a few images such as the model will see",
        found: "no folder to calibrate on",
        help: "which layers leave the range of fp16, and would give black images, shows only on images",
      }),
    );
  }
  const declared = Object.keys(pixelOptions).find((name) => options[name as keyof PixelRule] !== undefined);
  if (declared !== undefined && calibrate === undefined) {
    add(
      issueOf({
        what: `${declared} is of no use without calibrate`,
        expected: "calibrate, a folder whose images it is said of",
        found: `${declared} alone`,
        help: `leave ${declared} out`,
      }),
    );
  }
}

/** The parts that are lowered: those that are asked for, and for float16 those whose outputs these are calibrated on. */
export function neededParts(model: Model, parts: readonly Part[], { precision }: OnnxOptions): readonly Part[] {
  if (precision === "fp32") return parts;
  const needed = new Set(parts.flatMap((part) => [part, ...sourcesOf(part, model.parts)]));
  return model.parts.filter((part) => needed.has(part));
}

/** The parts whose outputs a part is calibrated on: a decoder takes what the encoder gives. */
function sourcesOf(part: Part, parts: readonly Part[]): readonly Part[] {
  const names = Object.values(part.sources ?? {}).map((source) => source.part);
  return parts.filter(({ name }) => names.includes(name)).flatMap((source) => [...sourcesOf(source, parts), source]);
}
