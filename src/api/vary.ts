/** `--vary channels=16..64:16,multipliers=1-2-4/1-2-2`: which values settings take; `|`, which shells want in quotes, is as good as `/`. */
import { nearest, UsageError } from "../errors/index.ts";
import type { NonEmpty } from "../errors/must.ts";
import type { Setting, Variants } from "../ir/model.ts";
import { fitsSetting, kindOfSetting } from "../ir/settings.ts";
import { isRecord, shown } from "./options.ts";

export type Varied = Readonly<Record<string, readonly Setting[]>>;

const howTo = "write for example channels=16..64:16, channels=16/24/32 or multipliers=1-2-4/1-2-2";

/** The values of every setting that is named; throws UsageError where one is not there, is named twice, or takes no such value. */
export function parseVary(texts: readonly string[], { settings }: Pick<Variants, "settings">): Varied {
  const varied = new Map<string, readonly Setting[]>();
  for (const text of texts.flatMap((each) => each.split(","))) {
    const [name, values, ...rest] = text.split("=").map((word) => word.trim()) as readonly string[] as NonEmpty<string>;
    const own = Object.hasOwn(settings, name) ? settings[name] : undefined;
    if (own === undefined) throw noSetting(name, Object.keys(settings));
    if (values === undefined || values === "" || rest.length > 0)
      throw unread(text, `${name}= and values`, values === undefined ? "no values" : text);
    if (varied.has(name)) throw unread(text, "every setting once", `${name} twice`);
    varied.set(name, valuesOf(name, values, own));
  }
  return Object.fromEntries(varied);
}

function valuesOf(name: string, text: string, own: Setting): readonly Setting[] {
  const found = text.split(/[|/]/).flatMap((item): readonly Setting[] => {
    const values = typeof own === "number" ? numbers(item) : [valueOf(item, own)];
    if (typeof values === "string") throw unread(`${name}=${text}`, expectedOf(own), item, values);
    const read = values.filter((value) => value !== undefined);
    if (read.length === values.length) return read;
    throw unread(`${name}=${text}`, expectedOf(own), item === "" ? "nothing" : item, listHelp(name, item, own));
  });
  return eachOnce(found);
}

function eachOnce(values: readonly Setting[]): readonly Setting[] {
  // As text, since lists are not the same by themselves.
  return [...new Map(values.map((value) => [String(value), value])).values()];
}

/** Texts as `--vary` takes them, or values themselves, each once; throws UsageError where they are neither, or no values of these settings. */
export function readVary(vary: unknown, variants: Pick<Variants, "settings">): Varied {
  if (Array.isArray(vary) && vary.every((item) => typeof item === "string")) return parseVary(vary, variants);
  if (!isRecord(vary)) {
    throw new UsageError({
      what: "vary of search cannot be this",
      expected: '{ channels: [8, 16] }, or ["channels=8/16"]',
      found: shown(vary),
      help: typeof vary === "string" ? `write [${shown(vary)}]` : "give every setting that varies the list of its values",
    });
  }
  return Object.fromEntries(
    Object.entries(vary).map(([name, values]) => {
      const { settings } = variants;
      const own = Object.hasOwn(settings, name) ? settings[name] : undefined;
      if (own === undefined) throw noSetting(name, Object.keys(settings));
      return [name, checkedValues(name, values, own)];
    }),
  );
}

function checkedValues(name: string, values: unknown, own: Setting): readonly Setting[] {
  const example = typeof own === "object" ? `[[${own.join(", ")}]]` : `[${JSON.stringify(own)}]`;
  const wrong = (found: string, expected: string, help: string): UsageError =>
    new UsageError({ what: `${name} cannot vary so`, expected, found, help });
  if (!Array.isArray(values) || values.length === 0) {
    const help = fitsSetting(values, own) ? `write ${name}: [${shown(values)}]` : `write for example ${name}: ${example}`;
    throw wrong(Array.isArray(values) ? "a list without values" : shown(values), `a list of values, such as ${example}`, help);
  }
  const all: readonly unknown[] = values;
  const read = all.filter((value) => fitsSetting(value, own));
  if (read.length === all.length) return eachOnce(read);
  const found = all.find((value) => !fitsSetting(value, own));
  const meant = typeof own === "object" && Number.isFinite(found);
  throw wrong(
    shown(found),
    `values that are each ${kindOfSetting(own)}`,
    meant ? `${name} is a list: write [[${shown(found)}]]` : `write for example ${name}: ${example}`,
  );
}

