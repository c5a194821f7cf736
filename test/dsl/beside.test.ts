/** What parts of a model take and give besides image and latent, and what is refused of it once it runs. */
/* eslint-disable @typescript-eslint/no-explicit-any, @typescript-eslint/no-unsafe-argument, @typescript-eslint/no-unsafe-assignment, @typescript-eslint/no-unsafe-call, @typescript-eslint/no-unsafe-member-access, @typescript-eslint/no-unsafe-return -- as JavaScript would be written: types have tests of their own */
import { describe, expect, test } from "vitest";
import { type Report } from "../../src/errors/index.ts";
import { topModules, paramsOf } from "../../src/ir/walk.ts";
import { verifyModel } from "../../src/ir/verify.ts";
import type { Model } from "../../src/ir/model.ts";
import { countModel } from "../../src/report/count.ts";
import { initialWeights, namedTensors } from "../../src/weights/weights.ts";
import { add, block, concat, conv2d, layers, linear, model, mul, stages, upsample } from "litevae/dsl";
import inpainting from "../../examples/inpainting.ts";
import { reportOf } from "./reports.ts";

type Any = any;

const Encoder = block("Encoder", ({ out = 8 }: { out?: number } = {}) => {
  const { first, second } = layers({
    first: conv2d({ in: 3, out: 6, kernel: 2, stride: 2 }),
    second: conv2d({ in: 6, out, kernel: 2, stride: 2 }),
  });
  return (image: Any) => {
    const skip: Any = first(image);
    return { moments: second(skip), skip };
  };
});
const Decoder = block("Decoder", () => {
  const { first, second } = layers({ first: conv2d({ in: 4, out: 6 }), second: conv2d({ in: 6, out: 3 }) });
  return (latent: Any, { skip }: Any): Any =>
    upsample(second(add(upsample(first(latent), { factor: 2 }), skip)) as Any, { factor: 2 });
});
const build = model as (config: Any) => Model;
const make =
  (changes: object): (() => Model) =>
  () =>
    build({ latentChannels: 4, encoder: Encoder(), decoder: Decoder(), ...changes });

const wiring = ({ parts }: Model): unknown =>
  parts.map(({ inputNames, outputNames, sources }) => ({ inputNames, outputNames, sources }));

describe("a skip", () => {
  test("is an output of the encoder and an input of the decoder", () => {
    const built = make({})();
    verifyModel(built);
    expect(wiring(built)).toEqual([
      { inputNames: ["image"], outputNames: ["mean", "logvar", "skip"], sources: undefined },
      {
        inputNames: ["latent", "skip"],
        outputNames: ["image"],
        sources: { latent: { part: "encoder", output: "mean" }, skip: { part: "encoder", output: "skip" } },
      },
    ]);
  });

  test("stands beside a latent without a distribution, and nobody has to take it", () => {
    const Plain = block("Plain", () => {
      const { conv } = layers({ conv: conv2d({ in: 4, out: 3 }) });
      return (z: Any): Any => upsample(conv(z) as Any, { factor: 4 });
    });
    const Latent = block("Latent", () => {
      const { inner } = layers({ inner: Encoder({ out: 4 }) });
      return (image: Any) => {
        const { moments, skip } = inner(image);
        return { latent: moments, skip };
      };
    });
    expect(wiring(make({ posterior: "none", encoder: Latent(), decoder: Plain() })())).toEqual([
      { inputNames: ["image"], outputNames: ["latent", "skip"], sources: undefined },
      { inputNames: ["latent"], outputNames: ["image"], sources: { latent: { part: "encoder", output: "latent" } } },
    ]);
  });
});

