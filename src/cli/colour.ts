/** Colours of what goes to stderr. Data on stdout has none. */
import { styleText } from "node:util";

export const whens = ["auto", "always", "never"] as const;
export type When = (typeof whens)[number];

let chosen: When = "auto";

/** What `--color` says, for this run of the command line. */
export function chooseColour(when: When): void {
  chosen = when;
}

/** On a terminal, unless NO_COLOR or FORCE_COLOR (https://no-color.org, https://force-color.org) or `--color` says otherwise. */
export function coloured(): boolean {
  if (chosen !== "auto") return chosen === "always";
  const { NO_COLOR: no, FORCE_COLOR: force } = process.env;
  if (no !== undefined && no !== "") return false;
  if (force !== undefined && force !== "") return force !== "0";
  return process.stderr.isTTY && process.stderr.hasColors();
}

/** The text in that style where there are colours, else the text. */
export function styled(style: Parameters<typeof styleText>[0], text: string): string {
  return coloured() ? styleText(style, text, { validateStream: false }) : text;
}
