/** Settings of a config.json that diffusers writes, one by one. */
export type DiffusersConfig = Readonly<Record<string, unknown>>;

/** Why a configuration has no model here: a setting, what it may be, and what it is. */
export class Unsupported extends Error {
  readonly expected: string;
  readonly found: string;

  constructor(setting: string, expected: string, found: unknown) {
    super(setting);
    this.expected = `${setting}: ${expected}`;
    this.found = `${setting}: ${JSON.stringify(found)}`;
  }
}

/** What a setting must be where the layers are always the same. */
export function expectSettings(config: DiffusersConfig, wanted: Readonly<Record<string, unknown>>): void {
  for (const [setting, value] of Object.entries(wanted)) {
    const found = config[setting] ?? value;
    if (found !== value) throw new Unsupported(setting, JSON.stringify(value), found);
  }
}

export function numberOf(config: DiffusersConfig, setting: string, otherwise: number): number {
  const found = config[setting] ?? otherwise;
  if (typeof found !== "number") throw new Unsupported(setting, "a number", found);
  return found;
}

export function flagOf(config: DiffusersConfig, setting: string, otherwise: boolean): boolean {
  const found = config[setting] ?? otherwise;
  if (typeof found !== "boolean") throw new Unsupported(setting, "true or false", found);
  return found;
}

/** The levels whose block is the second of these kinds, of as many as there are widths. */
export function levelsOf(
  config: DiffusersConfig,
  setting: string,
  count: number,
  kinds: readonly [string, string],
): readonly number[] {
  const found = everyLevel(config, setting, count);
  const other: unknown = found.find((kind) => !kinds.includes(kind as string));
  if (other !== undefined) throw new Unsupported(setting, kinds.join(" or "), other);
  return found.flatMap((kind, level) => (kind === kinds[1] ? [level] : []));
}

export function widthsOf(config: DiffusersConfig, setting: string): readonly number[] {
  const widths = countsOf(setting, config[setting], "widths of the levels");
  if (widths.length === 0) throw new Unsupported(setting, "widths of the levels", widths);
  return widths;
}

/** A list of whole numbers, the first at least `least`, the others at least 1. */
export function countsOf(setting: string, found: unknown, expected: string, least = 1): readonly number[] {
  const right = (count: unknown, i: number): boolean => Number.isInteger(count) && (count as number) >= (i === 0 ? least : 1);
  if (Array.isArray(found) && found.every(right)) return found as readonly number[];
  throw new Unsupported(setting, expected, found);
}

/** What one of the texts that a setting may be stands for here. */
export function choiceOf<T>(setting: string, found: unknown, choices: Readonly<Record<string, T>>): T {
  const chosen = typeof found === "string" && Object.hasOwn(choices, found) ? choices[found] : undefined;
  if (chosen === undefined) throw new Unsupported(setting, Object.keys(choices).join(" or "), found);
  return chosen;
}

/** A setting's values for all levels: a list of as many, or one text for all. */
export function everyLevel(config: DiffusersConfig, setting: string, levels: number): readonly unknown[] {
  const found = config[setting];
  if (typeof found === "string") return Array.from({ length: levels }, () => found);
  if (Array.isArray(found) && found.length === levels) return found;
  throw new Unsupported(setting, `a list of ${levels}, one for each level`, found);
}

/** The value that all of these levels have; where none are named, all there are. */
export function alikeAt(config: DiffusersConfig, setting: string, levels: number, at: readonly number[]): unknown {
  const values = everyLevel(config, setting, levels);
  const [value, ...others] = at.length === 0 ? values : at.map((level) => values[level]);
  const text = JSON.stringify(value);
  if (others.every((other) => JSON.stringify(other) === text)) return value;
  throw new Unsupported(setting, `${text} at all of the levels ${at.join(", ")}`, values);
}
