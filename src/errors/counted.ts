/** How many there are of what: `1 channel`, `3 channels`. */
export function counted(count: number | string, what: string): string {
  return `${count} ${what}${String(count) === "1" ? "" : "s"}`;
}
