/** Blocks that hold their own kind, as the U-Net of pix2pix does: no class can be learnt of them, each instance has one. */
import { expect, test } from "vitest";
import { add, block, conv2d, layers } from "../../dsl/authoring.ts";
import { sourceOf, type FeatureMap, type Layer } from "../support/one-class.ts";

interface Config {
  readonly ch: number;
  readonly depth: number;
}

test("a block within its own kind", () => {
  const Skip: (config: Config) => Layer = block("Skip", ({ ch, depth }: Config) => {
    const inside = depth > 0 ? { inner: Skip({ ch: 2 * ch, depth: depth - 1 }) } : {};
    const l = layers({ down: conv2d({ in: 16, out: ch }), ...inside, up: conv2d({ in: ch, out: 16 }) });
    return (x: FeatureMap): FeatureMap => {
      const h = l.up(l.down(x));
      return "inner" in l ? add(h, l.inner(h)) : h;
    };
  });
  const source = sourceOf(Skip({ ch: 4, depth: 2 }));
  for (const [name, text] of [
    ["Skip", "Made for ch 16, depth 0."],
    ["Skip2", "Made for ch 8, depth 1."],
    ["Skip3", "Made for ch 4, depth 2."],
  ])
    expect(source).toMatch(new RegExp(`class ${name}\\(nn\\.Module\\):\\n    """[^"]*${text}`));
  expect(source).toContain("self.inner = Skip2()");
  // The innermost alone says what its depth is, and takes other widths.
  expect(sourceOf(Skip({ ch: 4, depth: 0 }))).toMatch(
    /class Skip\(nn\.Module\):\n {4}"""[^"]*Made for depth 0\.[^"]*"""\n\n.*ch: int\)/,
  );
});

test("two kinds within each other, and two of a kind in each", () => {
  const Ping: (config: Config) => Layer = block("Ping", ({ ch, depth }: Config) => {
    const l = layers({ conv: conv2d({ in: 16, out: 16 }), pong: Pong({ ch, depth }) });
    return (x: FeatureMap): FeatureMap => l.pong(l.conv(x));
  });
  const Pong: (config: Config) => Layer = block("Pong", ({ ch, depth }: Config) => {
    const forks = depth > 0 ? [Ping({ ch, depth: depth - 1 }), Ping({ ch: 2 * ch, depth: depth - 1 })] : [];
    const l = layers({ down: conv2d({ in: 16, out: ch }), forks, up: conv2d({ in: ch, out: 16 }) });
    return (x: FeatureMap): FeatureMap => {
      const h = l.up(l.down(x));
      return l.forks.length === 0 ? h : l.forks.map((fork) => fork(h)).reduce((a, b) => add(a, b));
    };
  });
  const source = sourceOf(Ping({ ch: 4, depth: 2 }));
  // 4, 8 and 16 channels at the end, 4 and 8 above, 4 above these; nothing is made of a child that was made for other settings.
  expect(source.match(/^class Ping\d*\(/gm)).toHaveLength(6);
  expect(source.match(/^class Pong\d*\(/gm)).toHaveLength(6);
  expect(source).not.toContain(" if depth");
});
