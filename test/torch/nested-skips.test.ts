/** Results that loops in loops keep, and others take. */
// @module-tag python
import { expect, test } from "vitest";
import { add, block, concat, layers, silu, upsample } from "../../dsl/authoring.ts";
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
} from "../support/one-class.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

const timeout = 60_000;

test(
  "a UNet that keeps the result of every stage",
  async () => {
    const Net = block("UNet", ({ dims, depths }: Depths) => {
      const rev = dims.toReversed();
      const l = layers({
        first: conv(16, dims[0]!),
        encoder: dims.map((channels, i) => repeated(depths[i]!, () => Residual({ channels }))),
        downs: dims.slice(1).map((out, i) => conv(dims[i]!, out, { stride: 2 })),
        middle: [Residual({ channels: rev[0]! }), Residual({ channels: rev[0]! })],
        ups: rev.slice(1).map((out, i) => conv(rev[i]!, out)),
        decoder: rev.slice(1).map((c, i) => repeated(depths[i]!, (j) => Wide({ in: j === 0 ? 2 * c : c, out: c }))),
        last: conv(dims[0]!, 16),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = l.first(x);
        const skips: FeatureMap[] = [];
        for (const [i, stage] of l.encoder.entries()) {
          for (const each of stage) h = each(h);
          if (i === l.downs.length) break;
          skips.push(h);
          h = l.downs[i]!(h);
        }
        h = chain(l.middle, h);
        for (const [i, stage] of l.decoder.entries()) {
          h = l.ups[i]!(upsample(h, { factor: 2 }));
          h = concat(h, skips.pop()!);
          for (const each of stage) h = each(h);
        }
        return l.last(h);
      };
    });
    expect(await classOf(torch(), Net, someDepths)).toMatchInlineSnapshot(`
      "
      class UNet(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, dims: Sequence[int], depths: Sequence[int]) -> None:
              super().__init__()
              self.first = nn.Conv2d(16, dims[0], 3, padding=1)
              self.encoder = nn.ModuleList(
                  nn.ModuleList(Residual(channel) for _ in range(depth))
                  for channel, depth in zip(dims, depths, strict=True)
              )
              self.downs = nn.ModuleList(
                  nn.Conv2d(c_in, c_out, 3, stride=2, padding=1)
                  for c_in, c_out in zip(dims[:-1], dims[1:], strict=True)
              )
              self.middle = nn.ModuleList(Residual(dims[-1]) for _ in range(2))
              reversed_dims = dims[::-1]
              self.ups = nn.ModuleList(
                  nn.Conv2d(c_in, c_out, 3, padding=1)
                  for c_in, c_out in zip(reversed_dims[:-1], reversed_dims[1:], strict=True)
              )
              self.decoder = nn.ModuleList(
                  nn.ModuleList(Wide(2 * c_out if j == 0 else c_out, c_out) for j in range(depth))
                  for c_out, depth in zip(reversed_dims[1:], depths[:-1], strict=True)
              )
              self.last = nn.Conv2d(dims[0], 16, 3, padding=1)

          def forward(self, x: Tensor) -> Tensor:
              x = self.first(x)
              for block in self.encoder[0].children():
                  x = block(x)
              skips = []
              for down, encoder in zip(self.downs, self.encoder[1:], strict=True):
                  skips.append(x)
                  x = down(x)
                  for block in encoder.children():
                      x = block(x)
              for block in self.middle:
                  x = block(x)
              for up, decoder in zip(self.ups, self.decoder, strict=True):
                  x = up(F.interpolate(x, scale_factor=2, mode="nearest"))
                  x = torch.cat([x, skips.pop()], dim=1)
                  for block in decoder.children():
                      x = block(x)
              return self.last(x)
      "
    `);
  },
  timeout,
);

test(
  "a UNet that keeps the result of every block",
  async () => {
    const Net = block("Skips", ({ dims, depths }: Depths) => {
      const rev = dims.toReversed();
      const l = layers({
        first: conv(16, dims[0]!),
        down: dims.map((out, i) => repeated(depths[i]!, (j) => Wide({ in: j > 0 ? out : (dims[i - 1] ?? dims[0]!), out }))),
        up: rev.map((c, i) => repeated(depths.at(-1 - i)!, (j) => Wide({ in: (j > 0 ? c : (rev[i - 1] ?? c)) + c, out: c }))),
        last: conv(dims[0]!, 16),
      });
      return (x: FeatureMap): FeatureMap => {
        let h = l.first(x);
        const skips: FeatureMap[] = [];
        for (const stage of l.down) for (const each of stage) skips.push((h = each(h)));
        for (const stage of l.up) for (const each of stage) h = each(concat(h, skips.pop()!));
        return l.last(h);
      };
    });
    expect(await classOf(torch(), Net, someDepths)).toMatchInlineSnapshot(`
      "
      class Skips(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, dims: Sequence[int], depths: Sequence[int]) -> None:
              super().__init__()
              self.first = nn.Conv2d(16, dims[0], 3, padding=1)
              self.down = nn.ModuleList(
                  nn.ModuleList(Wide(c_in if j == 0 else c_out, c_out) for j in range(depth))
                  for c_in, c_out, depth in zip([dims[0], *dims[:-1]], dims, depths, strict=True)
              )
              reversed_dims = dims[::-1]
              reversed_depths = depths[::-1]
              self.up = nn.ModuleList(
                  nn.ModuleList(Wide(item + c_out if j == 0 else 2 * c_out, c_out) for j in range(depth))
                  for item, c_out, depth in zip(
                      [dims[-1], *reversed_dims[:-1]],
                      reversed_dims,
                      reversed_depths,
                      strict=True,
                  )
              )
              self.last = nn.Conv2d(dims[0], 16, 3, padding=1)

          def forward(self, x: Tensor) -> Tensor:
              x = self.first(x)
              skips = []
              for down in self.down:
                  for block in down.children():
                      x = block(x)
                      skips.append(x)
              for up in self.up:
                  for block in up.children():
                      x = block(torch.cat([x, skips.pop()], dim=1))
              return self.last(x)
      "
    `);
  },
  timeout,
);

test(
  "a skip that every block of a stage reads, of a convolution that nothing else reads",
  async () => {
    const Net = block("Beside", ({ dims, depths }: Depths) => {
      const l = layers({
        down: depths.map((depth, i) => repeated(depth, () => Wide({ in: 16, out: 16, attention: dims[i]! > 20 }))),
        zero: depths.map(() => conv(16, 16, { kernel: 1 })),
        up: depths.map((depth) => repeated(depth, () => Residual({ channels: 16 }))),
      });
      return (x: FeatureMap): FeatureMap => {
        const skips: FeatureMap[] = [];
        const once = silu(x);
        let h = x;
        for (const [i, stage] of l.down.entries()) {
          for (const each of stage) h = add(each(h), once);
          skips.push(l.zero[i]!(h));
        }
        for (const stage of l.up) {
          const skip = skips.pop()!;
          for (const each of stage) h = add(each(h), skip);
        }
        return h;
      };
    });
    expect(await classOf(torch(), Net, someDepths)).toMatchInlineSnapshot(`
      "
      class Beside(nn.Module):
          """[N, 16, H, W] -> [N, 16, H, W]."""

          def __init__(self, dims: Sequence[int], depths: Sequence[int]) -> None:
              super().__init__()
              self.down = nn.ModuleList(
                  nn.ModuleList(Wide(16, 16, attention=dim > 20) for _ in range(depth))
                  for dim, depth in zip(dims, depths, strict=True)
              )
              self.zero = nn.ModuleList(nn.Conv2d(16, 16, 1) for _ in range(len(dims)))
              self.up = nn.ModuleList(nn.ModuleList(Residual(16) for _ in range(depth)) for depth in depths)

          def forward(self, x: Tensor) -> Tensor:
              h = F.silu(x)
              skips = []
              for down, zero in zip(self.down, self.zero, strict=True):
                  for block in down.children():
                      x = block(x)
                      x = x + h
                  skips.append(zero(x))
              for up in self.up:
                  h = skips.pop()
                  for block in up.children():
                      x = block(x)
                      x = x + h
              return x
      "
    `);
  },
  timeout,
);