/** What a text is of the kind that the setting has; undefined where it is nothing of that kind. */
function valueOf(text: string, own: Setting): Setting | undefined {
  if (typeof own === "boolean") return text === "true" ? true : text === "false" ? false : undefined;
  if (typeof own === "string") return text === "" ? undefined : text;
  const items = text.split("-").map(numberOf);
  return items.every((item) => item !== undefined) ? items : undefined;
}

/** Of a range for a setting that is a list of numbers. */
function listHelp(name: string, item: string, own: Setting): string | undefined {
  if (typeof own !== "object" || !item.includes("..")) return undefined;
  return `${name} is a list: write its numbers with - between them, and / between lists, such as 2-4/2-8`;
}

/** A number, or all from one to another in steps; a text says what helps where they are none. */
function numbers(text: string): readonly (number | undefined)[] | string {
  const [range, step, ...more] = text.split(":") as readonly string[] as NonEmpty<string>;
  const [first, last, ...rest] = range.split("..") as readonly string[] as NonEmpty<string>;
  const [from, to, by] = [numberOf(first), last === undefined ? undefined : numberOf(last), numberOf(step ?? "1")];
  if (/(?:^|\.\.|:)\s*-\s*\d/.test(text)) return "give no negative number";
  if (last === undefined && !text.includes(":")) return [from];
  if (from === undefined || to === undefined || by === undefined || more.length + rest.length > 0) return [undefined];
  if (by === 0) return "give a step above 0";
  if (to < from) return `the upper end is below the lower one: write ${last}..${first}${step === undefined ? "" : `:${step}`}`;
  const count = Math.floor((to - from) / by + 1e-9) + 1;
  if (count > most) throw tooMany(count);
  return Array.from({ length: count }, (_, i) => Number((from + i * by).toPrecision(12)));
}

function numberOf(text: string): number | undefined {
  return /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined;
}

function expectedOf(own: Setting): string {
  if (typeof own === "boolean") return "true/false";
  if (typeof own === "string") return "words, separated by /";
  return typeof own === "number"
    ? "numbers such as 16/24/32, or a range such as 16..64:16"
    : "lists of numbers such as 1-2-4/1-2-2";
}

function unread(text: string, expected: string, found: string, help = howTo): UsageError {
  return new UsageError({ what: `"${text}" gives no values to vary`, expected, found, help });
}

function noSetting(name: string, names: readonly string[]): UsageError {
  const meant = nearest(name, names) ?? names.find((each) => each.toLowerCase().includes(name.toLowerCase()) && name !== "");
  return new UsageError({
    what: `the model has no setting ${name === "" ? "without a name" : name}`,
    expected: names.join(", "),
    found: name === "" ? "nothing" : name,
    help: meant === undefined ? howTo : `did you mean ${meant}?`,
  });
}

/** More than anybody reads, and hours of counting. */
const most = 10_000;

export function tooMany(count: number): UsageError {
  return new UsageError({
    what: "there are too many variants",
    expected: `at most ${most.toLocaleString("en")}`,
    found: count.toLocaleString("en"),
    help: "vary fewer settings, or in larger steps",
  });
}

/** Every combination of values, the last setting changing first. UsageError where there are too many. */
export function combinations(varied: Varied): readonly Readonly<Record<string, Setting>>[] {
  const count = Object.values(varied).reduce((product, values) => product * values.length, 1);
  if (count > most) throw tooMany(count);
  return Object.entries(varied).reduce<readonly Readonly<Record<string, Setting>>[]>(
    (all, [name, values]) => all.flatMap((each) => values.map((value) => ({ ...each, [name]: value }))),
    [{}],
  );
}
