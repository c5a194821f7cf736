/** Types of token sequences and of attention: TypeScript checks this file, nothing in it runs. */
import { describe, expectTypeOf, test } from "vitest";
import {
  add,
  attention,
  chunk,
  concat,
  groupedChunk,
  layerNorm,
  linear,
  linearAttention,
  matmul,
  mul,
  parameter,
  relativePositionBias,
  slice,
  softmax,
  split,
  tokens,
  untokens,
  windowAttention,
  type Feature,
  type Tokens,
  type Vector,
} from "litevae/dsl";

declare const f16: Feature<16, 4>;
declare const f36: Feature<36, 8>;
declare const vector: Vector<64>;

describe("sequences and attention", () => {
  test("tokens keep channels, and come back with the stride of a map", () => {
    const sequence = tokens(f36);
    expectTypeOf(sequence).toEqualTypeOf<Tokens<36>>();
    expectTypeOf(tokens(vector)).toEqualTypeOf<Tokens<64>>();
    expectTypeOf(untokens(sequence, f16)).toEqualTypeOf<Feature<36, 4>>();
    expectTypeOf(linear({ in: 36, out: 8 })(sequence)).toEqualTypeOf<Tokens<8>>();
    expectTypeOf(softmax(layerNorm({ channels: 36 })(sequence))).toEqualTypeOf<Tokens<36>>();
    expectTypeOf(mul(add(sequence, sequence), parameter({ shape: [36, 1] })())).toEqualTypeOf<Tokens<36>>();
    const [query] = chunk(sequence, { chunks: 3 });
    expectTypeOf(query).toEqualTypeOf<Tokens<12>>();
    expectTypeOf<Tokens<36>>().not.toExtend<Tokens<12>>();
    expectTypeOf<Tokens<64>>().not.toExtend<Vector<64>>();
    // @ts-expect-error 36 channels arrive
    linear({ in: 16, out: 8 })(sequence);
    // @ts-expect-error sequences of other channels
    add(sequence, tokens(f16));
    // @ts-expect-error a map beside a sequence
    add(sequence, f36);
    // @ts-expect-error 36 channels arrive
    layerNorm({ channels: 16 })(sequence);
  });
  test("attention wants keys as wide as queries, and a value for every key", () => {
    expectTypeOf(attention(f16, f16, f16)).toEqualTypeOf<Feature<16, 4>>();
    // @ts-expect-error values of another shape
    attention(f16, f16, f36);
    // @ts-expect-error keys of other channels
    attention(f16, f36, f36);
    // @ts-expect-error a key for every query, and no value
    attention(f16, f16);
  });
  test("attention has the positions of queries and the channels of values", () => {
    const [narrow] = chunk(f16, { chunks: 2 });
    expectTypeOf(attention(narrow, narrow, f16, { heads: 2 })).toEqualTypeOf<Feature<16, 4>>();
    const sequence = tokens(f36);
    expectTypeOf(attention(sequence, sequence, sequence)).toEqualTypeOf<Tokens<36>>();
    expectTypeOf(attention(tokens(f16), tokens(f16), sequence)).toEqualTypeOf<Tokens<36>>();
    expectTypeOf(attention(f36, sequence, tokens(f16))).toEqualTypeOf<Feature<16, 8>>();
    expectTypeOf(attention(tokens(f16), f16, f16)).toEqualTypeOf<Tokens<16>>();
    // @ts-expect-error keys of other channels
    attention(tokens(f16), sequence, sequence);
  });
  test("slice keeps literal channels of sequences and of vectors", () => {
    expectTypeOf(slice(tokens(f36), { start: 4, stop: 16 })).toEqualTypeOf<Tokens<12>>();
    expectTypeOf(slice(vector, { start: 0, stop: 16 })).toEqualTypeOf<Vector<16>>();
    expectTypeOf(slice(f36, { start: 4, stop: 16 })).toEqualTypeOf<Feature<12, 8>>();
  });
  test("window attention keeps the stride, and has the channels of the values", () => {
    const [narrow] = chunk(f16, { chunks: 2 });
    const table = relativePositionBias({ windowSize: 7, heads: 2 })();
    expectTypeOf(windowAttention(narrow, narrow, f16, table, { heads: 2, windowSize: 7, shift: 3 })).toEqualTypeOf<
      Feature<16, 4>
    >();
    // @ts-expect-error keys of other channels
    windowAttention(f16, narrow, f16, { windowSize: 7 });
    // @ts-expect-error values of another stride
    windowAttention(f16, f16, f36, { windowSize: 7 });
    // @ts-expect-error sequences have no windows
    windowAttention(tokens(f16), tokens(f16), tokens(f16), { windowSize: 7 });
  });
  test("split keeps literal sizes, times its groups, of maps and of sequences", () => {
    const [query, key, value] = split(f36, { sizes: [4, 4, 10], groups: 2 });
    expectTypeOf(value).toEqualTypeOf<Feature<20, 8>>();
    expectTypeOf(attention(query, key, value, { heads: 2 })).toEqualTypeOf<Feature<20, 8>>();
    const [first, rest] = split(tokens(f36), { sizes: [12, 24] });
    expectTypeOf(first).toEqualTypeOf<Tokens<12>>();
    expectTypeOf(rest).toEqualTypeOf<Tokens<24>>();
    const sizes: number[] = [12, 24];
    expectTypeOf(split(f36, { sizes })).toEqualTypeOf<readonly Feature<number, 8>[]>();
    // @ts-expect-error there is no third run
    const [, , _third] = split(f36, { sizes: [12, 24] });
  });
  test("linear attention types as attention does, of chunks of groups", () => {
    const [q, k, v] = groupedChunk(f36, { chunks: 3, groups: 2 });
    expectTypeOf(v).toEqualTypeOf<Feature<12, 8>>();
    expectTypeOf(linearAttention(q, k, f36, { heads: 2 })).toEqualTypeOf<Feature<36, 8>>();
    expectTypeOf(linearAttention(tokens(q), k, v)).toEqualTypeOf<Tokens<12>>();
    // @ts-expect-error keys of other channels
    linearAttention(q, f36, f36);
  });
  test("sequences and vectors are joined as maps are, and each with its own kind alone", () => {
    const sequence = tokens(f36);
    expectTypeOf(concat(sequence, sequence)).toEqualTypeOf<Tokens<72>>();
    expectTypeOf(concat(vector, vector, vector)).toEqualTypeOf<Vector<192>>();
    expectTypeOf(concat(f36, f36)).toEqualTypeOf<Feature<72, 8>>();
    // @ts-expect-error a map is no sequence
    concat(sequence, f36);
    // @ts-expect-error nor a vector
    concat(f36, vector);
  });
  test("a product of sequences has the channels of the first, but where that is transposed", () => {
    const sequence = tokens(f36);
    expectTypeOf(matmul(sequence, sequence, { transposed: "second" })).toEqualTypeOf<Tokens<36>>();
    expectTypeOf(matmul(sequence, sequence)).toEqualTypeOf<Tokens<36>>();
    expectTypeOf(matmul(sequence, sequence, { transposed: "first" })).toEqualTypeOf<Tokens<number>>();
  });
  test("attention takes a bias of fixed positions", () => {
    const bias = parameter({ shape: [1, 6, 6] });
    expectTypeOf(attention(f36, f36, f36, bias())).toEqualTypeOf<Feature<36, 8>>();
    expectTypeOf(attention(tokens(f36), f16, f16, bias(), { heads: 2 })).toEqualTypeOf<Tokens<16>>();
    // @ts-expect-error a feature is no bias
    attention(f36, f36, f36, f36);
  });
});
