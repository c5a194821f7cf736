/**
 * The types that carry channels and stride. Literal numbers are checked in the editor; where a count is only `number`
 * (inside a loop, say) the check happens when the model is compiled.
 */
import type { Pair } from "../src/ir/attributes.ts";

declare const Channels: unique symbol;
declare const Stride: unique symbol;
declare const Length: unique symbol;
declare const Single: unique symbol;
declare const Sequence: unique symbol;
declare const Sizes: unique symbol;

/**
 * A feature map [N, C, H/S, W/S]: C channels, S image pixels per position along each side.
 * Methods are bivariant, so a `Feature<number, 8>` is accepted where a literal is wanted while `Feature<36, 8>` for
 * `Feature<16, 8>` is an error.
 */
export interface Feature<C extends number, S extends number> {
  [Channels](channels: C): void;
  [Stride](stride: S): void;
}

/** A feature map of any channels and stride, as `let h: FeatureMap` holds it through a loop: the check moves from the editor to the compiler. */
export type FeatureMap = Feature<number, number>;

/** A vector [N, C] per image. */
export interface Vector<C extends number> {
  [Length](channels: C): void;
}

/** A sequence of tokens [N, C, L]: C channels at each of L positions, channels before positions as everywhere here. */
export interface Tokens<C extends number> {
  [Sequence](channels: C): void;
}

/** A single number, which arithmetic repeats over whatever it meets. */
export interface Scalar {
  [Single](): void;
}

/** A learned tensor of its own. */
export interface Parameter<D extends readonly number[]> {
  [Sizes](sizes: D): void;
}

/** What functions of single values take and return. */
export type FeatureOrVector = Feature<number, number> | Tokens<number> | Vector<number> | Parameter<readonly number[]>;

// Addition of literal numbers, digit by digit over a small table; `number` in, `number` out.
type Digit = "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9";
type Tuple<N extends number, A extends 0[] = []> = A["length"] extends N ? A : Tuple<N, [...A, 0]>;
interface Unary {
  "0": [];
  "1": Tuple<1>;
  "2": Tuple<2>;
  "3": Tuple<3>;
  "4": Tuple<4>;
  "5": Tuple<5>;
  "6": Tuple<6>;
  "7": Tuple<7>;
  "8": Tuple<8>;
  "9": Tuple<9>;
}
type AddDigits<A extends Digit, B extends Digit, Carry extends "0" | "1"> = [...Unary[A], ...Unary[B], ...Unary[Carry]]["length"];
type CarryAndDigit<N extends number> = `${N}` extends `1${infer D extends Digit}`
  ? ["1", D]
  : `${N}` extends infer D extends Digit
    ? ["0", D]
    : never;
type Reverse<T extends string, Out extends string = ""> = T extends `${infer Head}${infer Rest}`
  ? Reverse<Rest, `${Head}${Out}`>
  : Out;
type Walk<
  A extends string,
  B extends string,
  Carry extends "0" | "1",
  Out extends string,
> = A extends `${infer HeadA extends Digit}${infer RestA}`
  ? B extends `${infer HeadB extends Digit}${infer RestB}`
    ? Step<CarryAndDigit<AddDigits<HeadA, HeadB, Carry> & number>, RestA, RestB, Out>
    : Step<CarryAndDigit<AddDigits<HeadA, "0", Carry> & number>, RestA, "", Out>
  : B extends `${infer HeadB extends Digit}${infer RestB}`
    ? Step<CarryAndDigit<AddDigits<"0", HeadB, Carry> & number>, "", RestB, Out>
    : Carry extends "1"
      ? `1${Out}`
      : Out;
type Step<P, RestA extends string, RestB extends string, Out extends string> = P extends [
  infer C extends "0" | "1",
  infer D extends string,
]
  ? Walk<RestA, RestB, C, `${D}${Out}`>
  : never;
type ToNumber<T> = T extends `${infer N extends number}` ? N : number;

/** A + B for literals, `number` otherwise, and A where B is 0: what changes nothing is left out, so that a count of a generic C stays C. */
export type Add<A extends number, B extends number> = B extends 0 ? A : Plus<A, B>;
/** An alias of its own, by which messages call it where A is a generic block's. */
export type Plus<A extends number, B extends number> = number extends A
  ? number
  : number extends B
    ? number
    : ToNumber<Walk<Reverse<`${A}`>, Reverse<`${B}`>, "0", "">>;

/** The total of a list of literals. */
export type Sum<L extends readonly number[], Total extends number> = L extends readonly [
  infer Head extends number,
  ...infer Rest extends readonly number[],
]
  ? Sum<Rest, Add<Total, Head>>
  : L extends readonly []
    ? Total
    : number;

// Digits of a difference: the complement to nines is added, and 1.
interface Complements {
  "0": "9";
  "1": "8";
  "2": "7";
  "3": "6";
  "4": "5";
  "5": "4";
  "6": "3";
  "7": "2";
  "8": "1";
  "9": "0";
}
/** As long as `Length`, which is no shorter. */
type Complement<T extends string, Length extends string, Out extends string = ""> = Length extends `${string}${infer Longer}`
  ? T extends `${infer Head extends Digit}${infer Rest}`
    ? Complement<Rest, Longer, `${Out}${Complements[Head]}`>
    : Complement<"", Longer, `${Out}9`>
  : Out;
type Trimmed<T extends string> = T extends `0${infer Rest extends `${string}${Digit}`}` ? Trimmed<Rest> : T;

