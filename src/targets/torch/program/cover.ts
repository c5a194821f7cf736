/** Rows of choices that have every choice of some columns with every choice of others: two of them, or three, of few rows. */

/** So many rows in a row are refused before whole ones are no longer tried. */
const mostRefused = 4;

/** Columns that are looked at together, and which of their choices have been. */
interface Group {
  readonly columns: readonly number[];
  readonly seen: Uint8Array;
}

/**
 * Tries rows until every choice of `strength` columns was in one with every choice of the others, first choices first. `counts` are the choices of each column;
 * of a row that is refused, those that it was made for are tried with the first choices of all other columns. It ends where `tries` gives undefined.
 */
export function cover(counts: readonly number[], strength: number, tries: (row: readonly number[]) => boolean | undefined): void {
  const groups = subsets(counts.length, strength).map((columns): Group => {
    return { columns, seen: new Uint8Array(columns.reduce((size, column) => size * (counts[column] as number), 1)) };
  });
  const of = counts.map((_, column) => groups.filter(({ columns }) => columns.includes(column)));
  /** Where the choices of a group stand; undefined where not all are made. */
  const at = ({ columns }: Group, row: readonly (number | undefined)[]): number | undefined => {
    let place = 0;
    for (const column of columns) {
      const choice = row[column];
      if (choice === undefined) return undefined;
      place = place * (counts[column] as number) + choice;
    }
    return place;
  };
  const isOpen = (group: Group, row: readonly (number | undefined)[]): boolean => {
    const place = at(group, row);
    return place !== undefined && group.seen[place] === 0;
  };
  const see = (group: Group, row: readonly number[]): void => {
    group.seen[at(group, row) as number] = 1;
  };
  let refused = 0;
  for (const { group, choices } of wanted(groups, counts)) {
    const row = counts.map((_, column): number | undefined => choices[group.columns.indexOf(column)]);
    if (!isOpen(group, row)) continue;
    const alone = row.map((choice) => choice ?? 0);
    // The choice that is new with most of the others.
    for (const column of refused < mostRefused ? counts.keys() : []) {
      if (row[column] !== undefined) continue;
      let most = -1;
      for (let choice = 0; choice < (counts[column] as number); choice++) {
        const next = row.with(column, choice);
        const fresh = (of[column] as readonly Group[]).filter((each) => isOpen(each, next)).length;
        if (fresh > most) [most, row[column]] = [fresh, choice];
      }
    }
    const full = row.map((choice) => choice ?? 0);
    const isAlone = full.every((choice, column) => choice === alone[column]);
    for (const each of isAlone ? [alone] : [full, alone]) {
      const taken = tries(each);
      if (taken === undefined) return;
      if (!isAlone && each === full) refused = taken ? 0 : refused + 1;
      if (!taken) continue;
      for (const other of groups) see(other, each);
      break;
    }
    see(group, alone);
  }
}

/** What is to be seen, first choices first. */
function wanted(
  groups: readonly Group[],
  counts: readonly number[],
): readonly { readonly group: Group; readonly choices: readonly number[] }[] {
  const all = groups.flatMap((group) =>
    group.columns
      .reduce<readonly (readonly number[])[]>(
        (rows, column) =>
          rows.flatMap((row) => Array.from({ length: counts[column] as number }, (_, choice) => [...row, choice])),
        [[]],
      )
      .map((choices) => ({ group, choices, rank: choices.reduce((sum, choice) => sum + choice, 0) })),
  );
  return all.sort((one, other) => one.rank - other.rank);
}

/** So many of so many columns, near ones first. */
function subsets(count: number, size: number): readonly (readonly number[])[] {
  if (size === 0) return [[]];
  return Array.from({ length: count }, (_, column) => column).flatMap((column) =>
    subsets(column, size - 1).map((others) => [...others, column]),
  );
}
