import { expect, test } from "vitest";
import { litevae } from "../../dsl/index.ts";
import { countModel, type ModelCounts } from "../../src/report/count.ts";
import { differenceRows, formatDifference } from "../../src/report/difference-table.ts";
import { differenceOf } from "../../src/report/difference.ts";
import { countedBuiltIn } from "../support/built-ins.ts";
import { tiny, type TinyOptions } from "./tiny.ts";

const small = (options: TinyOptions = {}): ModelCounts => countModel(tiny(options), 4);
const paths = (first: ModelCounts, second: ModelCounts): readonly string[] =>
  differenceOf(first, second).modules.map(({ path }) => path);

test("a model does not differ from itself", () => {
  expect(differenceOf(countedBuiltIn("b"), countedBuiltIn("b")).modules).toEqual([]);
  expect(formatDifference(differenceOf(small(), small({ name: "same" })))).toBe(
    "No module differs in kind, attributes, parameters or MACs between tiny and same.\n",
  );
});

test("a subtree in which everything differs is one difference", () => {
  const { modules } = differenceOf(countedBuiltIn("s"), countedBuiltIn("b"));
  expect(modules).toMatchObject([
    { path: "encoder", first: { params: 1_038_012 }, second: { kind: "LiteVaeEncoder", params: 6_755_260 } },
  ]);
  expect(modules[0]!.inside.map(({ path }) => path)).toEqual([
    "encoder.extractors.0",
    "encoder.extractors.1",
    "encoder.extractors.2",
    "encoder.aggregator",
  ]);
});

test("what the models have in common is left out", () => {
  expect(paths(countedBuiltIn("b"), countedBuiltIn("m"))).toEqual([
    "encoder.extractors.0",
    "encoder.extractors.1",
    "encoder.extractors.2",
  ]);
  expect(paths(countedBuiltIn("m"), countedBuiltIn("l"))).toEqual(["encoder.aggregator"]);
});

test("a single difference is shown where it is, not as the block around it", () => {
  expect(differenceOf(small(), small({ latentChannels: 2 })).modules).toMatchObject([
    { path: "encoder.conv_out", changed: { out: ["2", "4"] } },
    { path: "decoder.conv", changed: { in: ["1", "2"] } },
  ]);
});

test("modules of another kind differ as a whole, the others only where they do", () => {
  expect(differenceOf(countedBuiltIn("b"), countedBuiltIn("sd-vae")).modules).toMatchObject([
    { path: "encoder", first: { kind: "LiteVaeEncoder" }, second: { kind: "KlEncoder" }, inside: [] },
    { path: "decoder.conv_in", changed: { in: ["12", "4"] } },
  ]);
});

test("another decoder norm shows as other blocks, and what only one model has", () => {
  const difference = differenceOf(countedBuiltIn("b"), countedBuiltIn("b-smc"));
  expect(difference.modules).toHaveLength(12);
  expect(difference.modules.at(0)).toMatchObject({ path: "decoder.mid_block", changed: { functions: ["add", null] } });
  expect(difference.modules.at(-1)).toMatchObject({ path: "decoder.conv_norm_out", second: null });
  const [, , midBlock] = formatDifference(difference).split("\n");
  expect(midBlock).toContain(
    "everything inside; functions: add → none; 2 × ResnetBlock → SmcResnetBlock; 1 × AttentionBlock only in b",
  );
});

test("an attribute that changes no figure is a difference", () => {
  const [low, high] = [0.1, 0.2].map((dropout) => countModel(litevae({ name: String(dropout), variant: "S", dropout }), 64));
  const { modules } = differenceOf(low!, high!);
  expect(modules).toHaveLength(56);
  expect(modules[0]).toMatchObject({ path: "encoder.extractors.0.down.0.drop", changed: { rate: ["0.1", "0.2"] } });
});

test("the pieces of a part made of stages are aligned with the part's one module", () => {
  const [plain, pointwise] = [false, true].map((on) =>
    countModel(litevae({ name: String(on), variant: "S", pointwise: on }), 64),
  );
  expect(differenceOf(plain!, pointwise!).modules).toMatchObject([
    { path: "quant_conv", first: null, second: { kind: "conv2d" } },
    { path: "post_quant_conv", first: null },
  ]);
});

test("a part that only one model has is a missing module, an unmeasured one is passed over", () => {
  expect(differenceOf(small({ discriminator: true }), small()).modules).toMatchObject([{ path: "discriminator", second: null }]);
  expect(paths(countModel(tiny({ discriminator: true }), 6), countModel(tiny(), 6))).toEqual([]);
});

test("calling a module more often is a difference in MACs and in the block's functions", () => {
  expect(differenceOf(small(), small({ repeat: 2 })).modules).toMatchObject([
    { path: "encoder.res", first: { macs: 576 }, second: { macs: 1152 }, changed: { functions: ["silu, add", "silu ×2, add"] } },
  ]);
});

test("the difference is printed as text and as Markdown, and has rows for JSON", () => {
  const difference = differenceOf(small(), small({ name: "wide", width: 8, rate: 0.1, discriminator: true }));
  expect(formatDifference(difference)).toMatchInlineSnapshot(`
    "module         kind               params, tiny  params, wide  MACs, tiny  MACs, wide  note
    ─────────────  ─────────────────  ────────────  ────────────  ──────────  ──────────  ───────────────────────────────────────────
    encoder        TinyEncoder                 270           826       1,040       3,232  everything inside; 1 × dropout only in wide
    discriminator  TinyDiscriminator                          49                      48  only in wide
    "
  `);
  expect(formatDifference(difference, "md")).toMatchInlineSnapshot(`
    "| module | kind | params, tiny | params, wide | MACs, tiny | MACs, wide | note |
    | :--- | :--- | ---: | ---: | ---: | ---: | :--- |
    | encoder | TinyEncoder | 270 | 826 | 1,040 | 3,232 | everything inside; 1 × dropout only in wide |
    | discriminator | TinyDiscriminator |  | 49 |  | 48 | only in wide |
    "
  `);
  const kinds = {
    first: { kind: "TinyEncoder", params: 270, macs: 1040 },
    second: { kind: "TinyEncoder", params: 826, macs: 3232 },
  };
  const only = { first: null, second: { kind: "TinyDiscriminator", params: 49, macs: 48 } };
  expect(differenceRows(difference)).toEqual([
    { path: "encoder", ...kinds, changed: {}, note: "everything inside; 1 × dropout only in wide" },
    { path: "discriminator", ...only, changed: {}, note: "only in wide" },
  ]);
});
