import { expect, test } from "vitest";
import { block, conv2d, layers, network, type Feature } from "../../dsl/authoring.ts";
import { litevae } from "../../dsl/index.ts";
import { countModel, countPart } from "../../src/report/count.ts";
import { formatSummary, summaryOf, summaryRows } from "../../src/report/summary.ts";
import { partOf } from "../../src/ir/walk.ts";
import { tiny } from "./tiny.ts";

const counts = countModel(tiny({ repeat: 2, discriminator: true }), 6);

test("the table is a tree with totals and exact figures", () => {
  expect(formatSummary(summaryOf(counts))).toMatchInlineSnapshot(`
    "tiny at 6×6, latent channels 1, batch 1, float32

    module      kind             output shape  params   MACs  kMACs  activation, KiB
    ──────────  ───────────────  ────────────  ──────  ─────  ─────  ───────────────
    encoder     TinyEncoder      [1, 2, 3, 3]     270  3,636  3.636             2.11
      conv_in   conv2d           [1, 4, 3, 3]     112    972  0.972             0.98
      res       TinyBlock        [1, 4, 3, 3]     148  2,592  2.592             2.11
        conv    conv2d, 2 calls  [1, 4, 3, 3]     148  2,592  2.592             1.69
      conv_out  conv2d           [1, 2, 3, 3]      10     72  0.072             1.13
    encoder: 270 parameters; 3,636 MACs (3.636 kMACs); 7,272 FLOPs = 2·MACs (7.272 kFLOPs); activation 2,160 bytes (2.11 KiB); largest tensor 432 bytes; activation in torch 864 bytes; saved for backward 1,224 bytes (1.20 KiB); reach 5 px, exact in tiles

    module   kind         output shape  params  MACs  activation, KiB
    ───────  ───────────  ────────────  ──────  ────  ───────────────
    decoder  TinyDecoder  [1, 3, 6, 6]      30   972             2.71
      conv   conv2d       [1, 3, 6, 6]      30   972             2.71
    decoder: 30 parameters; 972 MACs; 1,944 FLOPs = 2·MACs (1.944 kFLOPs); activation 2,772 bytes (2.71 KiB); largest tensor 432 bytes; activation in torch 612 bytes; saved for backward 144 bytes; reach 2 px, exact in tiles

    discriminator does not fit this size

    activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
    largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
    activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
    saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top
    "
  `);
});

test("each of several outputs has a line of its own in the table, and none in Markdown", () => {
  const Pyramid = block("Pyramid", ({ channels }: { channels: number }) => {
    const { fine, coarse } = layers({
      fine: conv2d({ in: 3, out: channels }),
      coarse: conv2d({ in: channels, out: 2 * channels, stride: 2 }),
    });
    return (x: Feature<3, 1>) => {
      const h = fine(x);
      return { fine: h, coarse: coarse(h) };
    };
  });
  const counted = countModel(network({ name: "pyramid", inputs: [{ channels: 3 }], block: Pyramid({ channels: 4 }) }), 6);
  expect(formatSummary(summaryOf(counted, 0)).split("\n").slice(2, 7)).toEqual([
    "module   kind     output shape  params   MACs  kMACs  activation, KiB",
    "───────  ───────  ────────────  ──────  ─────  ─────  ───────────────",
    "network  Pyramid  [1, 4, 6, 6]     408  6,480  6.480             3.23",
    "                  [1, 8, 3, 3]",
    expect.stringMatching(/^network: 408 parameters/) as string,
  ]);
  expect(formatSummary(summaryOf(counted, 0), { format: "md" })).toContain("| Pyramid | [1, 4, 6, 6], [1, 8, 3, 3] | 408 |");
});

