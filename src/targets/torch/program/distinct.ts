/** What differs among samples. */
import type { Member } from "../../../ir/model.ts";
import type { PyConstant } from "../../../ir/python.ts";
import type { Sample } from "./samples.ts";

export function distinct(values: readonly PyConstant[]): readonly PyConstant[] {
  const found = new Map(values.map((value) => [JSON.stringify(value), value]));
  return [...found.values()];
}

/** One of those that are the same in their settings and members. */
export function distinctSamples(samples: readonly Sample[]): readonly Sample[] {
  const found = new Map<string, Sample>();
  for (const sample of samples) {
    const key = JSON.stringify([[...sample.settings], contentOf(sample)]);
    if (!found.has(key)) found.set(key, sample);
  }
  return [...found.values()];
}

/** What a sample is made of, as text. */
export function contentOf({ block, body }: Sample): string {
  const children = block.children.map((child) =>
    child.kind === "layer" ? [child.op.name, child.attrs] : [child.name, child.config],
  );
  return JSON.stringify([children, body.graph.nodes.map((node) => (node.kind === "op" ? [node.op.name, node.attrs] : 0))]);
}

/** The layers of a sample, as text, and its children's names: without what its calls are given. */
export function layerText({ block }: Sample): string {
  return JSON.stringify(block.children.map((child) => (child.kind === "layer" ? [child.op.name, child.attrs] : child.name)));
}

/** Whether a member makes any module. */
export function present(member: Member): boolean {
  return member.kind !== "list" || member.items.length > 0;
}
