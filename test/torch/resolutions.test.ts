/** Attention where an author lists the resolutions that have it, as U-Nets of diffusion do. */
// @module-tag python
import { expect, test } from "vitest";
import { add, block, layers } from "../../dsl/authoring.ts";
import { chain, classOf, conv, repeated, Wide, type FeatureMap, type Numbers } from "../support/one-class.ts";
import { torchServer } from "../support/torch-server.ts";

const torch = torchServer();

interface Config {
  readonly ch: number;
  readonly mult: Numbers;
  readonly size: number;
  readonly at: Numbers;
}

const configs: readonly Config[] = [
  { ch: 8, mult: [1, 2, 2], size: 32, at: [16] },
  { ch: 4, mult: [1, 2], size: 64, at: [64, 32] },
  { ch: 4, mult: [1, 2, 1, 2], size: 33, at: [16, 33] },
  { ch: 8, mult: [2, 1], size: 64, at: [] },
  { ch: 8, mult: [2, 1, 3], size: 64, at: [2, 4] },
];

/** By what the image is divided there. */
const divided: readonly Config[] = [[4], [1, 2], [], [8]].map((at, i) => ({ ...(configs[i] as Config), at }));

test.each<readonly [string, (size: number, i: number) => number, readonly Config[]]>([
  ["size / 2**i in at", (size, i) => size / 2 ** i, configs],
  ["2**i in at", (_, i) => 2 ** i, divided],
])(
  "%s",
  async (rule, resolution, given) => {
    const Levels = block("Levels", ({ ch, mult, size, at }: Config) => {
      const widths = mult.map((m) => m * ch);
      const l = layers({
        first: conv(16, ch),
        levels: widths.map((out, i) => Wide({ in: widths[i - 1] ?? ch, out, attention: at.includes(resolution(size, i)) })),
        last: conv(widths.at(-1)!, 16),
      });
      return (x: FeatureMap): FeatureMap => l.last(chain(l.levels, l.first(x)));
    });
    expect(await classOf(torch(), Levels, given)).toContain(`attention=${rule})`);
  },
  60_000,
);

test("in lists of lists", async () => {
  const Levels = block("Levels", ({ ch, mult, size, at }: Config) => {
    const l = layers({
      first: conv(16, ch),
      levels: mult.map((m, i) => repeated(m, () => Wide({ in: ch, out: ch, attention: at.includes(size / 2 ** i) }))),
      last: conv(ch, 16),
    });
    return (x: FeatureMap): FeatureMap => l.last(chain(l.levels.flat(), l.first(x)));
  });
  expect(await classOf(torch(), Levels, configs)).toContain("attention=size / 2**i in at)");
}, 60_000);

test("a switch beside a comparison shows itself from every configuration", async () => {
  interface Shortcut {
    readonly from: number;
    readonly to: number;
    readonly wide: boolean;
  }
  const Shortcut = block("Shortcut", ({ from, to, wide }: Shortcut) => {
    const skip = from === to ? {} : wide ? { conv_shortcut: conv(from, to) } : { nin_shortcut: conv(from, to, { kernel: 1 }) };
    const l = layers({ first: conv(16, from), body: conv(from, to), ...skip, last: conv(to, 16) });
    return (x: FeatureMap): FeatureMap => {
      const h = l.first(x);
      const rest = "conv_shortcut" in l ? l.conv_shortcut(h) : "nin_shortcut" in l ? l.nin_shortcut(h) : h;
      return l.last(add(l.body(h), rest));
    };
  });
  for (const given of [
    { from: 8, to: 12, wide: true },
    { from: 8, to: 8, wide: false },
  ]) {
    const source = await classOf(torch(), Shortcut, [given]);
    expect(source).toMatch(/self.conv_shortcut = .* if wide and \w+ != to else None/);
    expect(source).toMatch(/self.nin_shortcut = .* if not wide and \w+ != to else None/);
  }
});
