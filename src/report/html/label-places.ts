/** Where labels of marks go so that they cover neither each other nor a mark. */

export interface Spot {
  /** Pixels from the left and from the top of the plot. */
  readonly x: number;
  readonly y: number;
  readonly label: string;
}

/** How a label stands to its mark, in Vega's words. */
export interface Place {
  readonly align: "left" | "right" | "center";
  readonly dx: number;
  readonly dy: number;
}

const gap = 9;

/** In the order in which they are tried. */
export const places: readonly Place[] = [
  { align: "left", dx: gap, dy: 0 },
  { align: "right", dx: -gap, dy: 0 },
  { align: "center", dx: 0, dy: -gap - 6 },
  { align: "center", dx: 0, dy: gap + 7 },
];

interface Box {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** For every spot the index of its place; the first where none is free. `width` is the plot's. */
export function labelPlaces(spots: readonly Spot[], width: number): readonly number[] {
  const taken: Box[] = spots.map(({ x, y }) => ({ left: x - 6, right: x + 6, top: y - 6, bottom: y + 6 }));
  return spots.map((spot, i) => {
    const boxes = places.map((place) => boxOf(spot, place));
    const free = boxes.findIndex(
      (box) => box.left >= 0 && box.right <= width && taken.every((other, j) => j === i || !overlap(box, other)),
    );
    const chosen = Math.max(0, free);
    taken.push(boxes[chosen] as Box);
    return chosen;
  });
}

/** The row above the plot, counted from it, in which a name that begins at `x` has room beside the others. */
export function labelRows(names: readonly { readonly x: number; readonly width: number }[]): readonly number[] {
  const rows = names.map(() => 0);
  const ends: number[] = [];
  const fromLeft = names.map((name, i) => ({ ...name, i })).sort((a, b) => a.x - b.x);
  for (const { x, width, i } of fromLeft) {
    const free = ends.findIndex((end) => end <= x);
    const row = free === -1 ? ends.length : free;
    ends[row] = x + width + gap;
    rows[i] = row;
  }
  return rows;
}

function boxOf({ x, y, label }: Spot, { align, dx, dy }: Place): Box {
  // Letters of 12 pixels.
  const width = label.length * 7;
  const left = x + dx - (align === "left" ? 0 : align === "right" ? width : width / 2);
  return { left, right: left + width, top: y + dy - 7, bottom: y + dy + 7 };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
