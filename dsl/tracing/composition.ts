/** What an op is made of: its author's function over features, recorded as ops. */
import { UserError } from "../../src/errors/index.ts";
import { must, type NonEmpty } from "../../src/errors/must.ts";
import type { Node } from "../../src/ir/model.ts";
import type { Composition, ParamSpec } from "../../src/ir/op.ts";
import type { Shape } from "../../src/ir/shape.ts";
import { placeOf, type Source } from "../../src/ir/source.ts";
import { ops } from "../../src/ops/index.ts";
import { traceBody } from "./call.ts";
import { rootHandle } from "./part.ts";
import { apply } from "./record.ts";
import { currentTrace, newPart } from "./trace.ts";

/** What is composed, and for which inputs. */
export interface Composing {
  readonly name: string;
  readonly source: Source;
  readonly params: readonly ParamSpec[];
  readonly inputs: NonEmpty<Shape>;
  /** The author's function on features of these shapes; `param` reads a parameter by its role. */
  readonly run: (features: readonly unknown[], param: (role: string) => unknown) => unknown;
}

export function composition({ name, source, params, inputs, run }: Composing): Composition {
  const roles = new Map<Node, string>();
  const param = (role: string): unknown => {
    const spec = params.find((each) => each.role === role);
    if (spec === undefined) {
      throw new UserError({
        what: `${name} has no parameter "${role}"`,
        where: placeOf(source),
        op: name,
        expected: params.map((each) => each.role).join(", ") || "none: it has no params",
        found: role,
        help: "ask for one of the roles that its params declare",
      });
    }
    const value = apply(ops.parameter, { shape: spec.shape }, [], param);
    roles.set(must(currentTrace(source, name).nodes.at(-1), "what reads a parameter"), role);
    return value;
  };
  const root = rootHandle(source, (...features) => run(features, param));
  const values = inputs.map((shape) => ({ shape }));
  const { graph, returns } = traceBody(root, values, { ...newPart(), composed: name }, source);
  const read = new Set(graph.nodes.map((node) => roles.get(node)));
  const unread = params.find(({ role, buffer }) => buffer !== true && !read.has(role));
  if (unread !== undefined) {
    throw new UserError({
      what: `what ${name} is composed of does not read its parameter "${unread.role}"`,
      where: placeOf(source),
      op: name,
      help: `read it with param("${unread.role}"), or leave it out of params`,
    });
  }
  return {
    inputs: graph.inputs,
    steps: graph.nodes.map((node) => {
      if (node.kind === "call" || node.layer !== undefined) throw new Error("a composition has no layers");
      return { op: node.op, attrs: node.attrs, role: roles.get(node), inputs: node.inputs, outputs: node.outputs };
    }),
    outputs: returns.entries.map(([, output]) => must(graph.outputs[output], `output ${output} of ${name}`)),
  };
}
