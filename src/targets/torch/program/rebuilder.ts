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
    const size = (value: number): number | undefined => {
      const sample = this.at(new Map([[name, value]]));
      return sample === undefined ? undefined : layersIn(sample.block) + sample.body.graph.nodes.length;
    };
    return ![2, 4].some((each) => size(each) === size(each + 1));
  }
}
