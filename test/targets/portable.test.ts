/** What portable graphs of every built-in model are free of. */
// @module-tag slow
import { expect, test } from "vitest";
import { builtIns } from "../../dsl/models/index.ts";
import { runPasses } from "../../src/passes/index.ts";
import { audiences } from "../../src/targets/onnx/audience.ts";
import { lowerPart } from "../../src/targets/onnx/lower.ts";
import { onnxPasses } from "../../src/targets/onnx/options.ts";

// tract and pnnx of 2026 refuse them, and a graph that one of them refuses is not for anyone.
test("a portable graph has no Slice that steps, no Expand, no Tile and no reduction", () => {
  const unweighted = (): never => {
    throw new Error("shapes are enough");
  };
  for (const [name, { build }] of Object.entries(builtIns))
    for (const whole of build({}).parts) {
      const { nodes } = lowerPart(runPasses(whole, onnxPasses), unweighted, 18, audiences.portable);
      const refused = nodes.filter(
        ({ type, inputs }) =>
          ["Expand", "Tile"].includes(type) || type.startsWith("Reduce") || (type === "Slice" && inputs.length > 4),
      );
      expect(refused, `${name}: ${whole.name}`).toEqual([]);
      expect(nodes.length).toBeGreaterThan(10);
    }
});
