/** The type of layers that change values alone. */
import type { Feature, Tokens, Vector } from "../feature.ts";

/** Keeps the channels and sides of a feature map, the channels and positions of a token sequence, or the channels of a vector. */
export interface SameValues<C extends number> {
  (x: Vector<C>): Vector<C>;
  (x: Tokens<C>): Tokens<C>;
  <S extends number>(x: Feature<C, S>): Feature<C, S>;
}