/** A − B for literals with B ≤ A, `number` otherwise, and A where B is 0. */
export type Difference<A extends number, B extends number> = B extends 0 ? A : Minus<A, B>;
export type Minus<A extends number, B extends number> = number extends A | B
  ? number
  : Walk<Reverse<`${A}`>, Complement<Reverse<`${B}`>, Reverse<`${A}`>>, "1", ""> extends `1${infer Digits}`
    ? // Where B > A the digits mean something else.
      Add<ToNumber<Trimmed<Digits>>, B> extends A
      ? ToNumber<Trimmed<Digits>>
      : number
    : number;

// Multiplication and division digit by digit, from the left.
type Copies<A, N extends 0[]> = { [I in keyof N]: A };
type Multiplied<
  A extends number,
  B extends string,
  Total extends number = 0,
> = B extends `${infer Head extends Digit}${infer Rest}`
  ? Multiplied<A, Rest, Sum<Copies<A, Unary[Head]>, Total extends 0 ? 0 : ToNumber<`${Total}0`>>>
  : B extends ""
    ? Total
    : number;

/** A·B for literals, `number` otherwise, and A where B is 1. */
export type Product<A extends number, B extends number> = B extends 1 ? A : Multiple<A, B>;
export type Multiple<A extends number, B extends number> = number extends A | B ? number : Multiplied<A, `${B}`>;

type TenTimes<R extends 0[]> = [...R, ...R, ...R, ...R, ...R, ...R, ...R, ...R, ...R, ...R];
type Counted<N extends 0[], D extends 0[], Q extends 0[] = []> = N extends [...D, ...infer Rest extends 0[]]
  ? Counted<Rest, D, [...Q, 0]>
  : [`${Q["length"]}`, N];
type Divided<
  A extends string,
  D extends 0[],
  R extends 0[] = [],
  Out extends string = "",
> = A extends `${infer Head extends Digit}${infer Rest}`
  ? Counted<[...TenTimes<R>, ...Unary[Head]], D> extends [infer Q extends string, infer Left extends 0[]]
    ? Divided<Rest, D, Left, `${Out}${Q}`>
    : number
  : [A, R] extends ["", []]
    ? ToNumber<Trimmed<Out>>
    : number;
/** The literals that tuples are made for: 1 to 99. */
type Small<K extends number> = `${K}` extends Exclude<Digit, "0"> | `${Exclude<Digit, "0">}${Digit}` ? K : never;

/** A/B for literals where it is whole and B is at most 99, `number` otherwise, and A where B is 1. */
export type Quotient<A extends number, B extends number> = B extends 1 ? A : Part<A, B>;
export type Part<A extends number, B extends number> = number extends A | B
  ? number
  : [Small<B>] extends [never]
    ? number
    : Divided<`${A}`, Tuple<B>>;

/** K equal runs of C channels: a tuple where K is a literal of at most 99. */
export type Chunks<C extends number, S extends number, K extends number> = number extends K
  ? readonly Feature<number, S>[]
  : [Small<K>] extends [never]
    ? readonly Feature<number, S>[]
    : Copies<Feature<Quotient<C, K>, S>, Tuple<K>>;

/** The same of a token sequence. */
export type TokenChunks<C extends number, K extends number> = number extends K
  ? readonly Tokens<number>[]
  : [Small<K>] extends [never]
    ? readonly Tokens<number>[]
    : Copies<Tokens<Quotient<C, K>>, Tuple<K>>;

/** The same of a vector. */
export type VectorChunks<C extends number, K extends number> = number extends K
  ? readonly Vector<number>[]
  : [Small<K>] extends [never]
    ? readonly Vector<number>[]
    : Copies<Vector<Quotient<C, K>>, Tuple<K>>;

/** 4·C: the channels of the four Haar bands. */
export type FourTimes<C extends number> = Product<C, 4>;

type Powers = [1, 2, 4, 8, 16, 32, 64, 128, 256];
type IndexOf<S extends number, L extends readonly number[] = Powers, Before extends 0[] = []> = L extends readonly [
  infer Head,
  ...infer Rest extends readonly number[],
]
  ? Head extends S
    ? Before
    : IndexOf<S, Rest, [...Before, 0]>
  : undefined;

/** S·K for strides and factors that are powers of two, `number` otherwise. */
export type Times<S extends number, K extends number> = K extends 1 ? S : StrideTimes<S, K>;
// An alias of its own, by which messages call it where S is a generic block's.
type StrideTimes<S extends number, K extends number> = number extends S | K
  ? number
  : [IndexOf<S>, IndexOf<K>] extends [infer A extends 0[], infer B extends 0[]]
    ? Powers[[...A, ...B]["length"] & keyof Powers] extends infer P extends number
      ? P
      : number
    : number;

/** S/K for strides and factors that are powers of two, `number` otherwise. */
export type Over<S extends number, K extends number> = K extends 1 ? S : StrideOver<S, K>;
// An alias of its own, by which messages call it where S is a generic block's.
type StrideOver<S extends number, K extends number> = number extends S | K
  ? number
  : [IndexOf<S>, IndexOf<K>] extends [infer A extends 0[], infer B extends 0[]]
    ? A extends [...B, ...infer Rest extends 0[]]
      ? Powers[Rest["length"] & keyof Powers] extends infer P extends number
        ? P
        : number
      : number
    : number;

/** The number of a pair whose sides are equal, `number` where they differ. */
export type Side<K extends Pair> = K extends readonly [infer A extends number, infer B]
  ? [A, B] extends [B, A]
    ? A
    : number
  : K extends number
    ? K
    : number;
