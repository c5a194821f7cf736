/** What a kind of block makes of configurations: those in the model, and others under which it is built again. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import type { Block, Body, Rebuilds } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { withoutPlaces } from "../../../ir/source.ts";
import { settingsOf, withSettings, type Setting } from "./config.ts";
import { InputChannels, traceWith } from "./input-channels.ts";

/** A block under one configuration. */
export interface Sample {
  /** The values of its settings, by name. */
  readonly settings: ReadonlyMap<string, PyConstant>;
  readonly block: Block;
  readonly body: Body;
}

export function sampleOf(block: Block, body: Body): Sample {
  return { settings: new Map(settingsOf(block.config).map(({ name, value }) => [name, value])), block, body };
}

/** What a number may become: a count, or a fraction where counts are refused. */
type Range = "small" | "large" | "fraction" | "held";

/** Numbers without common factors, so that sums and products of them do not coincide. */
const primes = [5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43];
const fractions = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75];
/** Settings up to here are taken for multipliers, numbers of blocks and the like, which may become the length of a list. */
const small = 8;

/**
 * Builds a block again under configurations in which all settings of `free` differ from the given one at once, then under such where two are
 * equal or one alone differs. What the author's code or a shape refuses is left out; what it takes is a sample.
 */
export function rebuiltSamples(
  base: Sample,
  free: ReadonlySet<string>,
  values: ReadonlyMap<string, readonly PyConstant[]>,
  rebuilds: Rebuilds,
): readonly Sample[] {
  return withoutPlaces(() => new Prober(base, free, values, rebuilds).samples());
}

class Prober {
  readonly #base: Sample;
  readonly #settings: readonly Setting[];
  readonly #values: ReadonlyMap<string, readonly PyConstant[]>;
  readonly #rebuilds: Rebuilds;
  readonly #channels: InputChannels;
  readonly #random = xoroshiro128plus(1);
  readonly #found: Sample[] = [];
  readonly #tried = new Set<string>();
  readonly #heavy: boolean;
  readonly #far: { readonly large: readonly number[]; readonly small: readonly number[] };
  #ranges = new Map<string, Range>();

  constructor(base: Sample, free: ReadonlySet<string>, values: ReadonlyMap<string, readonly PyConstant[]>, rebuilds: Rebuilds) {
    this.#base = base;
    this.#channels = new InputChannels(base.block, base.settings);
    this.#rebuilds = rebuilds;
    this.#settings = settingsOf(base.block.config).filter(({ name }) => free.has(name));
    this.#values = values;
    // A block of many layers costs more to build, and what is to be learnt of it lies in its children, which are built on their own too.
    this.#heavy = sizeOf(base.block) > 150;
    this.#far = this.#heavy
      ? { large: [64, 512, 4096], small: [16, 128] }
      : { large: [4, 64, 128, 256, 384, 512, 1024, 2048, 4096], small: [9, 16, 25, 128, 512, 1024] };
  }

