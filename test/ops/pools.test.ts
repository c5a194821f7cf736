/** Pools over windows where sizes are known: PyTorch's rule for the last window, at every small size. */
// @module-tag python
import { expect, test } from "vitest";
import { ShapeError } from "../../src/errors/index.ts";
import { shapeOf } from "../../src/ir/shape.ts";
import { maxPool2d } from "../../src/ops/max-pool2d.ts";
import { fixedSize } from "../../src/ir/dim.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

const upTo = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

test("as many windows as in PyTorch", async () => {
  const cases = upTo(5).flatMap((size) =>
    upTo(4).flatMap((stride) =>
      [0, 1, 2]
        .filter((padding) => 2 * padding <= size)
        .flatMap((padding) =>
          upTo(11)
            .filter((length) => length + 2 * padding >= size)
            .flatMap((length) => [true, false].map((ceilMode) => ({ size, stride, padding, length, ceilMode }))),
        ),
    ),
  );
  const calls = cases.map(({ size, stride, padding, length, ceilMode }) => {
    const ceil = ceilMode ? "True" : "False";
    return `F.max_pool2d(torch.zeros(1, 1, 8, ${length}), (2, ${size}), (1, ${stride}), (0, ${padding}), ceil_mode=${ceil}).shape[3]`;
  });
  const { outputs } = await torch().expression(`torch.tensor([${calls.join(", ")}]).float()`, []);
  const found = cases.map(({ size, stride, padding, length, ceilMode }) => {
    const attrs = { size: [2, size], stride: [1, stride], padding: [0, padding], ceilMode } as const;
    const [shape] = maxPool2d.infer([shapeOf(1, 1, 8, length)], attrs);
    return fixedSize(shape![3]!);
  });
  expect(found).toEqual([...outputs[0]!.data]);
});

test("a window that is larger than its map is refused, on either side", () => {
  const attrs = { size: [1, 5], stride: 1, padding: [0, 1], ceilMode: false } as const;
  expect(() => maxPool2d.infer([shapeOf(1, 1, 8, 2)], attrs)).toThrow(ShapeError);
  expect(() => maxPool2d.infer([shapeOf(1, 1, 1, 3)], attrs)).not.toThrow();
});

test("padding of more than half a window is refused, on either side", () => {
  const attrs = { size: [2, 4], stride: 1, padding: [2, 1], ceilMode: false } as const;
  expect(() => maxPool2d.infer([shapeOf(1, 1, 8, 8)], attrs)).toThrow("more than half of a window");
});
