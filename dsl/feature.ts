/**
 * The types that carry channels and stride. Literal numbers are checked in the editor; where a count is only `number`
 * (inside a loop, say) the check happens when the model is compiled.
 */
declare const Channels: unique symbol;
declare const Stride: unique symbol;
declare const Length: unique symbol;
declare const Single: unique symbol;

/**
 * A feature map [N, C, H/S, W/S]: C channels, S image pixels per position along each side.
 * Methods are bivariant, so a `Feature<number, 8>` is accepted where a literal is wanted while `Feature<36, 8>` for
 * `Feature<16, 8>` is an error.
 */
export interface Feature<C extends number, S extends number> {
  [Channels](channels: C): void;
  [Stride](stride: S): void;
}

/** A vector [N, C] per image. */
export interface Vector<C extends number> {
  [Length](channels: C): void;
}

/** A single number, which arithmetic repeats over whatever it meets. */
export interface Scalar {
  [Single](): void;
}

/** What functions of single values take and return. */
export type FeatureOrVector = Feature<number, number> | Vector<number>;

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

/** A + B for literals, `number` otherwise. */
export type Add<A extends number, B extends number> = number extends A
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

/** 4·C: the channels of the four Haar bands. */
export type FourTimes<C extends number> = Sum<[C, C, C], C>;

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
export type Times<S extends number, K extends number> = K extends 1
  ? S
  : number extends S | K
    ? number
    : [IndexOf<S>, IndexOf<K>] extends [infer A extends 0[], infer B extends 0[]]
      ? Powers[[...A, ...B]["length"] & keyof Powers] extends infer P extends number
        ? P
        : number
      : number;

/** S/K for strides and factors that are powers of two, `number` otherwise. */
export type Over<S extends number, K extends number> = K extends 1
  ? S
  : number extends S | K
    ? number
    : [IndexOf<S>, IndexOf<K>] extends [infer A extends 0[], infer B extends 0[]]
      ? A extends [...B, ...infer Rest extends 0[]]
        ? Powers[Rest["length"] & keyof Powers] extends infer P extends number
          ? P
          : number
        : number
      : number;
