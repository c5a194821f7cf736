/** Values of settings at which blocks tend to do something else. */
import type { PyConstant } from "../../../ir/python.ts";
import type { Setting } from "./config.ts";

/** Settings up to here are taken for multipliers, numbers of blocks and the like, which may become the length of a list. */
export const small = 8;

/** Numbers without common factors, so that sums and products of them do not coincide. */
export const primes = [5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43];
/** What large numbers are multiples of; 0 is for the given value. */
export const grains = [1, 1, 2, 4, 8, 32, 0];
export const fractions = [0.125, 0.25, 0.375, 0.5, 0.625, 0.75];

/** Lists of positions, of growing and of falling numbers, of one item and of many; of larger numbers, those at which something may change. */
export function listsLike(given: readonly PyConstant[], turns: readonly number[], few: boolean): readonly PyConstant[] {
  if (given.length > 0 && given.every((item) => typeof item === "boolean"))
    return [[true], [false], [true, false, true], [false, true, false], [true, true, false, false]];
  const numbers = given.filter((item) => typeof item === "number");
  if (numbers.length < given.length) return [];
  const scale = numbers.some((item) => item > small) ? Math.max(...numbers) : 1;
  const lists = [
    [],
    [0],
    [1],
    [2],
    [0, 1],
    [1, 3],
    [1, 2, 3],
    [3, 1, 2],
    [4, 4],
    [1, 2, 4, 8],
    [2, 0, 5],
    [9, 1],
    [1, 1, 1, 1, 1, 1],
  ];
  const scaled = lists.filter((_, i) => !few || i % 3 === 0).map((list) => list.map((item) => item * scale));
  const at = few || scale === 1 ? [] : turns.filter((turn) => turn > small && Number.isInteger(turn));
  return [...scaled, ...at.map((turn) => given.map(() => turn))];
}

/** The values of a setting at which it mostly asks for nothing, and others beside them. */
export function plainValues({ value }: Setting): readonly PyConstant[] {
  if (typeof value === "boolean") return [false, true];
  return typeof value === "number" && Math.abs(value) <= small ? [1, 2, 4] : [];
}
