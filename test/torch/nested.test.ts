/** Lists of lists in model.py: comprehensions in comprehensions and loops in loops, which make what the block makes of any configuration. */
// @module-tag python
import { expect, test } from "vitest";
import { add, block, groupNorm, layers, relu } from "../../dsl/authoring.ts";
import {
  chain,
  classOf,
  conv,
  repeated,
  Residual,
  someDepths,
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
  "stages of blocks with layers between them, as ConvNeXt has them",
  async () => {
    const Net = block("ConvNeXt", ({ dims, depths }: Depths) => {
      const l = layers({
        stages: dims.map((channels, i) => repeated(depths[i]!, () => Residual({ channels }))),
        downs: dims.slice(1).map((out, i) => [groupNorm({ channels: dims[i]! }), conv(dims[i]!, out, { stride: 2 })] as Layer[]),
        first: conv(16, dims[0]!),
        last: conv(dims.at(-1)!, 16),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = l.first(x);
        for (const [i, stage] of l.stages.entries()) {
          if (i > 0) h = chain(l.downs[i - 1]!, h);
          for (const each of stage) h = each(h);
        }
        return l.last(h);
      };
    });
    expect(await classOf(torch(), Net, someDepths, ({ dims }) => 2 ** (dims.length - 1))).toMatchInlineSnapshot(`
      "
      class ConvNeXt(nn.Module):
          """[N, 16, H, W] -> [N, 16, H', W']."""

          def __init__(self, dims: Sequence[int], depths: Sequence[int]) -> None:
              super().__init__()
              self.stages = nn.ModuleList(
                  nn.ModuleList(Residual(channel) for _ in range(depth))
                  for channel, depth in zip(dims, depths, strict=True)
              )
              self.downs = nn.ModuleList(
                  nn.ModuleList(
                      [
                          nn.GroupNorm(default_groups(c_in), c_in, eps=1e-05),
                          nn.Conv2d(c_in, c_out, 3, stride=2, padding=1),
                      ],
                  )
                  for c_in, c_out in zip(dims[:-1], dims[1:], strict=True)
              )
              self.first = nn.Conv2d(16, dims[0], 3, padding=1)
              self.last = nn.Conv2d(dims[-1], 16, 3, padding=1)

          def forward(self, x: Tensor) -> Tensor:
              x = self.first(x)
              for block in self.stages[0].children():
                  x = block(x)
              for down, stage in zip(self.downs, self.stages[1:], strict=True):
                  for layer in down.children():
                      x = layer(x)
                  for block in stage.children():
                      x = block(x)
              return self.last(x)
      "
    `);
  },
  timeout,
);

test(
  "as many blocks as a number, a setting or the item of a list says, some of them with a child of their own",
  async () => {
    const Net = block("Lengths", ({ dims, depth, depths, at }: Depths & { depth: number; at: Numbers }) => {
      const l = layers({
        two: dims.map(() => repeated(2, () => Residual({ channels: 16 }))),
        scalar: dims.map((_, i) => repeated(depth, (j) => Wide({ in: 16, out: 16, attention: i === 0 && j === depth - 1 }))),
        more: depths.map((d) => repeated(d + 1, (j) => Wide({ in: 16, out: 16, attention: j === 0 }))),
        fixed: [0, 1].map(() => repeated(depth, () => Residual({ channels: 16 }))),
        at: dims.map((_, i) => repeated(depth, () => Wide({ in: 16, out: 16, attention: at.includes(i) }))),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = x;
        for (const stage of l.two) h = add(chain(stage, h), h);
        for (const stage of l.scalar) h = relu(chain(stage, h));
        for (const stage of l.more) for (const each of stage) h = add(each(h), x);
        for (const stage of l.fixed) h = chain(stage, h);
        for (const stage of l.at) h = chain(stage, h);
        return h;
      };
    });
    expect(
      await classOf(torch(), Net, [
        { dims: [16, 32], depth: 2, depths: [2, 3], at: [1] },
        { dims: [16, 32, 8], depth: 1, depths: [2, 3, 0], at: [0, 2] },
      ]),
    ).toMatchInlineSnapshot(`
      "
      class Lengths(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, dims: Sequence[int], depth: int, depths: Sequence[int], at: Sequence[int]) -> None:
              super().__init__()
              self.two = nn.ModuleList(nn.ModuleList(Residual(16) for _ in range(2)) for _ in range(len(dims)))
              self.scalar = nn.ModuleList(
                  nn.ModuleList(Wide(16, 16, attention=j == depth - 1 and i == 0) for j in range(depth))
                  for i in range(len(dims))
              )
              self.more = nn.ModuleList(
                  nn.ModuleList(Wide(16, 16, attention=j == 0) for j in range(depth2 + 1)) for depth2 in depths
              )
              self.fixed = nn.ModuleList(nn.ModuleList(Residual(16) for _ in range(depth)) for _ in range(2))
              self.at = nn.ModuleList(
                  nn.ModuleList(Wide(16, 16, attention=i in at) for _ in range(depth)) for i in range(len(dims))
              )

          def forward(self, x: Tensor) -> Tensor:
              h = x
              for two in self.two:
                  y = h
                  for block in two.children():
                      y = block(y)
                  h = y + h
              for scalar in self.scalar:
                  for block in scalar.children():
                      h = block(h)
                  h = F.relu(h)
              for more in self.more:
                  for block in more.children():
                      h = block(h)
                      h = h + x
              for fixed in self.fixed:
                  for block in fixed.children():
                      h = block(h)
              for at in self.at:
                  for block in at.children():
                      h = block(h)
              return h
      "
    `);
  },
  timeout,
);

test(
  "lists in lists in lists",
  async () => {
    const Net = block("Deep", ({ dims, depths, inner }: Depths & { inner: number }) => {
      const l = layers({
        first: conv(16, dims[0]!),
        groups: dims.map((c, i) =>
          repeated(
            depths[i]!,
            (j) => repeated(inner, (k) => Wide({ in: j === 0 && k === 0 ? (dims[i - 1] ?? dims[0]!) : c, out: c })) as never,
          ),
        ) as unknown as Layer[][][],
        last: conv(dims.at(-1)!, 16),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = l.first(x);
        for (const group of l.groups) for (const stage of group) for (const each of stage) h = each(h);
        return l.last(h);
      };
    });
    expect(
      await classOf(torch(), Net, [
        { dims: [16, 32], depths: [2, 3], inner: 2 },
        { dims: [8, 24, 16], depths: [1, 2, 2], inner: 3 },
      ]),
    ).toMatchInlineSnapshot(`
      "
      class Deep(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, dims: Sequence[int], depths: Sequence[int], inner: int) -> None:
              super().__init__()
              self.first = nn.Conv2d(16, dims[0], 3, padding=1)
              self.groups = nn.ModuleList(
                  nn.ModuleList(
                      nn.ModuleList(
                          Wide((item if j == 0 else c_out) if k == 0 else c_out, c_out) for k in range(inner)
                      )
                      for j in range(depth)
                  )
                  for item, c_out, depth in zip([dims[0], *dims[:-1]], dims, depths, strict=True)
              )
              self.last = nn.Conv2d(dims[-1], 16, 3, padding=1)

          def forward(self, x: Tensor) -> Tensor:
              x = self.first(x)
              for group in self.groups:
                  for group_block in group.children():
                      for block in group_block.children():
                          x = block(x)
              return self.last(x)
      "
    `);
  },
  timeout,
);
