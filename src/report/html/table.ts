/** Tables that sort: the heading of a column is a button, rows carry the exact values that they are sorted by. */
import { markup, type Content, type Markup } from "./markup.ts";

export interface TableColumn<Row> {
  readonly title: string;
  /** Under the title: what the numbers are in. */
  readonly unit?: string;
  /** What stands in the cell. */
  readonly cell: (row: Row) => Content;
  /** What the column is sorted by where that is not the text of the cell: a number that the cell shows rounded, null where there is none. */
  readonly value?: (row: Row) => number | string | null;
}

export interface TableOptions<Row> {
  /** What the table holds, for those who hear it. */
  readonly caption: string;
  readonly showCaption?: boolean;
  readonly columns: readonly TableColumn<Row>[];
  readonly rows: readonly Row[];
}

/** The first column names the row. Columns with a numeric `value` are aligned to the right. */
export function sortableTable<Row>({ caption, showCaption = false, columns, rows }: TableOptions<Row>): Markup {
  const numeric = columns.map(({ value }) => value !== undefined && rows.every((row) => typeof value(row) !== "string"));
  const heading = ({ title, unit }: TableColumn<Row>, i: number): Markup =>
    markup`<th scope="col"${numeric[i] === true && markup` class="number"`}><button type="button" data-sort="${i}"><span>${title}</span></button>${unit !== undefined && markup`<span class="unit">${unit}</span>`}</th>`;
  const cell = (column: TableColumn<Row>, row: Row, i: number): Markup => {
    const value = column.value?.(row);
    const attributes = markup`${value !== undefined && value !== null && markup` data-value="${value}"`}${numeric[i] === true && markup` class="number"`}`;
    const content = column.cell(row);
    return i === 0
      ? markup`<th scope="row"${attributes}><span class="row-name">${content}</span></th>`
      : markup`<td${attributes}>${content}</td>`;
  };
  return markup`<div class="table-frame" tabindex="0" role="group" aria-label="${caption}"><table class="sortable">
<caption${!showCaption && markup` class="unseen"`}>${caption}</caption>
<thead><tr>${columns.map(heading)}</tr></thead>
<tbody>
${rows.map((row) => markup`<tr>${columns.map((column, i) => cell(column, row, i))}</tr>\n`)}</tbody>
</table></div>
`;
}
