/** Configurations under which a block is built again, to learn how it follows from them and to look whether what was learnt holds. */
import { must } from "../../../errors/must.ts";
import type { Rebuilds } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { withoutPlaces } from "../../../ir/source.ts";
import { settingsOf, type Setting } from "./config.ts";
import { cover } from "./cover.ts";
import { contentOf, distinct } from "./distinct.ts";
import { Draws } from "./draws.ts";
import { areUneven, evened, halving, naming, nowhere, positions } from "./probe-lists.ts";
import {
  edges,
  grains,
  listsLike,
  mostApart,
  mostItems,
  mostOthers,
  nearestPairs,
  numbersAround,
  plainBeside,
  primes,
  small,
  type Range,
} from "./probe-values.ts";
import { levelsOf, mostLayersTogether, mostLevels, mostTogether, signed } from "./probe-together.ts";
import { Rebuilder } from "./rebuilder.ts";
import { hasNestedLists, lacksSettings, layersIn, withLongestLists, type Sample } from "./samples.ts";

/** A block of more layers is tried less. */
const mostLayers = 150;

/** What is tried for one block, from one of its instances; `numbers` are those in the author's code. */
export class Prober {
  readonly #base: Sample;
  readonly #settings: readonly Setting[];
  /** What the instances have, by setting. */
  readonly #values: ReadonlyMap<string, readonly PyConstant[]>;
  readonly #draws: Draws;
  readonly #rebuilder: Rebuilder;
  readonly #numbers: readonly number[];
  readonly #tried = new Map<string, Sample | undefined>();
  readonly #heavy: boolean;
  #found: Sample[] = [];
  readonly #ranges = new Map<string, Range>();
  /** Coarser numbers where finer ones are refused: groups and heads divide channels. */
  #grain = 0;
  #isTogether = false;

  constructor(
    base: Sample,
    free: ReadonlySet<string>,
    values: ReadonlyMap<string, readonly PyConstant[]>,
    numbers: readonly number[],
    rebuilds: Rebuilds,
  ) {
    this.#rebuilder = new Rebuilder(base, rebuilds);
    this.#base = base;
    this.#numbers = numbers;
    this.#settings = settingsOf(base.block).filter(({ name }) => free.has(name));
    this.#values = values;
    this.#draws = new Draws(this.#settings, values, this.#ranges);
    // A block of many layers costs more to build, and what is to be learnt of it lies in its children, which are built on their own too.
    this.#heavy = layersIn(base.block) > mostLayers;
  }

