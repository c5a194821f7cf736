/** Lists of records with lists in them, and of lists of several kinds of layers. */
// @module-tag python
import { expect, test } from "vitest";
import { block, groupNorm, layers } from "../../dsl/authoring.ts";
import {
  chain,
  classOf,
  conv,
  repeated,
  Residual,
  someDepths,
  sourceOf,
  Wide,
  type Depths,
  type FeatureMap,
  type Layer,
  type Numbers,
} from "../support/one-class.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

const timeout = 60_000;

test(
  "a list of records with lists in them",
  async () => {
    const Net = block("Records", ({ dims, depths }: Depths) => {
      const l = layers({
        first: conv(16, dims[0]!),
        levels: dims.map((c, i) => ({
          blocks: repeated(depths[i]!, () => Residual({ channels: c })),
          out: conv(c, dims[i + 1] ?? 16),
        })),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = l.first(x);
        for (const level of l.levels) h = level.out(chain(level.blocks, h));
        return h;
      };
    });
    expect(await classOf(torch(), Net, someDepths)).toMatchInlineSnapshot(`
      "
      class Records(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, dims: Sequence[int], depths: Sequence[int]) -> None:
              super().__init__()
              self.first = nn.Conv2d(16, dims[0], 3, padding=1)
              self.levels = nn.ModuleList(
                  nn.ModuleDict(
                      {
                          "blocks": nn.ModuleList(Residual(c_in) for _ in range(depth)),
                          "out": nn.Conv2d(c_in, c_out, 3, padding=1),
                      },
                  )
                  for c_in, depth, c_out in zip(dims, depths, [*dims[1:], 16], strict=True)
              )

          def forward(self, x: Tensor) -> Tensor:
              x = self.first(x)
              for level in self.levels:
                  for block in level.get_submodule("blocks").children():
                      x = block(x)
                  x = level.get_submodule("out")(x)
              return x
      "
    `);
  },
  timeout,
);

test(
  "rows of one block for each item of a list, and of several kinds of layers",
  async () => {
    const Net = block("Sequences", ({ base, mult, dims }: { base: number; mult: Numbers; dims: Numbers }) => {
      const l = layers({
        first: conv(16, base),
        grid: dims.map((d) => mult.map((m, j) => Wide({ in: base * (mult[j - 1] ?? 1), out: base * m, attention: d > 20 }))),
        outs: dims.map(() => conv(base * mult.at(-1)!, base)),
        pairs: dims.map(() => [conv(base, base), groupNorm({ channels: base })] as Layer[]),
        last: conv(base, 16),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = l.first(x);
        for (const [i, row] of l.grid.entries()) h = l.outs[i]!(chain(row, h));
        for (const row of l.pairs) h = chain(row, h);
        return l.last(h);
      };
    });
    expect(
      await classOf(torch(), Net, [
        { base: 8, mult: [1, 2], dims: [16, 32] },
        { base: 16, mult: [1, 2, 3], dims: [16, 32, 8] },
      ]),
    ).toMatchInlineSnapshot(`
      "
      class Sequences(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, base: int, mult: Sequence[int], dims: Sequence[int]) -> None:
              super().__init__()
              self.first = nn.Conv2d(16, base, 3, padding=1)
              widths = [base * mult_item for mult_item in mult]
              self.grid = nn.ModuleList(
                  nn.ModuleList(
                      Wide(c_in, c_out, attention=dim > 20)
                      for c_in, c_out in zip([base, *widths[:-1]], widths, strict=True)
                  )
                  for dim in dims
              )
              self.outs = nn.ModuleList(nn.Conv2d(mult[-1] * base, base, 3, padding=1) for _ in range(len(dims)))
              self.pairs = nn.ModuleList(
                  nn.ModuleList(
                      [nn.Conv2d(base, base, 3, padding=1), nn.GroupNorm(default_groups(base), base, eps=1e-05)],
                  )
                  for _ in range(len(dims))
              )
              self.last = nn.Conv2d(base, 16, 3, padding=1)

          def forward(self, x: Tensor) -> Tensor:
              x = self.first(x)
              for grid, out in zip(self.grid, self.outs, strict=True):
                  for block in grid.children():
                      x = block(x)
                  x = out(x)
              for pair in self.pairs:
                  for layer in pair.children():
                      x = layer(x)
              return self.last(x)
      "
    `);
  },
  timeout,
);

test("items that repeat among others are written once", () => {
  const Mixed = block("Mixed", () => {
    const { steps } = layers({
      steps: [
        conv(16, 24),
        ...repeated(3, () => Residual({ channels: 24 })),
        conv(24, 16),
        ...repeated(2, () => Residual({ channels: 16 })),
      ],
    });
    return (x: FeatureMap): FeatureMap => chain(steps, x);
  });
  const source = sourceOf(Mixed());
  expect(source).toContain("*[Residual(24) for _ in range(3)],");
  expect(source.match(/\bResidual\(16\)/g)).toHaveLength(2);
});
