/** Every op by its own declaration. No op is named here. */
// @module-tag python
import { describe, expect, test } from "vitest";
import type { Op } from "../../src/ir/op.ts";
import { ops } from "../../src/ops/index.ts";
import { checkComputed } from "../../src/op-test/check-use.ts";
import { opsets } from "../../src/op-test/run-onnx.ts";
import { drawnOnce } from "../dsl/reference.ts";
import { torchServer } from "../support/torch-server.ts";
import { testOp } from "./check-op.ts";

const torch = torchServer();

const everyOp: readonly (readonly [string, Op])[] = Object.entries(ops).map(([name, op]) => [name, op]);

test.each(everyOp)("%s is listed under its own name", (name, op) => {
  expect(op.name).toBe(name);
});

test.each(everyOp)("%s's example in docs/ops.md runs in every operator set", async (_, op) => {
  await checkComputed(op, drawnOnce(op), { opsets, seed: 1, torch: torch() });
});

describe.each(everyOp)("%s", (_, op) => {
  testOp(op, torch);
});
