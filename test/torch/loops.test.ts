/** Loops in model.py: where steps repeat over a list they are written once, and compute what the steps compute. */
// @module-tag python
import fc from "fast-check";
import { expect, test } from "vitest";
import { add, block, concat, conv2d, groupNorm, layers, model, relu, scale, silu, type Feature } from "../../dsl/authoring.ts";
import { partOf, paramsOf } from "../../src/ir/walk.ts";
import { modelPy } from "../../src/targets/torch/model-py.ts";
import { initialWeights } from "../../src/weights/weights.ts";
import { expectClose } from "../support/close.ts";
import { encodePart, runOnnx } from "../../src/op-test/run-onnx.ts";
import { randomOf, randomTensor, runs } from "../support/random.ts";
import { torchServer } from "../support/torch-server.ts";

type FeatureMap = Feature<number, number>;
type Layer = (x: FeatureMap) => FeatureMap;
type Lists = Readonly<Record<string, readonly Layer[]>>;

const torch = torchServer();

const convs = (count: number, input = 4): Layer[] => Array.from({ length: count }, () => conv2d({ in: input, out: 4 }) as Layer);
const chain = (list: readonly Layer[], x: FeatureMap): FeatureMap => list.reduce((y, layer) => layer(y), x);
const at = (list: readonly Layer[] | undefined, i: number): Layer => list?.[i] as Layer;

/** The body of the forward that applies lists of layers; it gives in PyTorch what the ONNX graph gives. */
async function forwardOf(lists: Lists, apply: (lists: Lists, x: FeatureMap) => FeatureMap): Promise<string> {
  const Encoder = block("Encoder", () => {
    const { stem, ...named } = layers({ stem: conv2d({ in: 3, out: 4 }), ...lists });
    return (image: Feature<3, 1>) => apply(named, stem(image));
  });
  const built = model({ name: "loops", latentChannels: 2, encoder: Encoder(), decoder: conv2d({ in: 2, out: 3 }) });
  const source = modelPy(built);

  const encoder = partOf(built, "encoder");
  if (encoder === undefined) throw new Error("no encoder");
  const weights = initialWeights(built.parts, 1);
  const params = [...paramsOf(built.parts.flatMap(({ modules }) => modules))];
  const state = Object.fromEntries(params.map((param) => [param.path, weights.load(param)]));
  const image = randomTensor([2, 3, 5, 4], randomOf(2));
  const [found, reference] = await Promise.all([
    runOnnx(
      encodePart(encoder, (param) => weights.load(param)),
      { image },
    ),
    torch().part(source, "encoder", [image], state),
  ]);
  encoder.outputNames.forEach((name, i) => expectClose(found[name]!, reference.outputs[i]!, 1e-5));

  const [, body = ""] = /class Encoder.*?def forward\(self, x: Tensor\) -> Tensor:\n(.*?)\n\n/s.exec(source) ?? [];
  return `\n${body.replaceAll(/^ {8}/gm, "")}\n`;
}

test("a list in its order, with what stands between its members", async () => {
  const forward = await forwardOf({ body: convs(3) }, ({ body = [] }, x) => body.reduce((y, layer) => add(silu(layer(y)), x), x));
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.stem(x)
    h = x
    for layer in self.body:
        h = F.silu(layer(h)) + x
    return h
    "
  `);
});

test("a list of layers and blocks of several kinds", async () => {
  const Twice = block("Twice", () => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
    return (x: FeatureMap): FeatureMap => conv(conv(x));
  });
  const body = [groupNorm({ channels: 4 }), ...convs(1), Twice()] as Layer[];
  const forward = await forwardOf({ body, tail: convs(1) }, ({ body = [], tail = [] }, x) => at(tail, 0)(chain(body, x)));
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.stem(x)
    for layer in self.body:
        x = layer(x)
    return self.tail[0](x)
    "
  `);
});

test("two lists at once, one from its second member on", async () => {
  const forward = await forwardOf({ zip: convs(3), down: convs(2) }, ({ zip = [], down = [] }, x) => {
    let y = relu(at(zip, 0)(x));
    for (const [i, layer] of down.entries()) y = layer(at(zip, i + 1)(y));
    return y;
  });
  expect(forward).toMatchInlineSnapshot(`
    "
    x = F.relu(self.zip[0](self.stem(x)))
    for zip2, down in zip(self.zip[1:], self.down, strict=True):
        x = down(zip2(x))
    return x
    "
  `);
});

test("what is read again after the loop", async () => {
  const forward = await forwardOf({ mid: convs(2) }, ({ mid = [] }, x) =>
    add(
      mid.reduce((y, layer) => layer(y), x),
      silu(x),
    ),
  );
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.stem(x)
    h = x
    for layer in self.mid:
        h = layer(h)
    return h + F.silu(x)
    "
  `);
});

test("results that later loops read, last in, first out", async () => {
  const forward = await forwardOf(
    { down: convs(3), block: convs(2), up: convs(3, 8) },
    ({ down = [], block: middle = [], up = [] }, x) => {
      const skips: FeatureMap[] = [];
      let y = x;
      for (const layer of down) skips.push((y = layer(y)));
      for (const layer of middle) y = layer(y);
      for (const layer of up) y = layer(concat(y, skips.pop() as FeatureMap));
      return y;
    },
  );
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.stem(x)
    skips = []
    for layer in self.down:
        x = layer(x)
        skips.append(x)
    for layer in self.block:
        x = layer(x)
    for layer in self.up:
        x = layer(torch.cat([x, skips.pop()], dim=1))
    return x
    "
  `);
});

