/** The rules that a class computes with, in blocks as people write them: what holds far from the model's own configuration, or an argument. */
import { expect, test } from "vitest";
import { add, block, conv2d, groupNorm, layers, scale, silu, tanh } from "../../dsl/authoring.ts";
import { sourceOf, type FeatureMap, type Layer } from "../support/one-class.ts";

const chain =
  (list: readonly Layer[]): Layer =>
  (x) =>
    list.reduce((h, layer) => layer(h), x);

test("a width up to a limit is limited in Python too", () => {
  const Wide = block("Wide", ({ ch }: { ch: number }) => {
    const width = Math.min(ch * 4, 256);
    const l = layers({ a: conv2d({ in: 16, out: width }), b: conv2d({ in: width, out: 16 }) });
    return (x: FeatureMap): FeatureMap => l.b(l.a(x));
  });
  for (const ch of [8, 16]) expect(sourceOf(Wide({ ch }))).toContain("nn.Conv2d(16, min(4 * ch, 256), 3, padding=1)");
});

test("a count that follows from fractions is whole in Python too", () => {
  const Fractions = block("Fractions", ({ base, mult }: { base: number; mult: readonly number[] }) => {
    const widths = mult.map((m) => base * m);
    const l = layers({
      convs: widths.map((out, i) => conv2d({ in: i === 0 ? 16 : (widths[i - 1] as number), out }) as Layer),
      last: conv2d({ in: widths.at(-1) as number, out: 16 }),
    });
    return (x: FeatureMap): FeatureMap => l.last(chain(l.convs)(x));
  });
  expect(sourceOf(Fractions({ base: 16, mult: [0.5, 1, 2] }))).toContain("[int(base * mult_item) for mult_item in mult]");
  const Floor = block("Floor", ({ w, e }: { w: number; e: number }) => {
    const l = layers({ a: conv2d({ in: 16, out: Math.floor(w * e) }), b: conv2d({ in: Math.floor(w * e), out: 16 }) });
    return (x: FeatureMap): FeatureMap => l.b(l.a(x));
  });
  expect(sourceOf(Floor({ w: 25, e: 0.5 }))).toContain("nn.Conv2d(16, int(w * e), 3, padding=1)");
});

test("a child for either of two reasons is there for either", () => {
  const Down = block("Down", ({ cin, out, stride }: { cin: number; out: number; stride: number }) => {
    const skips: Readonly<Record<string, Layer>> =
      stride !== 1 || cin !== out ? { skip: conv2d({ in: cin, out, stride, kernel: 1 }) } : {};
    const l: Readonly<Record<string, Layer>> = layers({ conv: conv2d({ in: cin, out, stride }), ...skips });
    return (x: FeatureMap): FeatureMap => add(silu(l["conv"]!(x)), l["skip"] === undefined ? x : l["skip"](x));
  });
  const Both = block("Both", () => {
    const l = layers({ widen: Down({ cin: 16, out: 24, stride: 1 }), narrow: Down({ cin: 24, out: 16, stride: 1 }) });
    return (x: FeatureMap): FeatureMap => l.narrow(l.widen(x));
  });
  expect(sourceOf(Both())).toMatch(/if stride (>|!=) 1 or cin != out_channels else/);
});

test("a list of several kinds that is there on a condition", () => {
  const Down = block("Down", ({ cin, out, stride, depth }: { cin: number; out: number; stride: number; depth: number }) => {
    const down =
      stride > 1 || cin !== out
        ? { down: [groupNorm({ channels: cin }) as Layer, conv2d({ in: cin, out, stride, kernel: stride }) as Layer] }
        : {};
    const l = layers({ ...down, body: Array.from({ length: depth }, () => conv2d({ in: out, out }) as Layer) });
    return (x: FeatureMap): FeatureMap => chain(l.body)("down" in l ? chain(l.down)(x) : x);
  });
  for (const config of [
    { cin: 16, out: 16, stride: 1, depth: 2 },
    { cin: 16, out: 16, stride: 2, depth: 3 },
  ]) {
    const source = sourceOf(Down(config), config.stride);
    expect(source).toContain("nn.Conv2d(cin, out_channels, stride, stride=stride)");
    expect(source).toContain("if stride > 1 or cin != out_channels");
    expect(source).toContain("for layer in self.down:");
  }
});

