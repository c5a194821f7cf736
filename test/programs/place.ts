/** What the builders of steps and of changes of resolution share. */
import { conv2d, equalizedConv2d, layers, smcConv2d, spectralConv2d, type Feature } from "../../dsl/authoring.ts";

export type FeatureMap = Feature<number, number>;
export type Layer = (x: FeatureMap) => FeatureMap;

/** Where a step stands: the block whose layers it adds to, the channels that arrive and the image pixels per position. */
export interface Place {
  readonly names: Names;
  readonly channels: number;
  readonly stride: number;
}

/** A built step: what it gives and the function that applies it. */
export interface Built {
  readonly channels: number;
  readonly apply: Layer;
}

type Nameable = Exclude<Parameters<typeof layers>[0][string], undefined>;

/** Collects what a block gives to `layers`. */
export class Names {
  readonly #named: Record<string, Nameable> = {};

  add<T extends Nameable>(name: string, layer: T): T {
    let free = name;
    for (let i = 2; free in this.#named; i++) free = `${name}_${i}`;
    this.#named[free] = layer;
    return layer;
  }

  close(): void {
    layers(this.#named);
  }
}

export const convs = { conv2d, smcConv2d, spectralConv2d, equalizedConv2d } as const;

export const identity: Layer = (x) => x;

/** A pointwise convolution where the channels differ. */
export function matched({ names, channels }: Place, out: number): Built {
  return { channels: out, apply: channels === out ? identity : names.add("pointwise", conv2d({ in: channels, out, kernel: 1 })) };
}