describe("conditions", () => {
  const Conditioned = block("Conditioned", () => {
    const { conv, embed } = layers({ conv: conv2d({ in: 4, out: 8, kernel: 2, stride: 2 }), embed: linear({ in: 5, out: 8 }) });
    return (image: Any, { mask, text }: Any): Any => mul(conv(concat(image, mask) as Any) as Any, embed(text) as Any);
  });
  const Masked = block("Masked", () => {
    const { conv } = layers({ conv: conv2d({ in: 9, out: 3 }) });
    return (z: Any, { mask, noise, original }: Any): Any =>
      conv(concat(concat(upsample(z, { factor: 2 }) as Any, concat(mask, noise) as Any) as Any, original) as Any);
  });
  const conditions = { mask: { channels: 1 }, noise: { channels: 1 }, text: { features: 5 } };
  const conditioned = make({ conditions, encoder: Conditioned(), decoder: Masked() });

  test("are inputs of the parts that read them, and of both they are one", () => {
    const built = conditioned();
    verifyModel(built);
    expect(wiring(built)).toEqual([
      { inputNames: ["image", "mask", "text"], outputNames: ["mean", "logvar"], sources: undefined },
      {
        inputNames: ["latent", "original", "mask", "noise"],
        outputNames: ["image"],
        sources: {
          latent: { part: "encoder", output: "mean" },
          original: { part: "encoder", input: "image" },
          mask: { part: "encoder", input: "mask" },
        },
      },
    ]);
  });

  test("have the sides that their stride says", () => {
    const Half = block("Half", () => {
      const { conv } = layers({ conv: conv2d({ in: 6, out: 3 }) });
      return (z: Any, { mask }: Any): Any => upsample(conv(concat(z, mask) as Any) as Any, { factor: 2 });
    });
    const Plain = block("Plain", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 8, kernel: 2, stride: 2 }) });
      return (image: Any): Any => conv(image);
    });
    const built = make({ conditions: { mask: { channels: 2, stride: 2 } }, encoder: Plain(), decoder: Half() })();
    expect(countModel(built, 16).parts["decoder"]?.outputs).toEqual({ image: [1, 3, 16, 16] });
    expect(built.parts[1]?.graph.inputs[1]?.shape.map(({ den }) => den)).toEqual([1, 1, 2, 2]);
  });

  test.each<readonly [changes: object, report: Partial<Report>]>([
    [
      { conditions: { mask: { channels: 1 } } },
      {
        what: "no part reads the condition mask",
        expected: "a function that takes it: (image, { mask }) => …, or (latent, { mask }) => …",
        help: "read it in the encoder's function or the decoder's, or leave it out",
      },
    ],
    [{ conditions: { Mask: { channels: 1 } } }, { what: '"Mask" is not the name of a condition' }],
    [{ conditions: { image: { channels: 1 } } }, { what: "a condition is called image, as something else is" }],
    [
      { conditions: { class: { features: 5 } } },
      { what: "a condition is called class, which is a keyword of Python", help: "write class_value, or another word" },
    ],
    [
      { conditions: { mask: { channel: 1 } } },
      { what: "a condition of model has no setting channel", help: "did you mean channels?" },
    ],
    [{ conditions: { mask: { channels: 0 } } }, { what: "channels of model is not a whole number of at least 1" }],
    [{ conditions: { skip: { channels: 1 } } }, { what: "an output of the encoder is called skip, as something else is" }],
  ])("are refused in words (%#)", (changes, report) => {
    expect(reportOf(make(changes))).toMatchObject(report);
  });
});

describe("an encoder's record", () => {
  const returning = (name: string, result: (h: Any) => unknown): Any =>
    block(name, () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 8, kernel: 4, stride: 4 }) });
      return (image: Any) => result(conv(image));
    })();

  test.each<readonly [encoder: Any, report: Partial<Report>]>([
    [
      returning("Nameless", (h) => ({ latent: h })),
      { what: "the encoder's record has no moments", found: "an object with latent" },
    ],
    [returning("Upper", (h) => ({ moments: h, Skip: h })), { what: '"Skip" is not the name of an output of the encoder' }],
    [
      returning("Taken", (h) => ({ moments: h, original: h })),
      { what: "an output of the encoder is called original, as something else is" },
    ],
  ])("is refused in words (%#)", (encoder, report) => {
    expect(reportOf(make({ encoder }))).toMatchObject(report);
  });
});