test("operations within operations", () => {
  const Squeeze = block("Squeeze", ({ channels, reduction }: { channels: number; reduction: number }) => {
    const hidden = Math.max(8, Math.floor(channels / reduction));
    const l = layers({
      down: conv2d({ in: channels, out: hidden, kernel: 1 }),
      up: conv2d({ in: hidden, out: channels, kernel: 1 }),
    });
    return (x: FeatureMap): FeatureMap => l.up(l.down(x));
  });
  for (const reduction of [2, 16])
    expect(sourceOf(Squeeze({ channels: 16, reduction }))).toContain("nn.Conv2d(channels, max(channels // reduction, 8), 1)");
  const Gated = block("Gated", ({ ratio, multiple }: { ratio: number; multiple: number }) => {
    const hidden = multiple * Math.ceil((16 * ratio) / multiple);
    const l = layers({
      up: conv2d({ in: 16, out: 2 * hidden, kernel: 1 }),
      down: conv2d({ in: 2 * hidden, out: 16, kernel: 1 }),
    });
    return (x: FeatureMap): FeatureMap => l.down(l.up(x));
  });
  expect(sourceOf(Gated({ ratio: 2.5, multiple: 12 }))).toContain("math.ceil(");
  const Patches = block("Patches", ({ base, count, most }: { base: number; count: number; most: number }) => {
    const width = (i: number): number => base * Math.min(2 ** i, most);
    const l = layers({
      first: conv2d({ in: 16, out: base }),
      convs: Array.from({ length: count }, (_, i) => conv2d({ in: width(i), out: width(i + 1) }) as Layer),
      last: conv2d({ in: width(count), out: 16 }),
    });
    return (x: FeatureMap): FeatureMap => l.last(chain(l.convs)(l.first(x)));
  });
  const source = sourceOf(Patches({ base: 16, count: 2, most: 8 }));
  expect(source).toContain("nn.Conv2d(base * min(most, 2**i), base * min(most, 2 ** (i + 1)), 3, padding=1)");
  expect(source).toContain("self.last = nn.Conv2d(base * min(most, 2**count), 16, 3, padding=1)");
});

test("a child for a switch beside a threshold is there for both", () => {
  const Deep = block("Deep", ({ ch, depth, norm }: { ch: number; depth: number; norm: boolean }) => {
    const l = layers({
      first: conv2d({ in: 16, out: ch }),
      body: Array.from({ length: depth }, () => conv2d({ in: ch, out: ch })),
      ...(norm && depth > 5 ? { norm: groupNorm({ channels: ch, groups: 1 }) } : {}),
      last: conv2d({ in: ch, out: 16 }),
    });
    return (x: FeatureMap): FeatureMap => {
      const h = chain(l.body)(l.first(x));
      return l.last("norm" in l ? l.norm(h) : h);
    };
  });
  for (const config of [
    { ch: 16, depth: 2, norm: true },
    { ch: 16, depth: 7, norm: false },
    { ch: 16, depth: 7, norm: true },
  ]) {
    const source = sourceOf(Deep(config));
    expect(source).toContain("def __init__(self, ch: int, depth: int, norm: bool) -> None:");
    expect(source).toMatch(/if (depth > 5 and norm|norm and depth > 5) else None/);
  }
});

test("a child for what is compared with a product", () => {
  const Neck = block(
    "Neck",
    ({ cin, width, stride, expansion }: Readonly<Record<"cin" | "width" | "stride" | "expansion", number>>) => {
      const out = width * expansion;
      const skips: Readonly<Record<string, Layer>> =
        stride !== 1 || cin !== out ? { skip: conv2d({ in: cin, out, stride, kernel: 1 }) } : {};
      const l: Readonly<Record<string, Layer>> = layers({
        squeeze: conv2d({ in: cin, out: width, kernel: 1 }),
        expand: conv2d({ in: width, out, stride }),
        ...skips,
      });
      return (x: FeatureMap): FeatureMap => add(silu(l["expand"]!(l["squeeze"]!(x))), l["skip"] === undefined ? x : l["skip"](x));
    },
  );
  const Two = block("Two", () => {
    const l = layers({
      widen: Neck({ cin: 16, width: 8, stride: 1, expansion: 4 }),
      narrow: Neck({ cin: 32, width: 8, stride: 1, expansion: 2 }),
    });
    return (x: FeatureMap): FeatureMap => l.narrow(l.widen(x));
  });
  expect(sourceOf(Two())).toMatch(
    /if (stride (>|!=) 1 or cin != width \* expansion|cin != width \* expansion or stride (>|!=) 1)/,
  );
});

