import { statSync } from "node:fs";
import { basename, extname, join } from "node:path";
import { Option, type Command } from "commander";
import * as z from "zod";
import { counted } from "../errors/counted.ts";
import { UserError } from "../errors/index.ts";
import type { Fit } from "../onnxruntime/image.ts";
import type { Reconstruct, Reconstruction } from "../onnxruntime/reconstruct.ts";
import { pixelOptions, type PixelOptions } from "../recipe/pixels.ts";
import { choice, terminalWidth, wholeNumber } from "./options.ts";
import { schemaOptions } from "./target-options.ts";

const fits: readonly Fit[] = ["pad", "crop"];

const formats = ["table", "json"] as const;

interface Flags extends PixelOptions {
  readonly output: string;
  readonly format: (typeof formats)[number];
  readonly fit: Fit;
  readonly tile?: number;
  readonly blend?: boolean;
}

export function addRun(program: Command): void {
  const command = program
    .command("run")
    .description("encode and decode images with onnxruntime")
    .argument("<dir>", "folder that compile wrote")
    .argument(
      "<images...>",
      "JPEG, PNG, WebP, TIFF, …, or .npy arrays, with as many channels as the model's images; or folders of them, at any depth",
    )
    .requiredOption(
      "-o, --output <folder>",
      "where to write reconstruction.png (.npy where it has neither 1 nor 3 channels), latent.png and latent.safetensors; of several images, in a folder for each",
    )
    .addOption(choice("--fit <how>", "how an image gets a size that the model takes", fits).default("pad"));
  command.addOption(
    new Option(
      "--tile <pixels>",
      "encode and decode in tiles of that side, for less memory with large images; a part runs whole where tiles would change the result",
    ).argParser(wholeNumber("--tile", 1, 512)),
  );
  command.option(
    "--blend",
    "with --tile: blend tiles where something sees the whole image, which gives something else; by how much is measured",
  );
  for (const option of schemaOptions(z.strictObject(pixelOptions))) command.addOption(option);
  command.addOption(choice("--format <format>", "how to print", formats).default("table"));
  command.action(async (folder: string, given: readonly string[], flags: Flags) => {
    const { output, format, blend = false, fit, tile, ...pixels } = flags;
    const [{ openReconstruct }, text] = await Promise.all([
      import("../onnxruntime/reconstruct.ts"),
      import("../report/reconstruction.ts"),
    ]);
    const images = await imagesOf(given);
    const reconstruct = openReconstruct({ folder, fit, pixels, tile, blend, progress: (doing) => say(doing) });
    const { results, unusable } = await throughAll(images, output, reconstruct);
    const [alone] = images.every(({ place }) => place === "") ? results : [];
    if (format === "json") process.stdout.write(text.reconstructionsJson(results));
    else if (alone !== undefined) process.stdout.write(text.reconstructionText(alone));
    else if (results.length > 0) process.stdout.write(text.reconstructionsText(results, output, terminalWidth()));
    for (const line of warnings(results, alone === undefined)) say(line);
    if (unusable.length === 0) return;
    throw new UserError({
      what: `${unusable.length} of ${counted(images.length, "image")} could not be used`,
      found: unusable.join(", "),
      help: "what is wrong with each stands above; the others are written",
    });
  });
}

interface Chosen {
  readonly path: string;
  /** The folder of its files in the output; "" where it is the only image. */
  readonly place: string;
}

/** The files that the arguments mean. Each of several has a folder called after it; of one name with two endings these stay. */
async function imagesOf(given: readonly string[]): Promise<readonly Chosen[]> {
  const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const [only = ""] = given;
  if (given.length === 1 && !isFolder(only)) return [{ path: only, place: "" }];
  const { listImages } = await import("../images/listing.ts");
  const shards = "unpack them, or evaluate with the PyTorch package: python -m PACKAGE.evaluate --onnx DIR";
  const found = given.flatMap((path) =>
    isFolder(path)
      ? listImages(path, shards).names.map((name) => ({ path: join(path, name), name }))
      : [{ path, name: basename(path) }],
  );
  const stem = (name: string): string => name.slice(0, name.length - extname(name).length);
  const placed = found.map(({ path, name }) => {
    const alike = found.filter((other) => stem(other.name) === stem(name));
    return { path, place: alike.length === 1 ? stem(name) : name };
  });
  const twice = placed.find(({ place }, i) => placed.findIndex((other) => other.place === place) !== i);
  if (twice === undefined) return placed;
  const same = placed.filter(({ place }) => place === twice.place).map(({ path }) => path);
  throw new UserError({
    what: `${counted(same.length, "image")} would be written into one folder, ${twice.place}`,
    found: same.join(", "),
    help: "give the folder that they are below, or run them apart",
  });
}

/** One image of several that cannot be used keeps no other from its turn. */
async function throughAll(
  images: readonly Chosen[],
  output: string,
  reconstruct: Reconstruct,
): Promise<{ readonly results: readonly Reconstruction[]; readonly unusable: readonly string[] }> {
  const [results, unusable]: [Reconstruction[], string[]] = [[], []];
  for (const { path, place } of images) {
    if (place !== "") say(path);
    try {
      results.push(await reconstruct(path, place === "" ? output : join(output, place)));
    } catch (error) {
      if (place === "" || !(error instanceof UserError)) throw error;
      const { renderReport } = await import("./render.ts");
      process.stderr.write(error.reports.map((report) => renderReport(report)).join(""));
      unusable.push(path);
    }
  }
  return { results, unusable };
}

/** What is said once of all images, and what of each. */
function warnings(results: readonly Reconstruction[], named: boolean): readonly string[] {
  const departures = new Set(results.flatMap(({ departure }) => departure ?? []));
  return [
    ...[...departures].map((departure) => `note: ${departure}`),
    ...results.flatMap(({ image, warning }) => (warning === undefined ? [] : `warning: ${named ? `${image}: ` : ""}${warning}`)),
    ...(results.some(({ untrained }) => untrained)
      ? ["The weights are untrained: the reconstruction is noise. Compile with --weights for a trained model."]
      : []),
  ];
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