test("the Markdown tables have the same rows under their full paths", () => {
  expect(formatSummary(summaryOf(counts), { format: "md" })).toMatchInlineSnapshot(`
    "# tiny at 6×6, latent channels 1, batch 1, float32

    ## encoder

    | module | kind | output shape | params | MACs | kMACs | activation, KiB |
    | :--- | :--- | :--- | ---: | ---: | ---: | ---: |
    | \`encoder\` | TinyEncoder | [1, 2, 3, 3] | 270 | 3,636 | 3.636 | 2.11 |
    | \`encoder.conv_in\` | conv2d | [1, 4, 3, 3] | 112 | 972 | 0.972 | 0.98 |
    | \`encoder.res\` | TinyBlock | [1, 4, 3, 3] | 148 | 2,592 | 2.592 | 2.11 |
    | \`encoder.res.conv\` | conv2d, 2 calls | [1, 4, 3, 3] | 148 | 2,592 | 2.592 | 1.69 |
    | \`encoder.conv_out\` | conv2d | [1, 2, 3, 3] | 10 | 72 | 0.072 | 1.13 |

    270 parameters; 3,636 MACs (3.636 kMACs); 7,272 FLOPs = 2·MACs (7.272 kFLOPs); activation 2,160 bytes (2.11 KiB); largest tensor 432 bytes; activation in torch 864 bytes; saved for backward 1,224 bytes (1.20 KiB); reach 5 px, exact in tiles.

    ## decoder

    | module | kind | output shape | params | MACs | activation, KiB |
    | :--- | :--- | :--- | ---: | ---: | ---: |
    | \`decoder\` | TinyDecoder | [1, 3, 6, 6] | 30 | 972 | 2.71 |
    | \`decoder.conv\` | conv2d | [1, 3, 6, 6] | 30 | 972 | 2.71 |

    30 parameters; 972 MACs; 1,944 FLOPs = 2·MACs (1.944 kFLOPs); activation 2,772 bytes (2.71 KiB); largest tensor 432 bytes; activation in torch 612 bytes; saved for backward 144 bytes; reach 2 px, exact in tiles.

    ## discriminator

    Does not fit this size.

    - activation: peak of the values that onnxruntime's planner allocates for the compiled graph, scores of attention included; an estimate, within 25 % of a CPU's without the arena where freed blocks go back at once; glibc's defaults and the arena hold more; weights come on top
    - largest tensor: largest value of that graph, exact; a browser binds 128 MiB at once unless it is asked for more
    - activation in torch: peak of live tensors in PyTorch without gradients, attention as one fused kernel; a lower bound, kernels' workspace and weights come on top
    - saved for backward: tensors that PyTorch keeps of a forward pass while training, for every image of a batch; losses, gradients and weights come on top
    "
  `);
});

test("the CSV has one row per module", () => {
  expect(formatSummary(summaryOf(counts), { format: "csv" })).toMatchInlineSnapshot(`
    "part,path,level,kind,calls,output_shapes,params,macs,flops,activation_bytes
    encoder,encoder,0,TinyEncoder,1,1x2x3x3,270,3636,7272,2160
    encoder,encoder.conv_in,1,conv2d,1,1x4x3x3,112,972,1944,1008
    encoder,encoder.res,1,TinyBlock,1,1x4x3x3,148,2592,5184,2160
    encoder,encoder.res.conv,2,conv2d,2,1x4x3x3,148,2592,5184,1728
    encoder,encoder.conv_out,1,conv2d,1,1x2x3x3,10,72,144,1152
    decoder,decoder,0,TinyDecoder,1,1x3x6x6,30,972,1944,2772
    decoder,decoder.conv,1,conv2d,1,1x3x6x6,30,972,1944,2772
    "
  `);
});