test("a list beside another, on a condition", () => {
  const Stage = block("Stage", ({ depth, attention }: { depth: number; attention: boolean }) => {
    const convs = (): Layer[] => Array.from({ length: depth }, () => conv2d({ in: 16, out: 16 }));
    const l: Readonly<Record<string, readonly Layer[]>> = layers({ res: convs(), ...(attention ? { attn: convs() } : {}) });
    return (x: FeatureMap): FeatureMap =>
      (l["res"] ?? []).reduce((h, res, i) => (l["attn"] === undefined ? res(h) : silu((l["attn"][i] as Layer)(res(h)))), x);
  });
  for (const attention of [false, true]) {
    const source = sourceOf(Stage({ depth: 2, attention }));
    expect(source).toContain("def __init__(self, depth: int, attention: bool) -> None:");
    expect(source).toContain("for _ in range(depth if attention else 0)");
    expect(source).toContain("for res, attn in zip(self.res, self.attn, strict=True):");
  }
});

test("what happens at sizes that the model does not have is a condition", () => {
  const Threshold = block("Threshold", ({ width }: { width: number }) => {
    const l = layers({ a: conv2d({ in: 16, out: width, kernel: width >= 100 ? 1 : 3 }), b: conv2d({ in: width, out: 16 }) });
    return (x: FeatureMap): FeatureMap => scale(l.b(l.a(x)), { factor: width > 500 ? 0.1 : 2 });
  });
  const source = sourceOf(Threshold({ width: 32 }));
  expect(source).toContain("1 if width >= 100 else 3");
  expect(source).toContain("0.1 if self.width > 500 else 2");
  const At = block("At", ({ at }: { at: readonly number[] }) => {
    const l = layers({ convs: [0, 1].map((i) => conv2d({ in: 16, out: 16, kernel: at.includes(i) ? 1 : 3 }) as Layer) });
    return (x: FeatureMap): FeatureMap => chain(l.convs)(x);
  });
  for (const at of [[], [1]]) expect(sourceOf(At({ at }))).toContain("nn.Conv2d(16, 16, 1 if 1 in at else 3");
});

test("settings that cannot be varied are named", () => {
  const Unrolled = block("Unrolled", ({ depth }: { depth: number }) => {
    const l = layers({
      convs: Array.from({ length: depth }, (_, i) => conv2d({ in: 16, out: 16, kernel: i % 2 === 0 ? 3 : 1 }) as Layer),
    });
    return (x: FeatureMap): FeatureMap => (depth > 4 ? tanh : silu)(chain(l.convs)(x));
  });
  expect(sourceOf(Unrolled({ depth: 3 }))).toContain("Made for depth 3.");
});

test("instances that differ in a function alone have classes of their own", () => {
  const Act = block("Act", ({ act }: { act: Layer }) => {
    const { conv } = layers({ conv: conv2d({ in: 16, out: 16 }) });
    return (x: FeatureMap): FeatureMap => act(conv(x));
  });
  const Two = block("Two", () => {
    const l = layers({ a: Act({ act: silu }), b: Act({ act: tanh }) });
    return (x: FeatureMap): FeatureMap => l.b(l.a(x));
  });
  const source = sourceOf(Two());
  expect(source).toContain("return F.silu(self.conv(x))");
  expect(source).toContain("return torch.tanh(self.conv(x))");
});

