import { expect, test } from "vitest";
import { UsageError, UserError } from "../../src/errors/index.ts";
import { budgetError, checkBudgets, checkParts, parseBudget } from "../../src/report/budget.ts";
import { countModel } from "../../src/report/count.ts";
import { countedBuiltIn } from "../support/built-ins.ts";
import { tiny } from "./tiny.ts";

test.each([
  ["encoder=7M", { part: "encoder", metric: "params", limit: 7_000_000 }],
  ["encoder=6.755260M", { part: "encoder", metric: "params", limit: 6_755_260 }],
  ["decoder=512", { part: "decoder", metric: "params", limit: 512 }],
  ["decoder.params=50k", { part: "decoder", metric: "params", limit: 50_000 }],
  ["encoder.macs=37.9G", { part: "encoder", metric: "macs", limit: 37_900_000_000 }],
  ["discriminator.activation=40MiB", { part: "discriminator", metric: "activation", limit: 40 * 2 ** 20 }],
  ["encoder.activation=1.5GB", { part: "encoder", metric: "activation", limit: 1_500_000_000 }],
  ["encoder.activation=64KiB", { part: "encoder", metric: "activation", limit: 65_536 }],
  ["encoder.activation=64M", { part: "encoder", metric: "activation", limit: 64_000_000 }],
] as const)("%s is a budget", (text, budget) => {
  expect(parseBudget(text)).toEqual(budget);
});

test.each([
  ["7M", '"7M" is not a budget', "write encoder=7M, or encoder.macs=40G"],
  ["encoder=7M=8M", '"encoder=7M=8M" is not a budget', "write encoder=7M, or encoder.macs=40G"],
  ["=7M", 'the budget "=7M" names no part', "write encoder=7M"],
  ["encoder.mac=7M", 'the budget "encoder.mac=7M" names no metric', "did you mean macs?"],
  ["encoder.=7M", 'the budget "encoder.=7M" names no metric', "choose one of params, macs, activation, largest, torch, saved"],
  ["encoder=7m", 'the budget "encoder=7m" has no limit', "did you mean 7M?"],
  [
    "encoder=7MiB",
    'the budget "encoder=7MiB" has no limit',
    "MiB counts bytes, which go with memory: write encoder.activation=7MiB",
  ],
  ["encoder.activation=7Mib", 'the budget "encoder.activation=7Mib" has no limit', "did you mean 7MiB?"],
  ["encoder=-7M", 'the budget "encoder=-7M" has no limit', "write 7M for seven million"],
  ["encoder=0", 'the budget "encoder=0" has no limit', "write 7M for seven million"],
  ["encoder=", 'the budget "encoder=" has no limit', "write 7M for seven million"],
  ["encoder=7constructor", 'the budget "encoder=7constructor" has no limit', "write 7M for seven million"],
])("%s is refused as usage, with the remedy", (text, what, help) => {
  const parse = (): unknown => parseBudget(text);
  expect(parse).toThrow(UsageError);
  expect(parse).toThrow(expect.objectContaining({ reports: [expect.objectContaining({ what, help })] }));
});

test("a part that no model has is refused as usage, with the one that its name is nearly", () => {
  const check = (text: string) => (): void => checkParts(["encoder", "decoder"], [parseBudget(text)]);
  expect(check("encodr=7M")).toThrow(UsageError);
  expect(check("encodr=7M")).toThrow(
    expect.objectContaining({ reports: [expect.objectContaining({ help: "did you mean encoder?" })] }),
  );
  expect(check("enc=7M")).toThrow(
    expect.objectContaining({ reports: [expect.objectContaining({ help: "did you mean encoder?" })] }),
  );
  const report = { expected: "encoder, decoder", found: "discriminator", help: "name one of these" };
  expect(check("discriminator=7M")).toThrow(UsageError);
  expect(check("discriminator=7M")).toThrow(expect.objectContaining({ reports: [expect.objectContaining(report)] }));
  expect(check("decoder=7M")).not.toThrow();
});

const models = ["b", "l"].map((name) => countedBuiltIn(name));

test("a model over its budget is told by how much", () => {
  const violations = checkBudgets(models, [parseBudget("encoder=7M")]);
  expect(violations).toEqual([
    {
      model: "l",
      part: "encoder",
      metric: "params",
      limit: 7_000_000,
      actual: 41_431_612,
      over: 34_431_612,
      message: "encoder has 41,431,612 parameters, 34,431,612 over the budget of 7,000,000",
    },
  ]);
  const error = budgetError(violations);
  expect(error).toBeInstanceOf(UserError);
  expect(error).not.toBeInstanceOf(UsageError);
  expect(error.message).toBe("l: encoder has 41,431,612 parameters, 34,431,612 over the budget of 7,000,000");
});

test("a model that meets its budget exactly is within it, one less is over", () => {
  expect(checkBudgets(models.slice(0, 1), [parseBudget("encoder=6755260")])).toEqual([]);
  expect(checkBudgets(models.slice(0, 1), [parseBudget("encoder=6755259")])).toMatchObject([{ over: 1 }]);
});

test("MACs and activation memory have budgets too", () => {
  const violations = checkBudgets(models.slice(0, 1), [parseBudget("encoder.macs=30G"), parseBudget("encoder.activation=40MiB")]);
  expect(violations.map(({ message }) => message)).toEqual([
    "encoder has 37,837,471,744 MACs, 7,837,471,744 over the budget of 30,000,000,000",
    "encoder has 58,350,084 bytes of activation, 16,407,044 over the budget of 41,943,040",
  ]);
});

test("a budget of a part that the model lacks, or that was not measured, is an error and not a pass", () => {
  const budget = [parseBudget("discriminator=1M")];
  expect(() => checkBudgets([countModel(tiny(), 4)], budget)).toThrow("tiny has no discriminator to hold to a budget");
  expect(() => checkBudgets([countModel(tiny({ discriminator: true }), 6)], budget)).toThrow(
    "the discriminator of tiny does not fit 6 and cannot be held to a budget",
  );
});
