/** The switches of the paper's ablations: what they cost, and docs/ablations.md, which `npm run test:update` writes anew. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { litevae, sdVae, type LiteVaeOptions } from "../../dsl/index.ts";
import { must } from "../../src/errors/must.ts";
import type { Model } from "../../src/ir/model.ts";
import { printPart } from "../../src/ir/print.ts";
import { paramsOf, topModules } from "../../src/ir/walk.ts";
import { countModel } from "../../src/report/count.ts";
import { root } from "../e2e/litevae.ts";

type Switches = Omit<LiteVaeOptions, "variant">;

/** Parameters, and GMAC at 256². */
function costs(switches: Switches, part: "encoder" | "decoder"): readonly [params: number, gmacs: number] {
  const { params, macs } = must(countModel(litevae({ variant: "B", discriminator: false, ...switches }), 256).parts[part], part);
  return [params, macs / 1e9];
}

const [extractor, aggregator] = [1_686_220, 1_696_600];

test("a switch changes the part that it names, by counts that follow from the paper's", () => {
  const encoder = (of: Switches["encoder"]): number => costs(of === undefined ? {} : { encoder: of }, "encoder")[0];
  expect(encoder({})).toBe(3 * extractor + aggregator);
  expect(encoder({ shared: true })).toBe(extractor + aggregator);
  // The aggregator's first convolution sees two levels of 12 bands, 32 channels come out of it.
  expect(encoder({ levels: [2, 3] })).toBe(2 * extractor + aggregator - 12 * 32 * 9);
  const vit = encoder({ aggregator: "vit" }) - 3 * extractor;
  // Table 20.
  expect((vit / 1e6).toFixed(2)).toBe("0.84");
  expect(encoder("lowest-level")).toBe(0);
  expect(costs({ encoder: "space-to-depth" }, "encoder")).toEqual([0, 0]);
  // One upsampling convolution less, and 12 channels in the place of 3 come out.
  const [image, bands] = [costs({}, "decoder")[0], costs({ output: "wavelet" }, "decoder")[0]];
  expect(image - bands).toBe(256 * 256 * 9 + 256 - 9 * (128 * 9 + 1));
});

test("norms of the encoder", () => {
  const model = (norm: "group" | "smc" | "rms" | "none"): Model => litevae({ variant: "B", encoder: { norm } });
  const paths = (norm: "group" | "smc" | "rms" | "none"): readonly string[] =>
    [...paramsOf(topModules([must(model(norm).parts[0], "encoder")]))].map(({ path, shape }) => `${path} [${shape.join(", ")}]`);
  const [group, smc, rms, none] = [paths("group"), paths("smc"), paths("rms"), paths("none")];
  const isNorm = (path: string): boolean => /\.norm\d\./.test(path);
  expect(none).toEqual(group.filter((path) => !isNorm(path)));
  expect(rms).toEqual(group.filter((path) => !/\.norm\d\.bias/.test(path)));
  expect(smc.filter((path) => !/\.conv\d\.(scale|gain) /.test(path))).toEqual(none);
  // Both convolutions of every residual block, of which three extractors and the aggregator have 14 each.
  expect(smc.filter((path) => /\.conv\d\.gain /.test(path))).toHaveLength(4 * 14 * 2);
  expect(() => litevae({ variant: "B", encoder: { extractor: "nafnet", aggregator: "vit", norm: "rms" } })).toThrow(
    /this encoder has none/,
  );
});

test("widths of the parts, each apart", () => {
  const width = { channels: 16, multipliers: [1, 2, 2] };
  const small = litevae({ variant: "B", encoder: { widths: { extractor: width, aggregator: width } } });
  const S = litevae({ variant: "S" });
  expect(small.parts.map(printPart)).toEqual(S.parts.map(printPart));
  expect(() => litevae({ variant: "B", encoder: { widths: { extractor: { channels: 16, multipliers: [1, 0.3] } } } })).toThrow(
    /channels · multipliers\[1\] of encoder\.widths\.extractor of litevae is not a whole number/,
  );
  expect(() => litevae({ variant: "B", encoder: { aggregator: "vit", widths: { aggregator: width } } })).toThrow(
    /encoder\.widths of litevae has no setting aggregator/,
  );
});

test("a decoder of other widths, blocks and attention than the encoder", () => {
  const decoder = { base: 96, blocks: 2, attention: false, attentionLevels: [3] } as const;
  const models = [sdVae({ decoder }), litevae({ variant: "B", latentChannels: 4, decoder })];
  const [kl, lite] = models.map((model) => printPart(must(model.parts[1], "decoder")));
  expect(kl).toBe(lite);
  expect(models.map((model) => must(countModel(model, 256).parts["decoder"], "decoder").params)).toEqual([
    22_297_347, 22_297_347,
  ]);
  expect(must(sdVae().parts[0], "encoder")).toEqual(must(models[0]?.parts[0], "encoder"));
  expect(() => litevae({ variant: "B", decoder: { attentionLevels: [4] } })).toThrow(/names a level that is not there/);
  expect(() => sdVae({ decoder: { multipliers: [1, 2, 4] } })).toThrow(/another number of levels than the encoder/);
});

