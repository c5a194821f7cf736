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
    "6×6, batch 1, float32; nz is the number of latent channels; ratios to tiny

    encoder
    model         nz  params  ratio   MACs  kMACs  kFLOPs = 2·MACs  ratio
    ────────────  ──  ──────  ─────  ─────  ─────  ───────────────  ─────
    tiny           1     270  1.00×  2,340  2.340            4.680  1.00×
    wide, or not   1     826  3.06×  7,272  7.272           14.544  3.11×

    encoder, memory
    model         activation, KiB  ratio  largest tensor, B  ratio  activation in torch, KiB  ratio  saved for backward, KiB  ratio
    ────────────  ───────────────  ─────  ─────────────────  ─────  ────────────────────────  ─────  ───────────────────────  ─────
    tiny                     1.69  1.00×                432  1.00×                      0.84  1.00×                     0.91  1.00×
    wide, or not             1.83  1.08×                432  1.00×                      1.27  1.50×                     1.34  1.46×

    decoder
    model         nz  params  ratio  MACs  FLOPs = 2·MACs  ratio
    ────────────  ──  ──────  ─────  ────  ──────────────  ─────
    tiny           1      30  1.00×   972           1,944  1.00×
    wide, or not   1      30  1.00×   972           1,944  1.00×

    decoder, memory
    model         activation, KiB  ratio  largest tensor, B  ratio  activation in torch, B  ratio  saved for backward, B  ratio
    ────────────  ───────────────  ─────  ─────────────────  ─────  ──────────────────────  ─────  ─────────────────────  ─────
    tiny                     2.71  1.00×                432  1.00×                     612  1.00×                    144  1.00×
    wide, or not             2.71  1.00×                432  1.00×                     612  1.00×                    144  1.00×

    discriminator
    model  nz        params  MACs  FLOPs = 2·MACs
    ─────  ──  ────────────  ────  ──────────────
    tiny    1  does not fit

    activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
    largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
    activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
    saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top

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
    "6×6, batch 1, float32; nz is the number of latent channels; ratios to wide, or not

    encoder
    model         nz  params  ratio   MACs  kMACs  kFLOPs = 2·MACs  ratio
    ────────────  ──  ──────  ─────  ─────  ─────  ───────────────  ─────
    tiny           1     270  0.33×  2,340  2.340            4.680  0.32×
    wide, or not   1     826  1.00×  7,272  7.272           14.544  1.00×
    モデル|3       2     280  0.34×  2,412  2.412            4.824  0.33×

    encoder, memory
    model         activation, KiB  ratio  largest tensor, B  ratio  activation in torch, KiB  ratio  saved for backward, KiB  ratio
    ────────────  ───────────────  ─────  ─────────────────  ─────  ────────────────────────  ─────  ───────────────────────  ─────
    tiny                     1.69  0.92×                432  1.00×                      0.84  0.67×                     0.91  0.68×
    wide, or not             1.83  1.00×                432  1.00×                      1.27  1.00×                     1.34  1.00×
    モデル|3                 1.69  0.92×                432  1.00×                      0.84  0.67×                     0.98  0.74×

    decoder
    model         nz  params  ratio   MACs  kMACs  kFLOPs = 2·MACs  ratio
    ────────────  ──  ──────  ─────  ─────  ─────  ───────────────  ─────
    tiny           1      30  1.00×    972  0.972            1.944  1.00×
    wide, or not   1      30  1.00×    972  0.972            1.944  1.00×
    モデル|3       2      57  1.90×  1,944  1.944            3.888  2.00×

    decoder, memory
    model         activation, KiB  ratio  largest tensor, B  ratio  activation in torch, B  ratio  saved for backward, B  ratio
    ────────────  ───────────────  ─────  ─────────────────  ─────  ──────────────────────  ─────  ─────────────────────  ─────
    tiny                     2.71  1.00×                432  1.00×                     612  1.00×                    144  1.00×
    wide, or not             2.71  1.00×                432  1.00×                     612  1.00×                    144  1.00×
    モデル|3                 2.74  1.01×                432  1.00×                     792  1.29×                    288  2.00×

    discriminator
    model  nz        params  MACs  FLOPs = 2·MACs
    ─────  ──  ────────────  ────  ──────────────
    tiny    1  does not fit

    activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
    largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
    activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
    saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top
    "
  `);
});

test("Markdown has the same tables", () => {
  expect(formatComparison([plain, third], { format: "md" })).toMatchInlineSnapshot(`
    "6×6, batch 1, float32; nz is the number of latent channels; ratios to tiny

    ## encoder

    | model | nz | params | ratio | MACs | kMACs | kFLOPs = 2·MACs | ratio |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | tiny | 1 | 270 | 1.00× | 2,340 | 2.340 | 4.680 | 1.00× |
    | モデル\\|3 | 2 | 280 | 1.04× | 2,412 | 2.412 | 4.824 | 1.03× |

    ## encoder, memory

    | model | activation, KiB | ratio | largest tensor, B | ratio | activation in torch, B | ratio | saved for backward, B | ratio |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | tiny | 1.69 | 1.00× | 432 | 1.00× | 864 | 1.00× | 936 | 1.00× |
    | モデル\\|3 | 1.69 | 1.00× | 432 | 1.00× | 864 | 1.00× | 1,008 | 1.08× |

    ## decoder

    | model | nz | params | ratio | MACs | kMACs | kFLOPs = 2·MACs | ratio |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | tiny | 1 | 30 | 1.00× | 972 | 0.972 | 1.944 | 1.00× |
    | モデル\\|3 | 2 | 57 | 1.90× | 1,944 | 1.944 | 3.888 | 2.00× |

    ## decoder, memory

    | model | activation, KiB | ratio | largest tensor, B | ratio | activation in torch, B | ratio | saved for backward, B | ratio |
    | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | tiny | 2.71 | 1.00× | 432 | 1.00× | 612 | 1.00× | 144 | 1.00× |
    | モデル\\|3 | 2.74 | 1.01× | 432 | 1.00× | 792 | 1.29× | 288 | 2.00× |

    ## discriminator

    | model | nz | params | MACs | FLOPs = 2·MACs |
    | :--- | ---: | ---: | ---: | ---: |
    | tiny | 1 | does not fit |  |  |

    - activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
    - largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
    - activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
    - saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top

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
    "model,size,latent_channels,part,params,macs,flops,activation_bytes,largest_tensor_bytes,torch_activation_bytes,saved_bytes
    tiny,6,1,encoder,270,2340,4680,1728,432,864,936
    tiny,6,1,decoder,30,972,1944,2772,432,612,144
    tiny,6,1,discriminator,,,,,,,
    "wide, or not",6,1,encoder,826,7272,14544,1872,432,1296,1368
    "wide, or not",6,1,decoder,30,972,1944,2772,432,612,144
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
    encoder: {
      params: 270,
      macs: 2_340,
      flops: 4_680,
      activationBytes: 1728,
      largestTensorBytes: 432,
      torchActivationBytes: 864,
      savedBytes: 936,
    },
    decoder: {
      params: 30,
      macs: 972,
      flops: 1_944,
      activationBytes: 2772,
      largestTensorBytes: 432,
      torchActivationBytes: 612,
      savedBytes: 144,
    },
    discriminator: null,
  },
  notes: [
    {
      what: "the discriminator is not measured: 6 does not fit tiny: H/4 is not whole",
      module: "discriminator",
      expected: "a height that is a multiple of 4",
      found: "H/4 = 1.5",
      help: "use 4 or 8",
    },
  ],
};

test("JSON is the array that scripts use", () => {
  const text = formatComparison([countModel(builtIns["b"]!.build({}), 256), plain, plain], { format: "json" });
  expect(JSON.parse(text)).toEqual([
    {
      model: "b",
      size: 256,
      latentChannels: 12,
      parts: {
        encoder: {
          params: 6_755_260,
          macs: 37_837_471_744,
          flops: 75_674_943_488,
          activationBytes: 58_350_084,
          largestTensorBytes: 12_582_912,
          torchActivationBytes: 58_441_728,
          savedBytes: 628_015_872,
        },
        decoder: {
          params: 49_527_043,
          macs: 311_131_373_568,
          flops: 622_262_747_136,
          activationBytes: 202_430_016,
          largestTensorBytes: 67_108_864,
          torchActivationBytes: 201_375_744,
          savedBytes: 1_493_233_152,
        },
        discriminator: {
          params: 11_020_674,
          macs: 9_061_794_304,
          flops: 18_123_588_608,
          activationBytes: 51_150_848,
          largestTensorBytes: 16_777_216,
          torchActivationBytes: 46_923_780,
          savedBytes: 126_060_544,
        },
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
