/** Blocks that take features by name, in a last argument. */
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-return -- as JavaScript would be written: types have tests of their own */
import { describe, expect, test } from "vitest";
import type { Model } from "../../src/ir/model.ts";
import { add, block, conv2d, layers, model, upsample } from "litevae/dsl";
import { reportOf } from "./reports.ts";

type Any = any;

const build = model as (config: Any) => Model;

describe("features in a record", () => {
  const Sum = block("Sum", () => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
    return (x: Any, { b, a }: Any): Any => add(conv(x) as Any, b === undefined ? a : add(a, b));
  });
  const encoderOf = (run: (sum: Any, x: Any) => Any): Any =>
    block("Around", () => {
      const { first, sum, last } = layers({
        first: conv2d({ in: 3, out: 4, kernel: 4, stride: 4 }),
        sum: Sum(),
        last: conv2d({ in: 4, out: 8, kernel: 1 }),
      });
      return (image: Any): Any => last(run(sum, first(image)));
    })();
  const Plain = block("Plain", () => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
    return (z: Any): Any => upsample(conv(z) as Any, { factor: 4 });
  });
  const calls = (run: (sum: Any, x: Any) => Any): unknown => {
    const graph = build({ latentChannels: 4, encoder: encoderOf(run), decoder: Plain() }).parts[0]?.graph;
    const body = graph?.nodes.find((node) => node.kind === "call")?.body;
    return body?.nodes.flatMap((node) => (node.kind === "call" ? [[node.named, node.inputs.length]] : []));
  };

  test("go to a block in the order of their names, without those that it does not read", () => {
    expect(calls((sum, x) => sum(x, { b: x, a: x, unread: x }))).toEqual([[["a", "b"], 3]]);
    expect(calls((sum, x) => sum(x, { a: x, b: undefined }))).toEqual([[["a"], 2]]);
  });

  test("are the same wherever an instance is called", () => {
    expect(reportOf(() => calls((sum, x) => sum(sum(x, { a: x }), { a: x, b: x })))).toMatchObject({
      what: "Sum reads other features of its record than where it was called before",
      expected: "a",
      found: "a, b",
      help: "give one instance the same features wherever it is called, or make a second instance",
    });
  });

  test("are features", () => {
    expect(reportOf(() => calls((sum, x) => sum(x, { a: 3 })))).toMatchObject({
      what: "a, given to Sum, is not a feature",
      found: "number",
    });
  });
});