test("all results but the last, which is read twice", async () => {
  const forward = await forwardOf({ skips: convs(3), up: convs(2, 8) }, ({ skips: down = [], up = [] }, x) => {
    const kept: FeatureMap[] = [];
    let y = x;
    for (const layer of down) kept.push((y = layer(y)));
    const last = kept.pop() as FeatureMap;
    for (const layer of up) y = layer(concat(y, kept.pop() as FeatureMap));
    return add(y, scale(last, { factor: 3 }));
  });
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.stem(x)
    skips = []
    for layer in self.skips:
        x = layer(x)
        skips.append(x)
    last = skips.pop()
    x = last
    for layer in self.up:
        x = layer(torch.cat([x, skips.pop()], dim=1))
    return x + last * 3
    "
  `);
});

test("two stacks at once, the first read first", async () => {
  const lists = { one: convs(2), two: convs(2), three: convs(2, 8), four: convs(2, 8) };
  const forward = await forwardOf(lists, ({ one = [], two = [], three = [], four = [] }, x) => {
    const [first, second]: [FeatureMap[], FeatureMap[]] = [[], []];
    let y = x;
    for (const layer of one) first.push((y = layer(y)));
    for (const layer of two) second.push((y = layer(y)));
    for (const layer of three) y = layer(concat(y, first.pop() as FeatureMap));
    for (const layer of four) y = layer(concat(y, second.pop() as FeatureMap));
    return y;
  });
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.stem(x)
    skips = []
    for layer in self.one:
        x = layer(x)
        skips.append(x)
    skips2 = []
    for layer in self.two:
        x = layer(x)
        skips2.append(x)
    for layer in self.three:
        x = layer(torch.cat([x, skips.pop()], dim=1))
    for layer in self.four:
        x = layer(torch.cat([x, skips2.pop()], dim=1))
    return x
    "
  `);
});

test("steps that differ, lists in another order and results read in another order are no loops", async () => {
  const lists = { down: convs(3), back: convs(3), up: convs(3, 8), other: convs(2) };
  const forward = await forwardOf(lists, ({ down = [], back = [], up = [], other = [] }, x) => {
    const kept: FeatureMap[] = [];
    let y = x;
    for (const layer of down) kept.push((y = layer(y)));
    for (const layer of back.toReversed()) y = layer(y);
    for (const [i, layer] of up.entries()) y = layer(concat(y, kept[i] as FeatureMap));
    return at(other, 1)(relu(at(other, 0)(silu(y))));
  });
  expect(forward).toMatchInlineSnapshot(`
    "
    x = self.down[0](self.stem(x))
    h = self.down[1](x)
    y = self.down[2](h)
    x = torch.cat([self.back[0](self.back[1](self.back[2](y))), x], dim=1)
    x = torch.cat([self.up[1](torch.cat([self.up[0](x), h], dim=1)), y], dim=1)
    return self.other[1](F.relu(self.other[0](F.silu(self.up[2](x)))))
    "
  `);
});

const steps = ["one", "two", "three", "silu", "keep", "drop", "take", "take the oldest", "add the first"] as const;
type Step = (typeof steps)[number];
const someSteps = fc.array(fc.constantFrom(...steps), { minLength: 1, maxLength: 4 });
const times = fc.integer({ min: 1, max: 4 });
const repeat = (body: readonly Step[], count: number): Step[] => Array.from({ length: count }, () => body).flat();
const repeated = fc.tuple(someSteps, times).map(([body, count]) => repeat(body, count));
/** Keeps results in one loop and takes them in another, as UNets do. */
const kept = fc
  .tuple(times, fc.boolean(), fc.constantFrom<Step[][]>([], ["silu"], ["one"]), fc.integer({ min: -1, max: 1 }))
  .map(([count, drops, middle, more]): Step[] => [
    ...repeat(["two", "keep"], count),
    ...(drops ? (["drop"] as const) : []),
    ...middle,
    ...repeat(["take", "three"], count + more),
  ]);
const programs = fc
  .array(fc.oneof(repeated, kept), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.flat())
  .filter((program) => program.length <= 30 && program.some((step) => ["one", "two", "three"].includes(step)));

/** Lists with as many members as the program calls, and the program; the values that it keeps are all read in the end. */
function listsOf(program: readonly Step[]): readonly [Lists, (lists: Lists, x: FeatureMap) => FeatureMap] {
  const names = ["one", "two", "three"].filter((name) => program.includes(name as Step));
  const lists = Object.fromEntries(names.map((name) => [name, convs(program.filter((step) => step === name).length)]));
  return [
    lists,
    (named, x) => {
      const kept: FeatureMap[] = [];
      const left = Object.fromEntries(names.map((name) => [name, [...(named[name] ?? [])]]));
      const apply = (y: FeatureMap, step: Step): FeatureMap => {
        if (step === "silu") return silu(y);
        if (step === "keep") kept.push(y);
        if (step === "drop") kept.pop();
        if (step === "take") return add(y, kept.pop() ?? x);
        if (step === "take the oldest") return add(y, kept.shift() ?? x);
        if (step === "add the first") return add(y, x);
        return left[step]?.shift()?.(y) ?? y;
      };
      return program.reduce(apply, x);
    },
  ];
}

test("whatever is repeated, the numbers stay", async () => {
  let loops = 0;
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const forward = await forwardOf(...listsOf(program));
      loops += forward.includes("for ") ? 1 : 0;
    }),
    runs(60, 60_000),
  );
  expect(loops).toBeGreaterThan(10);
}, 90_000);