  /** All settings differ from the given ones at once; then two are equal, or one alone differs. */
  samples(): readonly Sample[] {
    if (this.#settings.length === 0) return [];
    return this.#finding(() => {
      for (const setting of this.#settings) this.#ranges.set(setting.name, this.#rangeOf(setting));
      const switches = this.#settings.filter(({ value }) => typeof value === "boolean").length;
      const wanted = (this.#heavy ? 3 : 5 + this.#settings.length + 4 * switches) + this.#settings.length;
      this.#draw(wanted);
      // A loop within a loop shows itself where all lists are long, in so many samples as tell a rule.
      const nested = this.#found.some(({ block }) => hasNestedLists(block));
      for (let length = 3; nested && length < 7; length++) this.#try(this.#draws.long(Math.min(length, 4), this.#grainNow()));
      this.#equalPairs(this.#grainNow());
      this.#listed();
      // One setting alone, from the given configuration and from the one with the longest lists: there it shows what a loop does.
      const starts = [new Map<string, PyConstant>(), ...this.#richest()];
      for (const setting of this.#settings) {
        for (const each of grains) if (this.#try(new Map([[setting.name, this.#draws.value(setting, each, 0)]]))) break;
        for (const start of starts)
          for (const [i, edge] of edges(setting, start, this.#ranges.get(setting.name) === "fraction").entries()) {
            const at = new Map([...start, [setting.name, edge]]);
            this.#try(at);
            // What each of two leaves out is also left out together.
            if (i === 0 && start === starts.at(-1)) this.#switched(at, setting);
          }
      }
    });
  }

  /** Others, to look whether what was learnt of samples holds: far from them, and around numbers at which something may change. */
  checks(numbers: readonly number[]): readonly Sample[] {
    if (this.#settings.length === 0) return [];
    return this.#finding(() => {
      const turns = [...new Set([...numbers, ...this.#numbers])];
      const starts = [...this.#richest(), new Map<string, PyConstant>()];
      for (const setting of this.#settings) {
        // Some values for the rest are drawn once: what is built of those alone is built already.
        const drawn = Array.from({ length: mostOthers }, (_, attempt) =>
          this.#draws.raised(this.#draws.drawn(this.#grainNow(), attempt), 1),
        );
        for (const [attempt, each] of this.#around(setting, turns).entries()) {
          const others = must(drawn[attempt % mostOthers], "values of the rest");
          const tries = [others, ...starts].map((start) => new Map([...start, [setting.name, each]]));
          // Of lists that are not equally long, Python refuses what the author's code ends at the shorter.
          const even = tries.find((values) => this.#try(values) && !this.isUneven(values));
          // A switch beside may decide whether the value is asked for.
          this.#switched(even ?? new Map([...others, [setting.name, each]]), setting);
        }
      }
      if (!this.#heavy && this.#settings.length <= mostApart) this.#equalProducts();
      this.#draw(this.#heavy ? 2 : 6);
      if (!this.#heavy && !this.#isTogether) this.#together();
      this.#isTogether = true;
    });
  }

  #finding(search: () => void): readonly Sample[] {
    this.#found = [];
    withoutPlaces(search);
    return this.#found;
  }

  /** The same with each switch beside the setting the other way; not in blocks of many layers. */
  #switched(at: ReadonlyMap<string, PyConstant>, setting: Setting): void {
    for (const { name, value } of this.#heavy ? [] : this.#settings)
      if (name !== setting.name && typeof value === "boolean")
        this.#try(new Map([...at, [name, (at.get(name) ?? value) !== true]]));
  }

  #grainNow(): number {
    return grains[this.#grain % grains.length] as number;
  }

  #draw(wanted: number): void {
    const enough = this.#found.length + wanted;
    for (let attempt = 0; attempt < 4 * wanted && this.#found.length < enough; attempt++) {
      if (!this.#try(this.#draws.drawn(this.#grainNow(), attempt))) this.#grain++;
    }
  }

  /** The settings of the sample whose shortest list is longest. */
  #richest(): readonly ReadonlyMap<string, PyConstant>[] {
    const best = withLongestLists(this.#found);
    if (best === undefined) return [];
    return [new Map(this.#settings.map(({ name }) => [name, best.settings.get(name) as PyConstant]))];
  }

  /** Values on both sides of where a block may begin to do something else, and far from the given one. */
  #around({ name, value }: Setting, turns: readonly number[]): readonly PyConstant[] {
    if (Array.isArray(value)) return listsLike(value as readonly PyConstant[], turns, this.#heavy);
    if (typeof value !== "number") return [];
    const range = this.#ranges.get(name) ?? "large";
    // Where fractions stand in the code, or one is given, a whole number may be a ratio.
    const mayBeRatio = value === 1 || this.#numbers.some((each) => !Number.isInteger(each));
    const ratios = range === "small" && !this.#heavy && mayBeRatio && !this.#rebuilder.growsWith(name);
    return numbersAround(range, turns, { few: this.#heavy, grain: this.#grainNow(), ratios });
  }

  /** In which range a setting may be varied alone. */
  #rangeOf({ name, value }: Setting): Range {
    if (typeof value !== "number") return "small";
    const given = (this.#values.get(name) ?? []) as readonly number[];
    if (given.some((each) => !Number.isInteger(each))) return "fraction";
    if (Math.abs(value) > small) return "large";
    const legal = (tests: readonly number[]): boolean =>
      tests.some((test) => this.#rebuilder.at(new Map([[name, test]])) !== undefined);
    if (legal([2, 3, 4, 5])) return "small";
    return legal([0.25, 0.5]) ? "fraction" : "small";
  }

  /** Where a block does something else when two numbers are equal. */
  #equalPairs(grain: number): void {
    const numbers = this.#settings.filter(({ value }) => typeof value === "number");
    for (const [a, b] of nearestPairs(numbers)) {
      if ([a, b].filter(({ name }) => this.#ranges.get(name) === "fraction").length === 1) continue;
      // Beside a switch, two tell which of both decides.
      let wanted = this.#heavy || this.#settings.every(({ value }) => typeof value !== "boolean") ? 1 : 2;
      for (const each of wanted === 1 ? [grain, 32, 0] : [grain, 32, 0, 64]) {
        const drawn = this.#draws.drawn(each, 0);
        const values = [drawn.get(a.name), drawn.get(b.name)] as readonly number[];
        const tries = [Math.max(...values), Math.min(...values)];
        const equal = tries.map((value) => new Map([...drawn, [a.name, value], [b.name, value]])).find((each) => this.#try(each));
        if (equal === undefined) continue;
        // What stands beside the comparison may decide too: a stride of 1, a switch.
        for (const plain of this.#heavy ? [] : plainBeside([a, b], this.#settings)) this.#try(new Map([...equal, ...plain]));
        if (--wanted === 0) break;
      }
    }
  }

  /** Where a block does something else when a number is the product of two others, with what else there is at its plainest. */
  #equalProducts(): void {
    const numbers = this.#settings.filter(
      ({ name, value }) => typeof value === "number" && this.#ranges.get(name) !== "fraction",
    );
    for (const a of numbers) {
      const others = numbers.filter((each) => each !== a);
      for (const [i, b] of others.entries())
        for (const c of others.slice(i + 1)) {
          const drawn = new Map([...this.#draws.drawn(this.#grainNow(), 0)]);
          // With a factor of 1, or with two that are equal, others are the product as well.
          const left = Math.max(2, drawn.get(b.name) as number);
          const other = Math.max(2, drawn.get(c.name) as number);
          const right = other === left ? other + 1 : other;
          const plain = numbers.filter((each) => ![a, b, c].includes(each) && this.#ranges.get(each.name) === "small");
          const ones = plain.map(({ name }) => [name, 1] as const);
          this.#try(new Map([...drawn, ...ones, [a.name, left * right], [b.name, left], [c.name, right]]));
        }
    }
  }

  /** Where several settings decide together, at numbers of the author's code. */
  #together(): void {
    for (const setting of this.#settings)
      if (this.#ranges.get(setting.name) !== "fraction")
        for (const each of signed(setting, this.#base, this.#rebuilder)) this.#try(new Map([[setting.name, each]]));
    const numbers = this.#numbers.filter((each) => each > 1 || !Number.isInteger(each));
    const found = this.#settings.map((setting) => ({ setting, levels: this.#levels(setting, numbers) }));
    const several = found.filter(({ levels }) => levels.length > 1);
    if (several.filter(({ setting }) => typeof setting.value !== "boolean").length < 2) return;
    let [configurations, layers] = [mostTogether, mostLayersTogether];
    const tries = (row: readonly number[]): boolean | undefined => {
      if (configurations-- <= 0 || layers <= 0) return undefined;
      const built = this.#at(
        new Map(several.map(({ setting, levels }, i) => [setting.name, levels[row[i] as number] as PyConstant])),
      );
      layers -= built === undefined ? 1 : layersIn(built.block) + built.body.graph.nodes.length;
      return built !== undefined;
    };
    const upTo = (most: number): readonly number[] => several.map(({ levels }) => Math.min(levels.length, most));
    const isFew = several.length <= mostApart;
    cover(upTo(3), isFew ? 3 : 2, tries);
    cover(upTo(mostLevels), 2, tries);
    if (isFew) cover(upTo(3 + numbers.length), 3, tries);
  }

  /** What a setting may be beside the given others, of what is tried together. */
  #levels(setting: Setting, numbers: readonly number[]): readonly PyConstant[] {
    const [given, ...others] = levelsOf(setting, this.#ranges.get(setting.name) ?? "large", numbers);
    const counts =
      typeof setting.value === "number" && numbers.some((each) => each > mostItems) && this.#rebuilder.growsWith(setting.name);
    const taken = others.slice(0, mostLevels).map((values) =>
      values.find((value) => {
        if (counts && (value as number) > mostItems) return false;
        const built = this.#at(new Map([[setting.name, value]]));
        return built !== undefined && layersIn(built.block) <= mostLayers;
      }),
    );
    return distinct([...(given ?? []), ...taken.filter((value) => value !== undefined)]);
  }

  /** Where a list names places or numbers. */
  #listed(): void {
    const numbers = this.#settings.filter(({ name }) => this.#ranges.get(name) === "large").map(({ name }) => name);
    const [start = new Map<string, PyConstant>()] = this.#richest();
    for (const { name, value } of this.#settings) {
      if (!Array.isArray(value) || !value.every((item) => typeof item === "number")) continue;
      const list = { name, length: ((start.get(name) ?? value) as readonly PyConstant[]).length };
      // One whose numbers show themselves is walked.
      const [one, other] = naming(list, nowhere(value)).map((values) => this.#rebuilder.at(new Map([...start, ...values])));
      if (one === undefined || other === undefined || contentOf(one) !== contentOf(other)) continue;
      for (const values of [
        ...(this.#heavy ? [] : naming(list, positions)),
        ...numbers.flatMap((number) => halving(list, number, this.#draws.pick(primes), this.#heavy)),
      ])
        this.#try(new Map([...start, ...values]));
    }
  }

  /** Whether lists that were equally long are not. */
  isUneven(values: ReadonlyMap<string, PyConstant>): boolean {
    return areUneven(this.#settings, values);
  }

  #try(values: ReadonlyMap<string, PyConstant>): boolean {
    const key = JSON.stringify([...values]);
    if (this.#tried.has(key)) return false;
    const built = this.#rebuilder.at(values);
    const sample = built !== undefined && this.isUneven(values) && lacksSettings(built.block) ? undefined : built;
    this.#tried.set(key, sample);
    if (sample !== undefined) this.#found.push(sample);
    return sample !== undefined;
  }

  /** What is built of these values, now or before; with lists of one length where others are refused. */
  #at(values: ReadonlyMap<string, PyConstant>): Sample | undefined {
    this.#try(values);
    const built = this.#tried.get(JSON.stringify([...values]));
    return built !== undefined || !this.isUneven(values) ? built : this.#at(evened(this.#settings, values));
  }
}
