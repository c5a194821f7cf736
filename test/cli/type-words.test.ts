/** What `check` says of type errors in this language's words: one error for one mistake, at its place, with its cure. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { typeErrors } from "../../src/api/node/types/typecheck.ts";
import { must } from "../../src/errors/must.ts";
import { preamble } from "../dsl/diagnose.ts";
import { cases } from "../dsl/type-error-cases.ts";
import { tempFolder, write } from "../e2e/litevae.ts";
import { mistakes, modelOf } from "./wrong-models.ts";

const folder = tempFolder();

/** What is said of each of the files, as `line: cure`; one check looks at all of them. */
function saidOf(files: Readonly<Record<string, string>>): ReadonlyMap<string, readonly string[]> {
  const titles = Object.keys(files);
  const name = (title: string): string => `${titles.indexOf(title)}.ts`;
  write(folder, Object.fromEntries(titles.map((title) => [name(title), must(files[title], title)])));
  write(folder, { "all.ts": titles.map((title) => `import "./${name(title)}";\n`).join("") });
  const reports = typeErrors(join(folder, "all.ts"));
  const of = (title: string): readonly string[] =>
    reports.flatMap(({ where, help }) => (where?.file === join(folder, name(title)) ? [`${where.line}: ${help}`] : []));
  return new Map(titles.map((title) => [title, of(title)]));
}

const listed = (said: ReadonlyMap<string, readonly string[]>): string =>
  [...said].map(([title, lines]) => `${title}\n${lines.map((line) => `  ${line}\n`).join("")}`).join("");

const unspecific = /^\d+: correct the types here/;

describe("models with one mistake", () => {
  const said = saidOf(Object.fromEntries(Object.entries(mistakes).map(([title, mistake]) => [title, modelOf(mistake)])));
  test.each([...said])("%s has one error, with a cure of its own", (title, lines) => {
    expect(lines.length, lines.join("\n")).toBe(title.startsWith("nothing") ? 0 : 1);
    expect(lines.filter((line) => unspecific.test(line))).toEqual([]);
  });
  test("are told so", async () => {
    await expect(listed(said)).toMatchFileSnapshot("wrong-models.txt");
  });
});

test("what a list of unknown length may lack is told with its cure where the author's tsconfig.json asks for it", () => {
  const named = `stem: conv2d({ in: 3, out: 16, kernel: 4, stride: 4 }), head: conv2d({ in: 16, out: 8 }), res: Array.from({ length: depth }, () => Res({ channels: 16 }))`;
  write(folder, {
    "strict/tsconfig.json": JSON.stringify({ compilerOptions: { noUncheckedIndexedAccess: true } }),
    "strict/index.ts": modelOf({ named, body: "return l.head(l.res[0](l.stem(image)));" }),
  });
  expect(typeErrors(join(folder, "strict/index.ts")).map(({ where, help }) => `${where?.line}: ${help}`)).toEqual([
    "15: a list may be shorter: go through it in a loop, through several with zip(first, second), or write ?? and what stands in for it",
  ]);
});

describe("the kinds of errors that an editor shows", () => {
  const offset = preamble.split("\n").length - 1;
  const said = saidOf(Object.fromEntries(Object.entries(cases).map(([title, { code }]) => [title, preamble + code])));
  test.each([...said])("%s: each has a cure of its own", (title, lines) => {
    const { errors } = must(cases[title], title);
    expect(lines.filter((line) => unspecific.test(line))).toEqual([]);
    expect(lines.map((line) => Number(line.split(":")[0]) - offset)).toEqual(errors.map((error) => Number(error.split(":")[0])));
  });
  test("are told so", () => {
    expect(listed(said)).toMatchInlineSnapshot(`
      "the channels of a convolution
        7: the feature has 36 channels and 16 are wanted: change the layer here, or the one before it
      different strides in concat
        7: the feature has stride 8 and 4 is wanted: pool, upsample or set stride
      different channels in add
        7: the feature has 36 channels and 16 are wanted: change the layer here, or the one before it
      a skip of another stride
        7: the feature has stride 4 and 2 is wanted: pool, upsample or set stride
      the channels of a block of one's own
        11: the feature has 36 channels and 16 are wanted: change the layer here, or the one before it
      a block that promises another stride
        9: the feature has stride 8 and 4 is wanted: pool, upsample or set stride
      the channels of the Haar bands
        7: the feature has 12 channels and 3 are wanted: change the layer here, or the one before it
      the whole result of haarDwt
        7: this gives low and bands: pick one, such as dsl.haarDwt(feature<3, 1>()).bands
      a layer that was not applied
        7: dsl.conv2d({ in: 3, out: 3 }) is a layer that is not applied: pass what it gives, dsl.conv2d({ in: 3, out: 3 })(x)
      a vector of another length
        7: the vector has 32 channels and 64 are wanted: change the layer here, or the one before it
      a linear layer on another vector
        7: the vector has 32 channels and 64 are wanted: change the layer here, or the one before it
      moments that are not twice the latent
        9: the encoder gives 16 channels, and 24 are wanted: 2 × latentChannels, means first, then log-variances; latentChannels where posterior is "none"
      a decoder of another stride
        9: the feature has stride 8 and 4 is wanted: pool, upsample or set stride
      a decoder of another latent
        9: the decoder takes 4 channels, and latentChannels is 12: make the two equal
      an encoder of grey images without imageChannels
        9: it takes images of 1 channel, and imageChannels is 3: make the two equal
      a discriminator of three logits
        9: the discriminator gives 3 channels, and 1 is wanted: a number says how real the image is there
      no latentChannels
        9: give model its latentChannels
      a missing setting
        7: give conv2d its out
      a setting that does not exist
        7: conv2d has no setting kernal: did you mean kernel? it has in, out, kernel, stride, bias, dilation, padding, groups, paddingMode
      a norm that does not exist
        7: norm of decoder of litevae is one of "group", "smc"
      a variant that does not exist
        7: variant of litevae is one of "B", "L", "M", "S"
      a reduction that does not exist
        7: reduction of globalPool is one of "max", "mean", "sum"
      a named thing that is no layer
        7: give layers() layers, blocks, or lists or records of them; functions such as silu need no name
      an entry of a list in layers
        7: give layers() layers, blocks, or lists or records of them; functions such as silu need no name
      a block that returns nothing
        7: a block's function gives the one that applies the layers: return (x) => …
      a setting that does not exist in place of one that must, beside a stride
        7: conv2d has no setting inChannels: did you mean in? it has in, out, kernel, stride, bias, dilation, padding, groups, paddingMode
      moments where the latent itself is wanted
        9: the encoder gives 24 channels, and 12 are wanted: 2 × latentChannels, means first, then log-variances; latentChannels where posterior is "none"
      nothing: a model that fits
      "
    `);
  });
});
