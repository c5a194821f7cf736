/** Values drawn for the settings of a block: any that it may have, no two of them related but by chance. */
import { xoroshiro128plus } from "pure-rand/generator/xoroshiro128plus";
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { must } from "../../../errors/must.ts";
import type { PyConstant } from "../../../ir/python.ts";
import type { Setting } from "./config.ts";
import { distinct } from "./distinct.ts";
import { atLeast, fractions, primes, small, type Range } from "./probe-values.ts";

export class Draws {
  readonly #settings: readonly Setting[];
  readonly #values: ReadonlyMap<string, readonly PyConstant[]>;
  readonly #ranges: ReadonlyMap<string, Range>;
  readonly #random = xoroshiro128plus(1);

  /** `values` are what the instances have, by setting. */
  constructor(
    settings: readonly Setting[],
    values: ReadonlyMap<string, readonly PyConstant[]>,
    ranges: ReadonlyMap<string, Range>,
  ) {
    this.#settings = settings;
    this.#values = values;
    this.#ranges = ranges;
  }

  #int(min: number, max: number): number {
    return uniformInt(this.#random, min, max);
  }

  pick<T>(from: readonly T[]): T {
    return from[this.#int(0, from.length - 1)] as T;
  }

  /** A value of each setting. */
  drawn(grain: number, attempt: number): ReadonlyMap<string, PyConstant> {
    // Lists that are equally long are mostly walked together: dims and depths.
    const lengths = new Map<number, number>();
    const lengthOf = (given: number): number => {
      const drawn = lengths.get(given) ?? this.pick(attempt % 3 === 2 ? [given] : [2, 3, 3, 4]);
      if (attempt % 4 !== 3) lengths.set(given, drawn);
      return drawn;
    };
    return new Map(this.#settings.map((setting) => [setting.name, this.value(setting, grain, attempt, lengthOf)]));
  }

  /** All lists of one length, numbers in them and beside them at least 2. */
  long(length: number, grain: number): ReadonlyMap<string, PyConstant> {
    const values = this.#settings.map((setting) => [setting.name, this.value(setting, grain, 0, () => length)] as const);
    return this.raised(new Map(values), 2);
  }

  /** With no count below `least`: where there is none of something, nothing may ask for what stands beside. */
  raised(values: ReadonlyMap<string, PyConstant>, least: number): ReadonlyMap<string, PyConstant> {
    const raised = (name: string, value: PyConstant): PyConstant =>
      this.#ranges.get(name) === "fraction" ? value : atLeast(value, least);
    return new Map([...values].map(([name, value]) => [name, raised(name, value)]));
  }

  /** `grain` is what large numbers are multiples of; 0 stands for the given value. */
  value({ name, value }: Setting, grain: number, attempt: number, lengthOf = (given: number): number => given): PyConstant {
    if (typeof value === "boolean") return this.#int(0, 1) === 1;
    if (typeof value === "string") return this.pick(this.#values.get(name) ?? [value]);
    if (typeof value === "number") return this.#number(value, this.#ranges.get(name) ?? "large", grain, attempt);
    const list = value as readonly (number | boolean | string)[];
    return Array.from({ length: lengthOf(list.length) }, () => this.#item(list, name, grain, attempt));
  }

  #item(list: readonly (number | boolean | string)[], name: string, grain: number, attempt: number): PyConstant {
    const first = list[0];
    if (typeof first === "boolean") return this.#int(0, 1) === 1;
    if (typeof first === "string")
      return this.pick(
        distinct(must(this.#values.get(name), "what instances have").flatMap((each) => each as readonly string[])),
      );
    const numbers = list as readonly number[];
    if (numbers.some((item) => !Number.isInteger(item))) return this.pick([0.5, 1, 1.5, 2]);
    const large = numbers.some((item) => Math.abs(item) > small);
    return this.#number(first ?? 1, large ? "large" : "small", grain, attempt);
  }

  #number(value: number, range: Range, grain: number, attempt: number): number {
    if (range === "fraction") return this.pick([0, ...fractions]);
    if (range === "small")
      return attempt % 4 === 3 ? value : this.#int(value === 0 || attempt % 4 === 1 ? 0 : 1, attempt % 4 === 2 ? 12 : 7);
    return (grain === 0 ? value : grain) * this.pick(primes);
  }
}
