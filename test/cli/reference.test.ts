/** docs/cli.md says what the commands take; `npm run test:update` writes it anew. Helps show examples. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { examplesOf } from "../../src/cli/examples.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";
import { litevae, root } from "../e2e/litevae.ts";
import { cliReference, program } from "./reference.ts";

const names = program.commands.map((command) => command.name());

test("docs/cli.md", async () => {
  await expect(cliReference()).toMatchFileSnapshot(join(root, "docs/cli.md"));
});

describe.each(["", ...names])("litevae %s", (name) => {
  const command = program.commands.find((candidate) => candidate.name() === name) ?? program;

  test("has a description, and one for everything that it takes", () => {
    const taken = [...command.registeredArguments, ...command.options].map(({ description }) => description);
    const described = [command.description(), ...taken];
    expect(described.filter((text) => !/^[a-zA-Z].{7,}/.test(text))).toEqual([]);
  });

  test("has examples of itself", () => {
    const lines = examplesOf(command).map(({ line }) => line);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.filter((line) => !line.startsWith(`litevae ${name}`.trimEnd()))).toEqual([]);
  });
});

test("a help ends with the examples, that of litevae with the exit codes", () => {
  const { code, stdout } = litevae(root, "run", "--help");
  expect(code).toBe(0);
  expect(`\n${stdout}`).toMatchInlineSnapshot(`
    "
    Usage: litevae run [options] <dir> <images...>

    encode and decode images with onnxruntime

    Arguments:
      dir                    folder that compile wrote
      images                 JPEG, PNG, WebP, TIFF, …, or .npy arrays, with as many
                             channels as the model's images; or folders of them, at
                             any depth

    Options:
      -o, --output <folder>  where to write reconstruction.png (.npy where it has
                             neither 1 nor 3 channels), latent.png and
                             latent.safetensors; of several images, in a folder for
                             each
      --fit <how>            how an image gets a size that the model takes (choices:
                             "pad", "crop", default: "pad")
      --tile <pixels>        encode and decode in tiles of that side, for less
                             memory with large images; a part runs whole where tiles
                             would change the result
      --blend                with --tile: blend tiles where a module sees the whole
                             image; this changes the result, and the change is
                             measured
      --profile <how>        srgb: embedded colour profiles are converted to sRGB;
                             raw: pixels are taken as stored (choices: "srgb",
                             "raw") (default: as trained)
      --range <low,high>     lowest and highest value that samples can have, which
                             become -1 and 1; without it the range of an integer's
                             type, of 8 and 16 bits, and [0, 1] for floats (default:
                             as trained)
      --nodata <n>           value of samples that are missing, as NaN is (default:
                             as trained)
      --fill <n>             value that missing samples get; without it images that
                             have some are refused (default: as trained)
      --format <format>      how to print (choices: "table", "json", default:
                             "table")
      -h, --help             display help for command

    Examples:
      litevae run out/b photo.jpg -o out/photo             padded to a size that fits
      litevae run out/b photo.jpg -o out/photo --fit crop  cropped instead
      litevae run out/b photos -o out/photos               every image of a folder
    "
  `);
  expect(litevae(root, "--help").stdout.split("\n\n").slice(-2).join("\n\n")).toMatchInlineSnapshot(`
    "Examples:
      litevae list                                    what there is to begin with
      litevae compile b -o out/b --target onnx,torch  graphs and a package that trains
      litevae run out/b photo.jpg -o out/photo        a reconstruction

    Exit codes:
      0    done
      1    the model or the input is wrong, a budget is exceeded, no variant fits, or what was compared differs
      2    the command line is wrong
      70   a bug in litevae
      75   encode was stopped by a signal, after a file; the same command continues
      130  Ctrl-C: encode ends so itself, any other command by the signal, which shells call 130
    "
  `);
});

test("the passes that compile can stop after are named", () => {
  const option = program.commands
    .find((command) => command.name() === "compile")
    ?.options.find(({ long }) => long === "--dump-after");
  for (const { name } of onnxPasses) expect(option?.description).toContain(name);
});