  samples(): readonly Sample[] {
    if (this.#settings.length === 0) return [];
    this.#ranges = new Map(this.#settings.map((setting) => [setting.name, this.#rangeOf(setting)]));
    const switches = this.#settings.filter(({ value }) => typeof value === "boolean").length;
    const wanted = (this.#heavy ? 3 : 5 + this.#settings.length + 4 * switches) + this.#settings.length;
    // Coarser numbers where finer ones are refused: groups and heads divide channels.
    const grains = [1, 1, 2, 4, 8, 32, 0];
    let grain = 0;
    for (let attempt = 0; attempt < 4 * wanted && this.#found.length < wanted; attempt++) {
      if (!this.#try(this.#drawn(grains[grain % grains.length] as number, attempt))) grain++;
    }
    this.#equalPairs(grains[grain % grains.length] as number);
    // One setting alone, from the given configuration and from the one with the longest lists: there it shows what a loop does.
    const starts = [new Map<string, PyConstant>(), ...this.#richest()];
    for (const setting of this.#settings) {
      for (const each of grains) if (this.#try(new Map([[setting.name, this.#draw(setting, each, 0)]]))) break;
      for (const start of starts)
        for (const edge of this.#edges(setting, start)) this.#try(new Map([...start, [setting.name, edge]]));
    }
    return this.#found;
  }

  /** The settings of the sample whose shortest list is longest. */
  #richest(): readonly ReadonlyMap<string, PyConstant>[] {
    const shortest = ({ block }: Sample): number =>
      Math.min(
        ...block.members.flatMap(([, member]) =>
          member.kind === "list" && member.items.length > 0 ? [member.items.length] : [],
        ),
      );
    const listed = this.#found.filter((sample) => Number.isFinite(shortest(sample)));
    const best = listed.reduce<Sample | undefined>(
      (found, sample) => (found === undefined || shortest(sample) > shortest(found) ? sample : found),
      undefined,
    );
    if (best === undefined) return [];
    return [new Map(this.#settings.map(({ name }) => [name, best.settings.get(name) as PyConstant]))];
  }

  /** Values at which blocks tend to do something else. */
  #edges({ name, value }: Setting, start: ReadonlyMap<string, PyConstant>): readonly PyConstant[] {
    const from = start.get(name) ?? value;
    if (typeof from === "boolean") return [!from];
    // A list of positions: of none, of the first, of several.
    if (Array.isArray(from))
      return start.size === 0 && (from.length === 0 || from.includes(0)) ? [[], [0], [0, 1], [1, 2, 3]] : [];
    if (typeof from !== "number") return [];
    const range = this.#ranges.get(name);
    if (range === "fraction") return [0, -0.25, 0.25];
    // Far from the given value: limits, and what is done otherwise for large models.
    const far = range === "large" ? this.#far.large : this.#far.small;
    return start.size === 0 ? [0, 1, ...far] : [0];
  }

  /** In which range a setting may be varied alone. */
  #rangeOf({ name, value }: Setting): Range {
    if (typeof value !== "number") return "small";
    const given = (this.#values.get(name) ?? []) as readonly number[];
    if (given.some((each) => !Number.isInteger(each))) return "fraction";
    if (Math.abs(value) > small) return "large";
    const legal = (tests: readonly number[]): boolean => tests.some((test) => this.#build(new Map([[name, test]])) !== undefined);
    if (legal([2, 3, 4, 5])) return "small";
    return legal([0.25, 0.5]) ? "fraction" : "small";
  }

  #int(min: number, max: number): number {
    return uniformInt(this.#random, min, max);
  }

  #pick<T>(from: readonly T[]): T {
    return from[this.#int(0, from.length - 1)] as T;
  }

  #drawn(grain: number, attempt: number): ReadonlyMap<string, PyConstant> {
    return new Map(this.#settings.map((setting) => [setting.name, this.#draw(setting, grain, attempt)]));
  }

  /** `grain` is what large numbers are multiples of; 0 stands for the given value. */
  #draw({ name, value }: Setting, grain: number, attempt: number): PyConstant {
    if (typeof value === "boolean") return this.#int(0, 1) === 1;
    if (typeof value === "string") return this.#pick(this.#values.get(name) ?? [value]);
    if (typeof value === "number") return this.#number(value, this.#ranges.get(name) ?? "large", grain, attempt);
    const list = value as readonly number[];
    const lengths = attempt % 3 === 2 ? [list.length] : [2, 3, 3, 4];
    const large = list.some((item) => Math.abs(item) > small);
    const numbers = Array.from({ length: this.#pick(lengths) }, () =>
      list.some((item) => !Number.isInteger(item))
        ? this.#pick([0.5, 1, 1.5, 2])
        : this.#number(list.length === 0 ? 1 : (list[0] as number), large ? "large" : "small", grain, attempt),
    );
    return numbers;
  }

  #number(value: number, range: Range, grain: number, attempt: number): number {
    if (range === "fraction") return this.#pick([0, ...fractions]);
    if (range === "small")
      return attempt % 4 === 3 ? value : this.#int(value === 0 || attempt % 4 === 1 ? 0 : 1, attempt % 4 === 2 ? 12 : 7);
    return (grain === 0 ? value : grain) * this.#pick(primes);
  }

  /** Where a block does something else when two numbers are equal. */
  #equalPairs(grain: number): void {
    const numbers = this.#settings.filter(({ value }) => typeof value === "number");
    for (const [i, a] of numbers.entries()) {
      for (const b of numbers.slice(i + 1)) {
        if ([a, b].filter(({ name }) => this.#ranges.get(name) === "fraction").length === 1) continue;
        for (const each of [grain, 32, 0]) {
          const drawn = this.#drawn(each, 0);
          const values = [drawn.get(a.name), drawn.get(b.name)] as readonly number[];
          const tries = [Math.max(...values), Math.min(...values)];
          const equal = tries
            .map((value) => new Map([...drawn, [a.name, value], [b.name, value]]))
            .find((each) => this.#try(each));
          if (equal === undefined) continue;
          // What stands beside the comparison may decide too: a stride of 1, a switch.
          for (const other of this.#settings)
            if (other !== a && other !== b)
              for (const plain of plainValues(other)) this.#try(new Map([...equal, [other.name, plain]]));
          break;
        }
      }
    }
  }

  #try(values: ReadonlyMap<string, PyConstant>): boolean {
    const key = JSON.stringify([...values]);
    if (this.#tried.has(key)) return false;
    this.#tried.add(key);
    const sample = this.#build(values);
    if (sample !== undefined) this.#found.push(sample);
    return sample !== undefined;
  }

  #build(values: ReadonlyMap<string, PyConstant>): Sample | undefined {
    const { block, body, settings } = this.#base;
    const config = withSettings(block.config, settingsOf(block.config), values);
    try {
      const rebuilt = this.#rebuilds.of(block.definition, config);
      const inputs = body.graph.inputs.map(({ shape }) => shape);
      for (const channels of this.#channels.candidates(rebuilt.block, inputs, values)) {
        const traced = traceWith(rebuilt, channels, inputs);
        if (traced !== undefined) return { settings: new Map([...settings, ...values]), block: rebuilt.block, body: traced };
      }
      return undefined;
    } catch {
      // The author's code, a check or a shape refuses the configuration.
      return undefined;
    }
  }
}

/** The values of a setting at which it mostly asks for nothing, and others beside them. */
function plainValues({ value }: Setting): readonly PyConstant[] {
  if (typeof value === "boolean") return [false, true];
  return typeof value === "number" && Math.abs(value) <= small ? [1, 2, 4] : [];
}

function sizeOf(block: Block): number {
  return block.children.reduce((sum, child) => sum + (child.kind === "block" ? sizeOf(child) : 1), 0);
}
