/** What kinds of attention share: queries, keys and values, and the shape of what comes out. */
import { must, type NonEmpty } from "../errors/must.ts";
import { counted } from "../errors/counted.ts";
import { ShapeError } from "../errors/index.ts";
import { sameDim, type Dim } from "../ir/dim.ts";
import type { OnnxWriter } from "../ir/onnx.ts";
import type { Choose } from "../ir/op.ts";
import type { Reach } from "../ir/reach.ts";
import { channelsOf, elementCount, formatShape, sameShape, type Shape } from "../ir/shape.ts";
import { likeShape } from "./like-shape.ts";
import { expectSameKind, featureDims, replaceChannels } from "./rules.ts";

/** Queries, keys and values among what an op is given. */
export function attended<T>(inputs: NonEmpty<T>): readonly [query: T, key: T, value: T] {
  const [query, key, value] = inputs;
  return [query, must(key, "keys"), must(value, "values")];
}

/** The positions of the queries with the channels of the values; ShapeError where the three do not go together. */
export function attendedShape(inputs: NonEmpty<Shape>, heads: number): Shape {
  const [query, key, value] = attended(inputs);
  // A vector has no positions.
  for (const shape of [query, key, value].filter(({ length }) => length < 3)) {
    expectSameKind(inputs);
    featureDims(shape);
  }
  for (const shape of [query, value]) expectHeads(channelsOf(shape), heads);
  if (channelsOf(key) !== channelsOf(query)) {
    throw new ShapeError("queries and keys have different channels", {
      expected: formatShape(replaceChannels(key, channelsOf(query))),
      found: formatShape(key),
      help: "bring both to the same channel count with linear or a 1×1 conv2d; values alone may have another",
    });
  }
  const wanted = replaceChannels(key, channelsOf(value));
  if (!sameShape(value, wanted)) {
    throw new ShapeError("every key wants one value", {
      expected: formatShape(wanted),
      found: formatShape(value),
      help: "make keys and values of the same feature",
    });
  }
  if (!sameDim(query[0] as Dim, key[0] as Dim)) {
    throw new ShapeError("queries and keys are of different batches", {
      expected: formatShape([query[0] as Dim, ...key.slice(1)]),
      found: formatShape(key),
      help: "make both of features of the same images",
    });
  }
  return replaceChannels(query, channelsOf(value));
}

function expectHeads(channels: number, heads: number): void {
  if (channels % heads === 0) return;
  throw new ShapeError(`${heads} heads do not divide ${counted(channels, "channel")}`, {
    expected: `heads that divide ${channels}`,
    found: `heads: ${heads}`,
    help: "choose a divisor of the channel count",
  });
}

/** Channels of queries and of values in each head. */
export function headSizes({ inputShapes }: OnnxWriter, heads: number): readonly [query: number, value: number] {
  const [query, , value] = attended(inputShapes);
  return [channelsOf(query) / heads, channelsOf(value) / heads];
}

/** A map or sequence as [N, heads, channels of a head, positions]. */
export function splitHeads(writer: OnnxWriter, input: string, heads: number, size: number): string {
  return writer.node("Reshape", [input, writer.ints(`heads_${heads}_${size}`, [0, heads, size, -1])]);
}

/** [N, heads, channels of a head, positions] as what comes out. */
export function joinHeads(writer: OnnxWriter, joined: string, inputs: NonEmpty<string>): string {
  const [query, , value] = attended(inputs);
  const [asked, , given] = attended(writer.inputShapes);
  const channels = channelsOf(given);
  const isSelf = sameShape(given, replaceChannels(asked, channels));
  return isSelf ? likeShape(writer, joined, value, given, channels) : likeShape(writer, joined, query, asked, channels);
}

/** A position of the output has its own query, and sees all keys and values. */
export const attendedReach: () => readonly Reach[] = () => ["place", "everything", "everything", "everything"];

/** Sizes of concrete queries, keys and values. */
export function attendedCounts(inputs: NonEmpty<readonly number[]>): {
  readonly batch: number;
  readonly queries: number;
  readonly keys: number;
  readonly size: number;
  readonly width: number;
} {
  const [query, key, value] = attended(inputs);
  const [batch, size] = [0, 1].map((axis) => must(query[axis], "batch and channels")) as [number, number];
  return {
    batch,
    queries: elementCount(query.slice(2)),
    keys: elementCount(key.slice(2)),
    size,
    width: must(value[1], "channels"),
  };
}

/** Maps or sequences whose channels `heads` divides, for the generic op test. */
export function attendedSample(choose: Choose, heads: number): NonEmpty<readonly number[]> {
  const [n, size, width] = [choose.int(1, 2), heads * choose.int(1, 4), heads * choose.int(1, 4)];
  const positions = (): readonly number[] =>
    choose.pick([[choose.int(2, 9)], [choose.int(1, 5), choose.int(1, 5)], [choose.int(1, 5), choose.int(1, 5)]]);
  const queries = positions();
  const [keys, values] = choose.pick([
    [queries, size],
    [queries, width],
    [positions(), width],
  ]) as readonly [readonly number[], number];
  return [
    [n, size, ...queries],
    [n, size, ...keys],
    [n, values, ...keys],
  ];
}
