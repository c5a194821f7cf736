/** The receptive field of a part in words. */
import type { Margin, ReceptiveField, SeesAll } from "../ir/receptive-field.ts";
import { integer } from "./numbers.ts";

/** `reach 144 px, exact in tiles`, or what sees the whole image. */
export function fieldText({ height, width, seesAll }: ReceptiveField): string {
  const [rows, columns] = [height, width].map(widest) as [number, number];
  const reach = `reach ${rows === columns ? integer(rows) : `${integer(rows)}×${integer(columns)}`} px`;
  return seesAll.length === 0 ? `${reach}, exact in tiles` : `${reach}, not exact in tiles: ${whoSeesAll(seesAll)}`;
}

/** `112 groupNorm and 1 attention see the whole image`. */
export function whoSeesAll(seesAll: readonly SeesAll[]): string {
  const knowing = counted(seesAll.filter(({ declared }) => declared));
  const silent = counted(seesAll.filter(({ declared }) => !declared));
  return [
    ...(knowing === undefined ? [] : [`${knowing.text} ${knowing.one ? "sees" : "see"} the whole image`]),
    ...(silent === undefined ? [] : [`${silent.text} ${silent.one ? "declares" : "declare"} no reach`]),
  ].join(", ");
}

function counted(seesAll: readonly SeesAll[]): { readonly text: string; readonly one: boolean } | undefined {
  if (seesAll.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const { op } of seesAll) counts.set(op, (counts.get(op) ?? 0) + 1);
  const texts = [...counts].map(([op, count]) => `${integer(count)} ${op}`);
  return { text: new Intl.ListFormat("en-GB").format(texts), one: seesAll.length === 1 };
}

function widest({ before, after }: Margin): number {
  return Math.max(before, after);
}
