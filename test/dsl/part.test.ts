/** What is told of parts that name or compute what they do not use: the whole report, with the author's line. */
import { describe, expect, test } from "vitest";
import { countModel } from "../../src/report/count.ts";
import { attention, block, conv2d, groupNorm } from "litevae/dsl";
import { layers, model, silu } from "litevae/dsl";
import type { Feature } from "litevae/dsl";
import { Decoder, marksIn, modelOf, reportOf, type Body, type FeatureMap } from "./reports.ts";

const at = marksIn(import.meta.url);

describe("a part", () => {
  test("is a block", () => {
    const encoder = ((x: FeatureMap) => silu(x)) as Body;
    const report = reportOf(() => model({ latentChannels: 12, encoder, decoder: Decoder() })); // @no-block
    expect(report).toEqual({
      what: "encoder is not a block",
      where: at("no-block"),
      found: "function",
      help: "give an instance of a block, such as encoder: MyBlock({ … })",
    });
  });
  test("uses every layer that it names", () => {
    const Encoder = block("Encoder", () => {
      const { conv } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        rest: [groupNorm({ channels: 24 })], // @unused
      });
      return (x: FeatureMap): FeatureMap => conv(x);
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "encoder.rest.0 is never used",
      where: at("unused"),
      module: "encoder.rest.0",
      op: "groupNorm",
      help: "apply it in its block's function, or leave it out of layers()",
    });
  });
  test("refuses a layer whose result goes nowhere", () => {
    const Encoder = block("Encoder", () => {
      const { conv, norm } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        norm: groupNorm({ channels: 24 }), // @dead
      });
      return (x: FeatureMap): FeatureMap => {
        const y: FeatureMap = conv(x);
        norm(y as Feature<24, number>);
        return y;
      };
    });
    expect(reportOf(() => modelOf(Encoder()))).toEqual({
      what: "the result of encoder.norm reaches no output of the encoder",
      where: at("dead"),
      module: "encoder.norm",
      op: "groupNorm",
      help: "use what it returns in what its block's function returns, or leave it out of layers()",
    });
  });
  /** An encoder around a block that gives two results of its own layers. */
  const forked = (
    join: (fork: (x: FeatureMap) => { left: FeatureMap; right: FeatureMap }, x: FeatureMap) => FeatureMap,
  ): Body => {
    const Fork = block("Fork", () => {
      const { left, right } = layers({ left: conv2d({ in: 24, out: 24 }), right: conv2d({ in: 24, out: 24 }) });
      return (x: FeatureMap): { left: FeatureMap; right: FeatureMap } => ({
        left: left(x as Feature<24, number>),
        right: right(x as Feature<24, number>),
      });
    });
    return block("Encoder", () => {
      const { conv, fork } = layers({ conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }), fork: Fork() });
      return (x: FeatureMap): FeatureMap => join(fork, conv(x as Feature<3, number>));
    })();
  };
  test.each<[name: string, dead: string, join: Parameters<typeof forked>[0]]>([
    ["of a result that the caller leaves", "encoder.fork.right", (fork, x) => fork(x).left],
    ["of a call that goes nowhere", "encoder.fork", (fork, x) => (fork(x), x)],
    ["of all calls alike", "encoder.fork.right", (fork, x) => fork(fork(x).left).left],
    ["behind another that goes nowhere", "encoder.fork.right", (fork, x) => (silu(fork(x).right), fork(x).left)],
  ])("refuses what is dead in a block: %s", (_, dead, join) => {
    expect(reportOf(() => modelOf(forked(join))).what).toBe(`the result of ${dead} reaches no output of the encoder`);
  });
  test.each([1, 2])("refuses what is given to a block that makes nothing of it, %s blocks deep", (depth) => {
    const First = block("First", () => {
      const { conv } = layers({ conv: conv2d({ in: 24, out: 24 }) });
      return (x: FeatureMap, _: FeatureMap): FeatureMap => conv(x as Feature<24, number>);
    });
    const Around = block("Around", () => {
      const { first } = layers({ first: First() });
      return (x: FeatureMap, y: FeatureMap): FeatureMap => first(x, y);
    });
    const Encoder = block("Encoder", () => {
      const { conv, rest, some } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        rest: conv2d({ in: 24, out: 24 }),
        some: depth === 1 ? First() : Around(),
      });
      return (x: FeatureMap): FeatureMap => {
        const y = conv(x as Feature<3, number>);
        return some(y, rest(y));
      };
    });
    expect(reportOf(() => modelOf(Encoder())).what).toBe("the result of encoder.rest reaches no output of the encoder");
  });
  test("takes a block of which different calls need different results", () => {
    expect(() => modelOf(forked((fork, x) => fork(fork(x).left).right))).not.toThrow();
  });
  test("holds no node whose result goes nowhere, of layers that are used elsewhere or of functions", () => {
    const Encoder = block("Encoder", () => {
      const { conv, mix } = layers({
        conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }),
        mix: conv2d({ in: 24, out: 24 }),
      });
      return (x: FeatureMap): FeatureMap => {
        const y: Feature<24, number> = mix(conv(x as Feature<3, number>));
        attention(y, y, silu(mix(y)));
        return y;
      };
    });
    const [encoder] = countModel(modelOf(Encoder()), 64).parts.encoder!.modules;
    expect(encoder!.children.map(({ path, calls }) => [path, calls])).toEqual([
      ["encoder.conv", 1],
      ["encoder.mix", 1],
    ]);
    expect(encoder!.macs).toBe(8 * 8 * 24 * (3 * 64 + 24 * 9));
    expect(encoder!.definition).toEqual({});
  });
  test("can be of a second model", () => {
    const Encoder = block("Encoder", () => {
      const { conv } = layers({ conv: conv2d({ in: 3, out: 24, stride: 8, kernel: 8, padding: 0 }) });
      return (x: FeatureMap): FeatureMap => conv(x);
    });
    const encoder = Encoder();
    expect(modelOf(encoder).parts).toEqual(modelOf(encoder).parts);
  });
});