test("what an encoder that learns nothing gives is the latent", () => {
  expect(litevae({ variant: "B", encoder: "lowest-level" })).toMatchObject({ latentChannels: 12, stride: 8 });
  expect(litevae({ variant: "B", encoder: "space-to-depth" })).toMatchObject({ latentChannels: 48, stride: 8 });
  expect(() => litevae({ variant: "B", encoder: "space-to-depth", latentChannels: 12 })).toThrow(/gives another latent/);
  expect(() => litevae({ variant: "B", encoder: "lowest-level", pointwise: true })).toThrow(/no convolution after it/);
});

const rows: readonly (readonly [
  table: string,
  what: string,
  written: string,
  switches: Switches,
  part: "encoder" | "decoder",
  published: string,
])[] = [
  ["–", "LiteVAE-B", 'litevae({ variant: "B" })', {}, "encoder", "6.75 M"],
  [
    "4",
    "self-modulated decoder",
    'decoder: { norm: "smc" }',
    { decoder: { norm: "smc" } },
    "decoder",
    "rFID 0.97, with GroupNorm 1.01",
  ],
  [
    "11–13",
    "lowest Haar level alone",
    'encoder: "lowest-level"',
    { encoder: "lowest-level" },
    "encoder",
    "nothing learned, 12 channels",
  ],
  [
    "11–13",
    "details in depth",
    'encoder: "space-to-depth"',
    { encoder: "space-to-depth" },
    "encoder",
    "nothing learned, 48 channels",
  ],
  ["17", "1×1 convolutions around the latent", "pointwise: true", { pointwise: true }, "encoder", "rFID 2.04, without 0.87"],
  ["18", "NAFNet extractors", 'encoder: { extractor: "nafnet" }', { encoder: { extractor: "nafnet" } }, "encoder", "–"],
  ["19", "one extractor for all levels", "encoder: { shared: true }", { encoder: { shared: true } }, "encoder", "–"],
  [
    "20",
    "transformer as aggregator",
    'encoder: { aggregator: "vit" }',
    { encoder: { aggregator: "vit" } },
    "encoder",
    "aggregator 0.84 M, the UNet's 1.69 M",
  ],
  ["21", "without the bands of level 1", "encoder: { levels: [2, 3] }", { encoder: { levels: [2, 3] } }, "encoder", "–"],
  ...(["smc", "rms", "none"] as const).map(
    (norm) =>
      [
        "–",
        { smc: "self-modulated encoder", rms: "norm of each position", none: "no norms" }[norm],
        `encoder: { norm: "${norm}" }`,
        { encoder: { norm } },
        "encoder",
        "–",
      ] as const,
  ),
  ["–", "decoder that ends in bands", 'output: "wavelet"', { output: "wavelet" }, "decoder", "–"],
];

test("docs/ablations.md", async () => {
  const table = rows.map(([number, what, written, switches, part, published]) => {
    const [params, gmacs] = costs(switches, part);
    return `| ${number} | ${what} | \`${written}\` | ${part} | ${params.toLocaleString("en")} | ${gmacs.toFixed(2)} | ${published} |\n`;
  });
  const text = `# The paper's ablations

Every ablation of arXiv:2405.14477 is a switch of \`litevae()\` or a field of the recipe. Counts are those of LiteVAE-B with 12 latent channels, GMAC at 256²; what the paper publishes of
a choice stands beside it. [examples/ablations.ts](../examples/ablations.ts) has several at once.

| Table | What | Written as | Part | Parameters | GMAC | Published |
|---|---|---|---|---:|---:|---|
${table.join("")}
With "smc", "rms" and "none" nothing in the encoder looks at the whole image, as group norms do: what lies far away changes nothing. Widths of extractors and aggregator are
\`encoder: { widths: { extractor: { channels, multipliers }, aggregator } }\`, those of the decoder \`decoder: { base, multipliers, blocks, attention, attentionLevels }\`.

The paper gives no configuration of its NAFNet and its transformer. Here NAFNet's blocks (arXiv:2204.04676) stand in the place of the residual ones, as many and as wide, and the
transformer has 4 blocks of 128 channels and 4 heads behind a 3×3 convolution, which gives its 0.84 M parameters. Of "space-to-depth" it gives the 48 channels: here they are the 12
bands of the third level and the 9 detail bands of the second, whose 2×2 cells become channels. The smaller VAE of Table 2b is the built-in model \`vae-small\`.

| Table | What | In the recipe |
|---|---|---|
| 5, 22 | training at a lower resolution first | two \`phases\`; \`paper-256-two-phase\` has them |
| 8 | weight of the adversarial loss | \`adversarial.mode\`: constant, adaptive |
| 9 | Gaussian and wavelet loss | \`losses.gaussian\`, \`losses.wavelet\` |
| 10 | discriminator | \`discriminator\`: unet, stylegan, patchgan |
| 14 | features of VGG before activation | \`perceptual.network\` |
| 15 | locally discriminative loss | \`losses.ldl\`, with \`ema.decay\` |
| 16 | hinge or logistic loss | \`adversarial.loss\` |
`;
  await expect(text).toMatchFileSnapshot(join(root, "docs/ablations.md"));
});
