/** What scripts without types give the API is refused by name, with what was meant. */
import { expect, expectTypeOf, test } from "vitest";
import { searchable } from "../../dsl/index.ts";
import own from "../../examples/searchable.ts";
import * as api from "../../src/api/index.ts";
import * as node from "../../src/api/node/index.ts";
import { UsageError, UserError, type Report } from "../../src/errors/index.ts";

type Call = (...given: readonly unknown[]) => unknown;
// As a script in JavaScript sees them.
const untyped = (name: keyof typeof node | keyof typeof api, from: object = api): Call =>
  (from as Readonly<Record<string, Call>>)[name]!;

async function refusal(name: keyof typeof node, given: readonly unknown[], from: object = api): Promise<Report> {
  const error: unknown = await Promise.resolve()
    .then(() => untyped(name, from)(...given))
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
  expect(error).toBeInstanceOf(UsageError);
  return (error as UsageError).reports[0]!;
}

const vary = { channels: [8] };

test.each<[Parameters<typeof refusal>[0], readonly unknown[], string, string]>([
  ["count", [own, { sise: 64 }], "count has no option sise", "did you mean size?"],
  ["search", [own, { vary, budget: [] }], "search has no option budget", "did you mean budgets?"],
  ["count", [own, { size: "64" }], "size of count cannot be this", "give size a whole number of at least 1, or leave it out"],
  ["count", [own, { size: 60.5 }], "size of count cannot be this", "give size a whole number of at least 1, or leave it out"],
  [
    "count",
    [own, { signal: new AbortController() }],
    "signal of count cannot be this",
    "give the signal of an AbortController, or AbortSignal.timeout(10_000)",
  ],
  ["search", [own, { vary: "channels=8" }], "vary of search cannot be this", 'write ["channels=8"]'],
  ["search", [own, {}], "vary of search cannot be this", "give every setting that varies the list of its values"],
  ["search", [own, { vary: { channels: 8 } }], "channels cannot vary so", "write channels: [8]"],
  ["search", [own, { vary: { channels: [] } }], "channels cannot vary so", "write for example channels: [16]"],
  ["search", [own, { vary: { channels: ["8"] } }], "channels cannot vary so", "write for example channels: [16]"],
  ["search", [own, { vary: { multipliers: [2] } }], "multipliers cannot vary so", "multipliers is a list: write [[2]]"],
  [
    "search",
    [own, { vary, budgets: "encoder=7M" }],
    "budgets of search cannot be this",
    'give budgets a list such as ["encoder=7M"], or leave it out',
  ],
  ["search", [own, { vary, more: ["activatoin"] }], "no cost is called activatoin", "did you mean activation?"],
  [
    "search",
    [own, { vary, more: ["latency"] }],
    "latency is not measured, and cannot count as better where there is more of it",
    "measure (--measure; in scripts measure, of litevae/api/node), or leave latency out",
  ],
  ["compare", [own], "compare is given no list of models", "write models in a list, one or more"],
  ["compare", [[]], "compare is given no list of models", "write models in a list, one or more"],
  [
    "requireBudgets",
    [{ counts: [], budgets: [] }],
    "there is no budget to keep",
    "give compare the budgets that models must keep",
  ],
  ["compile", ["b"], "what is given is no model", 'write builtIn("b")'],
  ["check", [{ default: own }], "what is given is no model", "give the default export of this module"],
  [
    "compile",
    [own, { targets: {} }],
    "there is no target to compile",
    "name one, such as targets: { onnx: {} }, or leave targets out",
  ],
  ["compile", [own, { targets: { onnx: { opsett: 20 } } }], "the target onnx has no option opsett", "did you mean opset?"],
  [
    "compile",
    [own, { targets: { onnx: { precision: "fp15" } } }],
    "precision of the target onnx cannot be this",
    "did you mean fp16?",
  ],
  [
    "compile",
    [own, { targets: { torch: { recipe: 5 } } }],
    "recipe of the target torch cannot be this",
    "leave recipe out for its default",
  ],
  ["compile", [own, { targets: { onnx: { opset: 99 } } }], "opset 99 is not supported", "opset 18 is what most runtimes read"],
  [
    "search",
    [own, { vary, budgets: ["encoder=7MiB"] }],
    'the budget "encoder=7MiB" has no limit',
    "MiB counts bytes, which go with memory: write encoder.activation=7MiB",
  ],
  [
    "compile",
    [own, { weights: "x.safetensors" }],
    "weights of compile cannot be this",
    "read the file, weights: { bytes: await readFile(path) }, or compile with litevae/api/node, which takes its path",
  ],
])("%s(%j) is refused: %s", async (name, given, what, help) => {
  expect(await refusal(name, given)).toMatchObject({ what, help });
});

test.each<[Parameters<typeof refusal>[0], readonly unknown[], string]>([
  ["compileTo", ["b", "out"], "what is given is no model"],
  ["compileTo", [own, ""], "compileTo is given no folder"],
  ["compileTo", [own, "out", { forse: true }], "compileTo has no option forse"],
  ["search", [own, { vary, measure: 1 }], "measure of search cannot be this"],
  ["check", [own, { sise: 1 }], "check has no option sise"],
])("%s of Node (%j) is refused: %s", async (name, given, what) => {
  expect(await refusal(name, given, node)).toMatchObject({ what });
});

test("a value that is given twice is one variant", async () => {
  const { total, varied } = await api.search(own, { vary: { channels: [8, 8] }, size: 64 });
  expect([total, varied]).toEqual([1, { channels: [8] }]);
});

test("settings keep their types, and build takes some of them", () => {
  const flagged = searchable({ channels: 16, wide: true, kind: "group" }, () => own);
  const { settings, build } = api.variantsOf(flagged);
  expectTypeOf(settings).toEqualTypeOf<{ readonly channels: number; readonly wide: boolean; readonly kind: string }>();
  expectTypeOf(build).toBeCallableWith({ channels: 8 });
  // @ts-expect-error: the name is wrong.
  expect(() => build({ chanels: 8 })).toThrow("build has no setting chanels");
  // @ts-expect-error: the type is wrong.
  expect(() => build({ channels: "8" })).toThrow("channels of build is of another kind than the model's own");
  const partial = api.variantsOf(own).build({ channels: 8 });
  expect(partial.parts).toHaveLength(2);
  expect(() => api.variantsOf(api.builtIn("nano")).build({ chanels: 8 })).toThrow(UserError);
});