test("the JSON has the totals of every part and its rows", () => {
  expect(formatSummary(summaryOf(counts, 1), { format: "json" })).toMatchInlineSnapshot(`
    "{
      "model": "tiny",
      "size": 6,
      "latentChannels": 1,
      "parts": {
        "encoder": {
          "params": 270,
          "macs": 3636,
          "flops": 7272,
          "activationBytes": 2160,
          "largestTensorBytes": 432,
          "torchActivationBytes": 864,
          "savedBytes": 1224,
          "receptiveField": {
            "height": {
              "before": 5,
              "after": 4
            },
            "width": {
              "before": 5,
              "after": 4
            },
            "seesAll": []
          },
          "outputs": {
            "mean": [1, 1, 3, 3],
            "logvar": [1, 1, 3, 3]
          },
          "modules": [
            {
              "path": "encoder",
              "kind": "TinyEncoder",
              "level": 0,
              "calls": 1,
              "outputs": [
                [1, 2, 3, 3]
              ],
              "params": 270,
              "macs": 3636,
              "flops": 7272,
              "activationBytes": 2160
            },
            {
              "path": "encoder.conv_in",
              "kind": "conv2d",
              "level": 1,
              "calls": 1,
              "outputs": [
                [1, 4, 3, 3]
              ],
              "params": 112,
              "macs": 972,
              "flops": 1944,
              "activationBytes": 1008
            },
            {
              "path": "encoder.res",
              "kind": "TinyBlock",
              "level": 1,
              "calls": 1,
              "outputs": [
                [1, 4, 3, 3]
              ],
              "params": 148,
              "macs": 2592,
              "flops": 5184,
              "activationBytes": 2160
            },
            {
              "path": "encoder.conv_out",
              "kind": "conv2d",
              "level": 1,
              "calls": 1,
              "outputs": [
                [1, 2, 3, 3]
              ],
              "params": 10,
              "macs": 72,
              "flops": 144,
              "activationBytes": 1152
            }
          ]
        },
        "decoder": {
          "params": 30,
          "macs": 972,
          "flops": 1944,
          "activationBytes": 2772,
          "largestTensorBytes": 432,
          "torchActivationBytes": 612,
          "savedBytes": 144,
          "receptiveField": {
            "height": {
              "before": 2,
              "after": 2
            },
            "width": {
              "before": 2,
              "after": 2
            },
            "seesAll": []
          },
          "outputs": {
            "image": [1, 3, 6, 6]
          },
          "modules": [
            {
              "path": "decoder",
              "kind": "TinyDecoder",
              "level": 0,
              "calls": 1,
              "outputs": [
                [1, 3, 6, 6]
              ],
              "params": 30,
              "macs": 972,
              "flops": 1944,
              "activationBytes": 2772
            },
            {
              "path": "decoder.conv",
              "kind": "conv2d",
              "level": 1,
              "calls": 1,
              "outputs": [
                [1, 3, 6, 6]
              ],
              "params": 30,
              "macs": 972,
              "flops": 1944,
              "activationBytes": 2772
            }
          ]
        },
        "discriminator": null
      },
      "notes": [
        {
          "what": "the discriminator is not measured: 6 does not fit tiny: H/4 is not whole",
          "expected": "a height that is a multiple of 4",
          "found": "H/4 = 1.5",
          "help": "use 4 or 8",
          "module": "discriminator"
        }
      ]
    }
    "
  `);
});

test("the depth limits every format, the totals stay", () => {
  const encoder = counts.parts.encoder!;
  expect(summaryRows(encoder, 0).map(({ path }) => path)).toEqual(["encoder"]);
  expect(summaryRows(encoder, 1).map(({ path }) => path)).toEqual([
    "encoder",
    "encoder.conv_in",
    "encoder.res",
    "encoder.conv_out",
  ]);
  expect(formatSummary(summaryOf(counts, 0), { format: "csv" }).trimEnd().split("\n")).toHaveLength(3);
  expect(summaryRows(encoder, 0)[0]).toMatchObject({ params: 270, macs: (432 * 9) / 4 + (2 * 576 * 9) / 4 + (32 * 9) / 4 });
});

test("a part made of stages has a line of its own above them", () => {
  const model = litevae({ variant: "S", pointwise: true });
  expect(summaryRows(countPart(partOf(model, "decoder")!, 64, 64), 1)).toMatchObject([
    { path: "decoder", kind: "part", level: 0, outputs: [[1, 3, 64, 64]] },
    { path: "post_quant_conv", kind: "conv2d", level: 1 },
    { path: "decoder", kind: "KlDecoder", level: 1 },
  ]);
});
