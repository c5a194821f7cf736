/** A gate in continuous integration: the model may not grow beyond its budget. */
import { compare, requireBudgets } from "litevae/api";
import { expect, test } from "vitest";
import model from "../litevae-b.ts";

test("the model keeps its budget", async () => {
  const comparison = await compare([model], {
    size: 256,
    budgets: ["encoder=7M", "encoder.macs=40G", "decoder.activation=512MiB"],
  });
  // Throws an error that says which budget is exceeded, by how much.
  requireBudgets(comparison);
});

test("a budget of half as much is exceeded, and the error says so", async () => {
  const comparison = await compare([model], { budgets: ["encoder=3.5M"], memory: false });
  expect(() => requireBudgets(comparison)).toThrow("over the budget of 3,500,000");
});
