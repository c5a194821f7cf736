/** Lists that an author asks whether they name something: a place, or the resolution of an image after some halvings. */
import type { PyConstant } from "../../../ir/python.ts";
import type { Setting } from "./config.ts";
import { small } from "./probe-values.ts";

type Values = ReadonlyMap<string, PyConstant>;

/** A setting that is a list of numbers, and of how many. */
interface Listed {
  readonly name: string;
  readonly length: number;
}

/** Positions, or what an image is divided by there. */
export const positions = [[1], [2, 4], [0, 2]];

/** What nothing asks for, of counts and of larger numbers. */
export function nowhere(items: readonly number[]): readonly (readonly number[])[] {
  return items.some((item) => item > small) ? [[997], [1009]] : [[9], [11]];
}

/** The list with these items, all of them and so often that it keeps its length. */
export function naming({ name, length }: Listed, lists: readonly (readonly number[])[]): readonly Values[] {
  return lists.map((items) => {
    const each = Array.from({ length: Math.max(length, items.length) }, (_, i) => items[i % items.length] as number);
    return new Map([[name, each]]);
  });
}

/** A number, with lists of it and of what is left where it is halved; of an odd one, too. */
export function halving(list: Listed, name: string, odd: number, few: boolean): readonly Values[] {
  const lists = few ? [[2]] : [[1], [2], [1, 4]];
  const halves = (number: number, divisors: readonly number[]): readonly number[] =>
    divisors.map((divisor) => Math.floor(number / divisor));
  return [8 * odd, ...(few ? [] : [odd])].flatMap((number) =>
    naming(
      list,
      lists.map((divisors) => halves(number, divisors)),
    ).map((values) => new Map<string, PyConstant>([...values, [name, number]])),
  );
}

/** Whether settings that were lists of one length are not under these values. */
export function areUneven(settings: readonly Setting[], values: ReadonlyMap<string, PyConstant>): boolean {
  const lists = settings.flatMap(({ name, value }) => (Array.isArray(value) ? [{ name, value }] : []));
  const length = ({ name, value }: (typeof lists)[number]): number => ((values.get(name) ?? value) as unknown[]).length;
  return lists.some((a) => lists.some((b) => a.value.length === b.value.length && length(a) !== length(b)));
}

/** With lists that were of one length as long as the longest of them, their items again and again. */
export function evened(settings: readonly Setting[], values: Values): Values {
  const listOf = ({ name, value }: Setting): readonly PyConstant[] => (values.get(name) ?? value) as readonly PyConstant[];
  const lists = settings.filter(({ value }) => Array.isArray(value));
  const even = lists.map((setting) => {
    const list = listOf(setting);
    const beside = lists.filter(({ value }) => (value as unknown[]).length === (setting.value as unknown[]).length);
    const longest = Math.max(...beside.map((other) => listOf(other).length));
    const filled = list.length === 0 ? (setting.value as readonly PyConstant[]) : list;
    return [
      setting.name,
      list.length === longest ? list : Array.from({ length: longest }, (_, i) => filled[i % filled.length]),
    ] as const;
  });
  return new Map<string, PyConstant>([...values, ...(even as readonly (readonly [string, PyConstant])[])]);
}
