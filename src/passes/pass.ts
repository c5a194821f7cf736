import type { Part } from "../ir/model.ts";
import { verifyPart } from "../ir/verify.ts";

/** What later passes and targets may rely on. */
export type Property = "flat" | "inferenceOnly" | "folded";

/** A pass rewrites a part into an equivalent one; it never changes its argument. */
export interface Pass {
  readonly name: string;
  /** One sentence: what it does. */
  readonly doc: string;
  readonly requires: readonly Property[];
  readonly ensures: readonly Property[];
  run(part: Part): Part;
}

/** Runs passes in order and verifies the part after each; a broken invariant names the passes that ran. */
export function runPasses(part: Part, passes: readonly Pass[], after?: (pass: Pass, part: Part) => void): Part {
  const known = new Set<Property>();
  const done: string[] = [];
  let current = part;
  for (const pass of passes) {
    const missing = pass.requires.find((property) => !known.has(property));
    if (missing !== undefined)
      throw new Error(`pass ${pass.name} needs the part to be ${missing}; ran: ${done.join(", ") || "none"}`);
    current = pass.run(current);
    done.push(pass.name);
    for (const property of pass.ensures) known.add(property);
    try {
      verifyPart(current);
    } catch (error) {
      throw new Error(`the ${part.name} is broken after ${done.join(" → ")}`, { cause: error });
    }
    after?.(pass, current);
  }
  return current;
}

/** The part with other nodes and outputs. */
export function withGraph(part: Part, nodes: Part["graph"]["nodes"], outputs = part.graph.outputs): Part {
  return Object.freeze({ ...part, graph: Object.freeze({ inputs: part.graph.inputs, nodes: Object.freeze(nodes), outputs }) });
}
