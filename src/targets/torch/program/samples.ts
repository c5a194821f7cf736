/** A block under configurations: those in the model, and others under which it is built again. */
import type { Block, Body } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import { settingsOf } from "./config.ts";
import { listsOf } from "./steps.ts";

/** A block under one configuration. */
export interface Sample {
  /** The values of its settings, by name. */
  readonly settings: ReadonlyMap<string, PyConstant>;
  readonly block: Block;
  readonly body: Body;
}

export function sampleOf(block: Block, body: Body): Sample {
  return { settings: new Map(settingsOf(block).map(({ name, value }) => [name, value])), block, body };
}

/** Whether a child was given nothing for a setting: its author's code read behind the end of a list. */
export function lacksSettings({ children }: Block): boolean {
  const values = (item: unknown): readonly unknown[] =>
    typeof item === "object" && item !== null ? Object.values(item) : [item];
  return children.some((child) => child.kind === "block" && child.config.flatMap(values).includes(undefined));
}

export function hasNestedLists(block: Block): boolean {
  return [...listsOf(block).values()].some(({ pattern }) => pattern.includes("*"));
}

export function layersIn(block: Block): number {
  return block.children.reduce((sum, child) => sum + (child.kind === "block" ? layersIn(child) : 1), 0);
}

/** The sample whose shortest list of modules is longest. */
export function withLongestLists(samples: readonly Sample[]): Sample | undefined {
  const shortest = ({ block }: Sample): number =>
    Math.min(
      ...block.members.flatMap(([, member]) => (member.kind === "list" && member.items.length > 0 ? [member.items.length] : [])),
    );
  return samples
    .filter((sample) => Number.isFinite(shortest(sample)))
    .reduce<Sample | undefined>(
      (found, sample) => (found === undefined || shortest(sample) > shortest(found) ? sample : found),
      undefined,
    );
}
