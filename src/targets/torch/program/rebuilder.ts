/** A block as it is under other values of its settings. */
import type { Rebuilds } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { settingsOf, withSettings } from "./config.ts";
import { InputChannels, traceWith } from "./input-channels.ts";
import { layersIn, type Sample } from "./samples.ts";

export class Rebuilder {
  readonly #base: Sample;
  readonly #rebuilds: Rebuilds;
  readonly #channels: InputChannels;
  readonly #sizes = new Map<string, number | undefined>();

  constructor(base: Sample, rebuilds: Rebuilds) {
    this.#base = base;
    this.#rebuilds = rebuilds;
    this.#channels = new InputChannels(base.block, base.settings);
  }

  /** Undefined where the author's code, a check or a shape refuses the values. */
  at(values: ReadonlyMap<string, PyConstant>): Sample | undefined {
    const { block, body, settings } = this.#base;
    const config = withSettings(block.config, settingsOf(block), values);
    try {
      const rebuilt = this.#rebuilds.of(block.definition, config);
      const inputs = body.graph.inputs.map(({ shape }) => shape);
      for (const channels of this.#channels.candidates(rebuilt.block, inputs, values)) {
        const traced = traceWith(rebuilt, channels, body);
        if (traced !== undefined) return { settings: new Map([...settings, ...values]), block: rebuilt.block, body: traced };
      }
      return undefined;
    } catch {
      return undefined;
    }
  }

  /** Whether there is more of something for every one that the setting is larger. */
  growsWith(name: string): boolean {
    return ![2, 4].some((each) => this.#size(name, each) === this.#size(name, each + 1));
  }

  /** Whether there is more of something, or less, for some that are larger. */
  isCount(name: string): boolean {
    const sizes = [1, 2, 3, 8].map((each) => this.#size(name, each)).filter((size) => size !== undefined);
    return new Set(sizes).size > 1;
  }

  #size(name: string, value: number): number | undefined {
    const key = `${name} ${value}`;
    if (this.#sizes.has(key)) return this.#sizes.get(key);
    const sample = this.at(new Map([[name, value]]));
    const size = sample === undefined ? undefined : layersIn(sample.block) + sample.body.graph.nodes.length;
    this.#sizes.set(key, size);
    return size;
  }
}
