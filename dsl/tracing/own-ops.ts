/** Ops of authors' are told by their names, as built-in ones are: in reports, in graphs, by the hash of a model. */
import { UserError } from "../../src/errors/index.ts";
import type { Part } from "../../src/ir/model.ts";
import type { Op } from "../../src/ir/op.ts";
import { placeOf } from "../../src/ir/source.ts";
import { stepsOf } from "../../src/ir/walk.ts";

/** Refuses two ops of one name in a model. */
export function checkOwnOps(parts: readonly Pick<Part, "graph">[]): void {
  const known = new Map<string, Op>();
  for (const { graph } of parts) {
    for (const { node } of stepsOf(graph)) {
      if (node.op.own === undefined) continue;
      const other = known.get(node.op.name) ?? node.op;
      if (other !== node.op) {
        const places = [other, node.op].map(({ own }) => own && placeOf(own)).map((at) => at && `${at.file}:${at.line}`);
        throw new UserError({
          what: `two ops are called ${node.op.name}`,
          where: placeOf(node.source),
          op: node.op.name,
          found: places[0] === places[1] ? `two that ${places[0] ?? "one place"} makes` : places.join(", "),
          help: "give one of them another name, or define it once and import it; what differs from use to use is an attribute",
        });
      }
      known.set(node.op.name, node.op);
    }
  }
}
