/** Which settings of a block's configuration its function asks for, so that a misspelt one is noticed, and that it changes none. */
import { nearest } from "../../src/errors/index.ts";

export interface Slip {
  /** The setting that nothing read. */
  readonly found: string;
  /** The one that was asked for in vain, spelt almost like it. */
  readonly meant: string;
}

export interface Watched<A extends readonly unknown[]> {
  /** The configuration to hand on, equal to the given one; what is set in it, or in lists and records in it, throws a TypeError. */
  readonly config: A;
  /**
   * A setting that nothing has read, where one of nearly its name was asked for and is missing. Either alone is no fault: blocks have optional
   * settings, and branches that leave some unread.
   */
  slip(): Slip | undefined;
}

export function watched<A extends readonly unknown[]>(config: A): Watched<A> {
  const each = config.map((item) => (isPlain(item) ? watchedObject(item) : undefined));
  return {
    config: config.map((item, i) => each[i]?.config ?? fixed(item)) as unknown as A,
    slip: () => each.map((item) => item?.slip()).find((slip) => slip !== undefined),
  };
}

/** A copy of lists and records that cannot be changed; the given ones stay the author's. */
function fixed(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(fixed));
  return isPlain(value)
    ? Object.freeze(Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fixed(each)])))
    : value;
}

/** Whether an error is what changing a configuration throws, in the engine's words. */
export function isChange(error: unknown): error is TypeError {
  return (
    error instanceof TypeError &&
    /^(Cannot (add property|assign to read only property|delete property|define property)|'(set|defineProperty|deleteProperty)' on proxy)/.test(
      error.message,
    )
  );
}

type Settings = Readonly<Record<string, unknown>>;

/** Written `{ … }`: an instance of a class may have private fields, which a proxy hides. */
function isPlain(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

function watchedObject(settings: Settings): { readonly config: Settings; readonly slip: () => Slip | undefined } {
  const asked = new Set<string>();
  const note = (key: string | symbol): void => {
    if (typeof key === "string") asked.add(key);
  };
  const config = new Proxy(fixed(settings) as Settings, {
    get(target, key, receiver) {
      note(key);
      return Reflect.get(target, key, receiver) as unknown;
    },
    has(target, key) {
      note(key);
      return Reflect.has(target, key);
    },
    // A spread, a rest or Object.keys may use every setting.
    ownKeys(target) {
      Object.keys(target).forEach(note);
      return Reflect.ownKeys(target);
    },
  });
  const slip = (): Slip | undefined => {
    const missing = [...asked].filter((key) => !(key in settings));
    return Object.keys(settings)
      .filter((key) => !asked.has(key))
      .map((found) => ({ found, meant: nearest(found, missing) }))
      .find((candidate): candidate is Slip => candidate.meant !== undefined);
  };
  return { config, slip };
}
