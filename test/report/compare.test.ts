import { expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { parseBudget } from "../../src/report/budget.ts";
import { formatComparison } from "../../src/report/compare.ts";
import { countModel } from "../../src/report/count.ts";
import { tiny } from "./tiny.ts";

const plain = countModel(tiny({ discriminator: true }), 6);
const wide = countModel(tiny({ name: "wide, or not", width: 8 }), 6);
const third = countModel(tiny({ name: "モデル|3", latentChannels: 2 }), 6);

test("two models are compared part by part, and the modules that differ are listed", () => {
  expect(formatComparison([plain, wide])).toMatchInlineSnapshot(`
    "6×6, batch 1, float32; nz is the number of latent channels, activation the peak of live values; ratios to tiny

    encoder
    model         nz  params  ratio   MACs  kMACs  kFLOPs = 2·MACs  ratio  activation, B  ratio
    ────────────  ──  ──────  ─────  ─────  ─────  ───────────────  ─────  ─────────────  ─────
    tiny           1     270  1.00×  2,340  2.340            4.680  1.00×            576  1.00×
    wide, or not   1     826  3.06×  7,272  7.272           14.544  3.11×            864  1.50×

    decoder
    model         nz  params  ratio  MACs  FLOPs = 2·MACs  ratio  activation, B  ratio
    ────────────  ──  ──────  ─────  ────  ──────────────  ─────  ─────────────  ─────
    tiny           1      30  1.00×   972           1,944  1.00×            576  1.00×
    wide, or not   1      30  1.00×   972           1,944  1.00×            576  1.00×

    discriminator
    model  nz        params  MACs  FLOPs = 2·MACs  activation, B
    ─────  ──  ────────────  ────  ──────────────  ─────────────
    tiny    1  does not fit

    modules that differ
    module            kind    params, tiny  params, wide, or not  MACs, tiny  MACs, wide, or not  note
    ────────────────  ──────  ────────────  ────────────────────  ──────────  ──────────────────  ─────────────────────
    encoder.conv_in   conv2d           112                   224         972               1,944  out: 4 → 8
    encoder.res.conv  conv2d           148                   584       1,296               5,184  in: 4 → 8, out: 4 → 8
    encoder.conv_out  conv2d            10                    18          72                 144  in: 4 → 8
    "
  `);
});

test("more models are compared without listing modules, against a baseline of one's choice", () => {
  expect(formatComparison([plain, wide, third], { baseline: wide })).toMatchInlineSnapshot(`
    "6×6, batch 1, float32; nz is the number of latent channels, activation the peak of live values; ratios to wide, or not

    encoder
    model         nz  params  ratio   MACs  kMACs  kFLOPs = 2·MACs  ratio  activation, B  ratio
    ────────────  ──  ──────  ─────  ─────  ─────  ───────────────  ─────  ─────────────  ─────
    tiny           1     270  0.33×  2,340  2.340            4.680  0.32×            576  0.67×
    wide, or not   1     826  1.00×  7,272  7.272           14.544  1.00×            864  1.00×
    モデル|3       2     280  0.34×  2,412  2.412            4.824  0.33×            576  0.67×

    decoder
    model         nz  params  ratio   MACs  kMACs  kFLOPs = 2·MACs  ratio  activation, B  ratio
    ────────────  ──  ──────  ─────  ─────  ─────  ───────────────  ─────  ─────────────  ─────
    tiny           1      30  1.00×    972  0.972            1.944  1.00×            576  1.00×
    wide, or not   1      30  1.00×    972  0.972            1.944  1.00×            576  1.00×
    モデル|3       2      57  1.90×  1,944  1.944            3.888  2.00×            720  1.25×

    discriminator
    model  nz        params  MACs  FLOPs = 2·MACs  activation, B
    ─────  ──  ────────────  ────  ──────────────  ─────────────
    tiny    1  does not fit
    "
  `);
});

test("Markdown has the same tables", () => {
  expect(formatComparison([plain, third], { format: "md" })).toMatchInlineSnapshot(`
    "6×6, batch 1, float32; nz is the number of latent channels, activation the peak of live values; ratios to tiny

    ## encoder

    | model | nz | params | ratio | MACs | kMACs | kFLOPs = 2·MACs | ratio | activation, B | ratio |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | tiny | 1 | 270 | 1.00× | 2,340 | 2.340 | 4.680 | 1.00× | 576 | 1.00× |
    | モデル\\|3 | 2 | 280 | 1.04× | 2,412 | 2.412 | 4.824 | 1.03× | 576 | 1.00× |

    ## decoder

    | model | nz | params | ratio | MACs | kMACs | kFLOPs = 2·MACs | ratio | activation, B | ratio |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | tiny | 1 | 30 | 1.00× | 972 | 0.972 | 1.944 | 1.00× | 576 | 1.00× |
    | モデル\\|3 | 2 | 57 | 1.90× | 1,944 | 1.944 | 3.888 | 2.00× | 720 | 1.25× |

    ## discriminator

    | model | nz | params | MACs | FLOPs = 2·MACs | activation, B |
    | :--- | ---: | ---: | ---: | ---: | ---: |
    | tiny | 1 | does not fit |  |  |  |

    ## modules that differ

    | module | kind | params, tiny | params, モデル\\|3 | MACs, tiny | MACs, モデル\\|3 | note |
    | :--- | :--- | ---: | ---: | ---: | ---: | :--- |
    | encoder.conv_out | conv2d | 10 | 20 | 72 | 144 | out: 2 → 4 |
    | decoder.conv | conv2d | 30 | 57 | 972 | 1,944 | in: 1 → 2 |
    "
  `);
});

test("CSV has one row per model and part", () => {
  expect(formatComparison([plain, wide], { format: "csv" })).toMatchInlineSnapshot(`
    "model,size,latent_channels,part,params,macs,flops,activation_bytes
    tiny,6,1,encoder,270,2340,4680,576
    tiny,6,1,decoder,30,972,1944,576
    tiny,6,1,discriminator,,,,
    "wide, or not",6,1,encoder,826,7272,14544,864
    "wide, or not",6,1,decoder,30,972,1944,576
    "
  `);
});

test("one model has neither ratios nor differences", () => {
  expect(formatComparison([third])).not.toMatch(/ratio|differ/);
});

const tinyJson = {
  model: "tiny",
  size: 6,
  latentChannels: 1,
  parts: {
    encoder: { params: 270, macs: 2_340, flops: 4_680, activationBytes: 576 },
    decoder: { params: 30, macs: 972, flops: 1_944, activationBytes: 576 },
    discriminator: null,
  },
};

test("JSON is the array that scripts use", () => {
  const text = formatComparison([countModel(builtIns["b"]!.build({}), 256), plain, plain], { format: "json" });
  expect(JSON.parse(text)).toEqual([
    {
      model: "b",
      size: 256,
      latentChannels: 12,
      parts: {
        encoder: { params: 6_755_260, macs: 37_837_471_744, flops: 75_674_943_488, activationBytes: 56_868_864 },
        decoder: { params: 49_527_043, macs: 311_131_373_568, flops: 622_262_747_136, activationBytes: 201_326_592 },
        discriminator: { params: 11_020_674, macs: 9_061_794_304, flops: 18_123_588_608, activationBytes: 41_943_044 },
      },
    },
    tinyJson,
    tinyJson,
  ]);
});

test("JSON of two models says in the second what differs from the first", () => {
  const [first, second] = JSON.parse(formatComparison([plain, wide], { format: "json" })) as [object, Record<string, unknown>];
  expect(first).toEqual(tinyJson);
  expect(second["differences"]).toMatchObject({
    from: "tiny",
    modules: [
      {
        path: "encoder.conv_in",
        first: { kind: "conv2d", params: 112, macs: 972 },
        changed: { out: ["4", "8"] },
        note: "out: 4 → 8",
      },
      { path: "encoder.res.conv", second: { kind: "conv2d", params: 584, macs: 5_184 } },
      { path: "encoder.conv_out" },
    ],
  });
});

test("JSON has what became of the budgets, null where they cannot be checked", () => {
  const budgets = ["encoder=300", "encoder.macs=2k", "discriminator=1"].map(parseBudget);
  expect(JSON.parse(formatComparison([plain], { format: "json", budgets }))).toEqual([
    {
      ...tinyJson,
      budget: [
        { part: "encoder", metric: "params", limit: 300, actual: 270, over: 0 },
        { part: "encoder", metric: "macs", limit: 2000, actual: 2340, over: 340 },
        { part: "discriminator", metric: "params", limit: 1, actual: null, over: null },
      ],
    },
  ]);
});
