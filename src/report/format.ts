/** The formats of `summary` and `compare`. JSON is the contract that scripts use; the others are for people and spreadsheets. */
export type ReportFormat = "table" | "json" | "md" | "csv";
export const reportFormats: readonly ReportFormat[] = ["table", "json", "md", "csv"];

/** JSON that people can read too: two spaces per level, lists of numbers such as shapes on one line. */
export function jsonText(value: unknown): string {
  // Line feeds inside strings are escaped, so that only the layout can match.
  const text = JSON.stringify(value, null, 2).replace(
    /\[\n\s+(\d+(?:,\n\s+\d+)*)\n\s+\]/g,
    (_, list: string) => `[${list.replace(/\s+/g, " ")}]`,
  );
  return `${text}\n`;
}
