/** What page/facts.js tells the page's scripts. */

/**
 * Bytes of the largest value of a part's graph: at least `pixel` for every pixel of the image or, where attention compares all positions with all,
 * `pair` for every pixel squared, whichever is more.
 */
export interface Largest {
  readonly pixel: number;
  readonly pair: number;
}

export interface PageFacts {
  readonly trained: boolean;
  readonly encoder: PartFacts;
  readonly decoder: PartFacts;
}

export interface PartFacts {
  readonly largest: Largest;
  /** The least side of tiles in which the part gives exactly what it gives of the whole image; null where something sees all of it. */
  readonly leastTile: number | null;
}
