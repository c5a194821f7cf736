/** Curves of a bounded number of points. */

export interface Reading {
  readonly step: number;
  readonly value: number;
}

/** A point of a thinned curve: the mean of the readings of a stretch, and how far they spread. */
export interface Point extends Reading {
  readonly low: number;
  readonly high: number;
  /** How many readings it stands for. */
  readonly count: number;
}

/** Most points that a curve is drawn with. */
export const pointLimit = 120;

/** What is said of a curve that was thinned. */
export function thinningNote(readings: number): string {
  const each = Math.ceil(readings / pointLimit);
  return `Means of ${each} logged steps; the band spans their smallest and largest.`;
}

/** At most `limit` points: readings in a row are grouped evenly, each group becomes its mean at the step of its last one. */
export function thinned(readings: readonly Reading[], limit = pointLimit): readonly Point[] {
  const each = Math.max(1, Math.ceil(readings.length / limit));
  return Array.from({ length: Math.ceil(readings.length / each) }, (_, i) => {
    const group = readings.slice(i * each, (i + 1) * each);
    const values = group.map(({ value }) => value);
    return {
      step: group.at(-1)?.step ?? 0,
      value: values.reduce((sum, value) => sum + value, 0) / values.length,
      low: Math.min(...values),
      high: Math.max(...values),
      count: group.length,
    };
  });
}
