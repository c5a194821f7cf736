/** The type of layers that change values alone. */
import type { Feature, Vector } from "../feature.ts";

/** Keeps the channels and sides of a feature map, or the channels of a vector. */
export interface SameValues<C extends number> {
  (x: Vector<C>): Vector<C>;
  <S extends number>(x: Feature<C, S>): Feature<C, S>;
}