describe("shared weights", () => {
  test("are counted by each part, and stored once", () => {
    const { parts } = inpainting;
    verifyModel(inpainting);
    const { parts: counts, notes } = countModel({ ...inpainting, name: "inpainting" }, 32);
    expect(notes).toEqual([
      {
        what: "encoder and decoder of inpainting share middle: each counts its 9,312 parameters, which are there once",
        help: "leave them out of one where you add the parts up",
      },
    ]);
    const each = parts.map(({ modules }) => [...paramsOf(modules)].length);
    const once = [...paramsOf(topModules(parts))];
    expect(once.length).toBe(each.reduce((sum, count) => sum + count, 0) - 4);
    const tensors = namedTensors(parts, initialWeights(parts, 0)).map(({ name }) => name);
    expect(new Set(tensors).size).toBe(tensors.length);
    expect(tensors.filter((name) => name.startsWith("middle."))).toEqual([
      "middle.norm.weight",
      "middle.norm.bias",
      "middle.conv.weight",
      "middle.conv.bias",
    ]);
    for (const part of ["encoder", "decoder"]) {
      const middle = counts[part]?.modules.find(({ path }) => path === "middle");
      expect(middle?.params).toBe(64 + 32 * 32 * 9 + 32);
    }
  });

  const Mid = block("Mid", () => {
    const { conv } = layers({ conv: conv2d({ in: 4, out: 4 }) });
    return (x: Any): Any => conv(x);
  });
  const parts = (first: Any, second: Any, names = ["mid", "mid"]): object => {
    const [enter, leave] = [conv2d({ in: 3, out: 4, kernel: 4, stride: 4 }), conv2d({ in: 4, out: 8, kernel: 1 })];
    const out = conv2d({ in: 4, out: 3 });
    return {
      encoder: stages({ enter, [names[0] as string]: first, leave } as Any),
      decoder: stages({ [names[1] as string]: second, out } as Any, (z: Any) => upsample(out(second(z)) as Any, { factor: 4 })),
    };
  };

  test("are those of one instance under one name", () => {
    const mid = Mid();
    const built = make(parts(mid, mid))();
    expect(built.parts[0]?.modules[1]).toBe(built.parts[1]?.modules[0]);
    expect(reportOf(make(parts(Mid(), Mid())))).toMatchObject({
      what: 'decoder and encoder both have a module "mid"',
      help: "give the stages of different parts different names, or both the same instance, which shares its weights",
    });
  });

  test("have one name", () => {
    const mid = Mid();
    expect(reportOf(make(parts(mid, mid, ["mid", "middle"])))).toMatchObject({
      what: "middle is the instance that is called mid already",
      help: "give it the same name in both parts, which then share its weights, or make a second instance",
    });
  });

  test("are none of a discriminator's", () => {
    const shared: Any = conv2d({ in: 3, out: 3 });
    const encoder = stages({ shared, last: conv2d({ in: 3, out: 8, kernel: 4, stride: 4 }) } as Any);
    const discriminator = stages({ shared, head: conv2d({ in: 3, out: 1 }) } as Any);
    const Up = block(
      "Up",
      () =>
        (z: Any): Any =>
          upsample(z, { factor: 4 }),
    );
    expect(
      reportOf(make({ encoder, decoder: stages({ z: conv2d({ in: 4, out: 3 }), up: Up() } as Any), discriminator })),
    ).toMatchObject({
      what: 'discriminator and encoder both have a module "shared"',
      help: "give the discriminator an instance of its own: it is trained against the others",
    });
  });

  test("are used by each part that has them among its stages", () => {
    const mid: Any = Mid();
    const [enter, leave] = [conv2d({ in: 3, out: 4, kernel: 4, stride: 4 }), conv2d({ in: 4, out: 8, kernel: 1 })] as Any;
    const out: Any = conv2d({ in: 4, out: 3 });
    const encoder = (run: (image: Any) => Any): Any => stages({ enter, mid, leave } as Any, run as Any);
    const decoder = (run: (z: Any) => Any): Any => stages({ mid, out } as Any, (z: Any) => upsample(run(z), { factor: 4 }));
    const whole = { encoder: encoder((image) => leave(mid(enter(image)))), decoder: decoder((z) => out(mid(z))) };
    expect(make(whole)().parts).toHaveLength(2);
    expect(reportOf(make({ ...whole, encoder: encoder((image) => leave(enter(image))) }))).toMatchObject({
      what: "mid is never used",
    });
    expect(reportOf(make({ ...whole, decoder: decoder(out) }))).toMatchObject({
      what: "the result of mid reaches no output of the decoder",
    });
  });

  test("may be used whole by the two parts together", () => {
    const Two = block("Two", () => {
      const { down, up } = layers({ down: conv2d({ in: 4, out: 4 }), up: conv2d({ in: 4, out: 4 }) });
      return (x: Any) => ({ down: down(x), up: up(x) });
    });
    const [two, enter, leave] = [
      Two(),
      conv2d({ in: 3, out: 4, kernel: 4, stride: 4 }),
      conv2d({ in: 4, out: 8, kernel: 1 }),
    ] as Any;
    const out: Any = conv2d({ in: 4, out: 3 });
    const encoder = stages({ enter, two, leave } as Any, (image: Any) => leave(two(enter(image)).down));
    const decoding = (side: string): Any => stages({ two, out } as Any, (z: Any) => upsample(out(two(z)[side]), { factor: 4 }));
    expect(make({ encoder, decoder: decoding("up") })().parts).toHaveLength(2);
    expect(reportOf(make({ encoder, decoder: decoding("down") }))).toMatchObject({
      what: "the result of two.up reaches no output of the decoder",
    });
  });
});