test("what items of a list are made with follows from their place and from lists of the configuration", () => {
  const stack =
    (widthsOf: (config: { base: number; levels: number; mult: readonly number[] }) => readonly number[]) =>
    (config: { base: number; levels: number; mult: readonly number[] }): string => {
      const Stack = block("Stack", (given: typeof config) => {
        const widths = widthsOf(given);
        const l = layers({
          first: conv2d({ in: 16, out: given.base }),
          convs: widths.map((out, i) => conv2d({ in: widths[i - 1] ?? given.base, out, bias: i % 2 === 0 }) as Layer),
          last: conv2d({ in: widths.at(-1) as number, out: 16 }),
        });
        return (x: FeatureMap): FeatureMap => l.last(chain(l.convs)(l.first(x)));
      });
      return sourceOf(Stack(config));
    };
  const config = { base: 32, levels: 3, mult: [1, 2, 4] };
  const limited = stack(({ base, mult }) => mult.map((m) => Math.min(base * m, 256)))(config);
  expect(limited).toContain("widths = [min(base * mult_item, 256) for mult_item in mult]");
  const doubled = stack(({ base, levels }) => Array.from({ length: levels }, (_, i) => base * 2 ** i))(config);
  expect(doubled).toContain("widths = [base * 2**i for i in range(levels)]");
  expect(doubled).toContain("nn.Conv2d(widths[-1], 16, 3, padding=1)");
  for (const source of [limited, doubled]) {
    expect(source).toContain("bias=i % 2 == 0");
    expect(source).toContain("for i, (c_in, c_out) in enumerate(zip([base, *widths[:-1]], widths, strict=True))");
    expect(source).not.toContain("no rule is known");
  }
});

test("attention at listed levels", () => {
  const Res = block("Res", ({ channels, attention }: { channels: number; attention: boolean }) => {
    const l = layers({
      conv: conv2d({ in: channels, out: channels }),
      ...(attention ? { to_out: conv2d({ in: channels, out: channels, kernel: 1 }) } : {}),
    });
    return (x: FeatureMap): FeatureMap => {
      const h = l.conv(x);
      return l.to_out === undefined ? h : add(h, l.to_out(h));
    };
  });
  interface Levels {
    readonly channels: number;
    readonly levels: number;
    readonly attentionAt: readonly number[];
  }
  const Levels = block("Levels", ({ channels, levels, attentionAt }: Levels) => {
    const l = layers({
      res: Array.from({ length: levels }, (_, i) => Res({ channels, attention: attentionAt.includes(i) })),
    });
    return (x: FeatureMap): FeatureMap => chain(l.res)(x);
  });
  const source = sourceOf(Levels({ channels: 16, levels: 3, attentionAt: [2] }));
  expect(source).toContain("Res(channels, attention=i in attention_at) for i in range(levels)");
});

test("two lists that are walked together", () => {
  const Res = block("Res", ({ channels }: { channels: number }) => {
    const { conv } = layers({ conv: conv2d({ in: channels, out: channels }) });
    return (x: FeatureMap): FeatureMap => add(x, conv(x));
  });
  const Stage = block("Stage", ({ from, to, depth }: { from: number; to: number; depth: number }) => {
    const l = layers({
      widen: conv2d({ in: from, out: to }),
      blocks: Array.from({ length: depth }, () => Res({ channels: to })),
    });
    return (x: FeatureMap): FeatureMap => chain(l.blocks)(l.widen(x));
  });
  const Stages = block("Stages", ({ dims, depths }: { dims: readonly number[]; depths: readonly number[] }) => {
    const l = layers({
      stages: dims.map((to, i) => Stage({ from: dims[i - 1] ?? 16, to, depth: depths[i] as number })),
      out: conv2d({ in: dims.at(-1) as number, out: 16 }),
    });
    return (x: FeatureMap): FeatureMap => l.out(chain(l.stages)(x));
  });
  for (const config of [
    { dims: [24, 48, 96], depths: [2, 2, 3] },
    { dims: [16, 32], depths: [1, 1] },
  ]) {
    const source = sourceOf(Stages(config));
    expect(source).toContain("def __init__(self, dims: Sequence[int], depths: Sequence[int]) -> None:");
    expect(source).toContain("zip([16, *dims[:-1]], dims, depths, strict=True)");
  }
});
