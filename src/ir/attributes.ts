/** What an op's attributes are, said once per op: from it come their types, defaults, checks and documentation. */

export type AttrValue = number | string | boolean | readonly number[];
export type Attrs = Readonly<Record<string, AttrValue>>;

/** A default that follows from other attributes, which are declared before it. */
export interface DefaultRule {
  /** The attributes that `rule` takes, in its order. */
  readonly from: readonly string[];
  rule(...values: readonly AttrValue[]): AttrValue;
  /** The rule in a few words, for documentation: `size`, `(kernel − 1)/2, rounded down`. */
  readonly doc: string;
  /** The function of a package's `layers` that computes the same from the same values. */
  readonly python?: string;
  /** Values that this function takes where they are left out, which are the last. */
  readonly pythonDefaults?: Readonly<Record<string, AttrValue>>;
}

interface Declared<T extends AttrValue> {
  /** One sentence for its user. */
  readonly doc: string;
  /** What it is where its author leaves it out; absent where it must be given. */
  readonly default?: T | DefaultRule;
}

/** A whole number of at least `min`, which is 1 where absent. */
interface CountDeclaration extends Declared<number> {
  readonly kind: "count";
  readonly min?: number;
}

/** Whole numbers of at least 1, as many as `lengths` allows. */
interface CountsDeclaration extends Declared<readonly number[]> {
  readonly kind: "counts";
  readonly lengths: Interval;
}

/** A whole number of at least `min`, which is 1 where absent, or two of them: of height and of width. */
interface PairDeclaration extends Declared<Pair> {
  readonly kind: "pair";
  readonly min?: number;
}

/** A number for both sides, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

/** Of height and of width. */
export function sidesOf(pair: Pair): readonly [height: number, width: number] {
  return typeof pair === "number" ? [pair, pair] : pair;
}

/** A number that float32 holds, in an interval where one is given. */
interface NumberDeclaration extends Declared<number> {
  readonly kind: "number";
  readonly interval?: Interval;
  /** Another attribute that it must not exceed. */
  readonly atMost?: string;
}

export interface Interval {
  readonly min: number;
  readonly max: number;
  /** `min` itself lies outside. */
  readonly open?: boolean;
}

interface ChoiceDeclaration extends Declared<string> {
  readonly kind: "choice";
  readonly choices: readonly string[];
}

interface FlagDeclaration extends Declared<boolean> {
  readonly kind: "flag";
}

export type AttributeDeclaration =
  CountDeclaration | CountsDeclaration | PairDeclaration | NumberDeclaration | ChoiceDeclaration | FlagDeclaration;

/** The attributes of an op by name, in the order in which they are filled in, checked and printed. */
export type Attributes = Readonly<Record<string, AttributeDeclaration>>;

type ValueOf<D> = D extends { readonly kind: "flag" }
  ? boolean
  : D extends { readonly kind: "choice"; readonly choices: readonly (infer Choice extends string)[] }
    ? Choice
    : D extends { readonly kind: "counts" }
      ? readonly number[]
      : D extends { readonly kind: "pair" }
        ? Pair
        : number;

/** The values that an op declared so computes with. */
export type AttrsOf<D extends Attributes> = { readonly [Name in keyof D]: ValueOf<D[Name]> };

type WithDefault<D extends Attributes> = {
  [Name in keyof D]: D[Name] extends { readonly default: unknown } ? Name : never;
}[keyof D];

/** What its author writes: what has a default may be left out. */
export type ConfigOf<D extends Attributes> = { readonly [Name in Exclude<keyof D, WithDefault<D>>]: ValueOf<D[Name]> } & {
  readonly [Name in WithDefault<D>]?: ValueOf<D[Name]>;
};

export function isRule(value: AttrValue | DefaultRule): value is DefaultRule {
  return typeof value === "object" && "rule" in value;
}

/** `1`, `(kernel − 1)/2 rounded down`: what an attribute is where it is left out; undefined where it must be given. */
export function formatDefault({ default: value }: AttributeDeclaration): string | undefined {
  if (value === undefined) return undefined;
  return isRule(value) ? value.doc : JSON.stringify(value);
}
