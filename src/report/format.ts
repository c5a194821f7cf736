/** The formats of `summary` and `compare`. JSON is the contract that scripts use; the others are for people and spreadsheets. */
export type ReportFormat = "table" | "json" | "md" | "csv";
export const reportFormats: readonly ReportFormat[] = ["table", "json", "md", "csv"];

export function jsonText(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
