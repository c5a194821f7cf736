/** The body of a forward: statements over variables from a traced graph. */
import type { Block, Graph, Node, Value } from "../../ir/model.ts";
import { membersOf } from "./instances.ts";
import { lineLength, ownNames, runtimeNames } from "./python.ts";

export interface Forward {
  readonly inputs: readonly string[];
  readonly statements: readonly string[];
  /** The expression that is returned. */
  readonly result: string;
}

const generic = ["x", "h", "y", "z"];
/** Indentation, a variable and the equals sign or `return`. */
const margin = 8 + 7;

/**
 * Values that are used once by a layer or function are nested into the expression that uses them; results of blocks, and whatever is used
 * again, get a variable. A variable whose last use is the statement gives its name to the result; what is returned under a key has the
 * key as its name. Without an owner the graph calls modules at the top of the model.
 */
export function writeForward(graph: Graph, owner: Block | undefined, resultKeys?: readonly string[]): Forward {
  return new ForwardWriter(graph, owner, resultKeys).write();
}

class ForwardWriter {
  readonly #graph: Graph;
  readonly #owner: string;
  readonly #members: ReadonlyMap<string, string>;
  readonly #resultKeys: readonly string[] | undefined;
  readonly #uses = new Map<Value, number>();
  readonly #expressions = new Map<Value, string>();
  readonly #variables = new Map<Value, string>();
  /** Variables inside a nested expression, so that they stay alive until it is written. */
  readonly #inside = new Map<Value, readonly Value[]>();
  readonly #statements: string[] = [];

  constructor(graph: Graph, owner: Block | undefined, resultKeys: readonly string[] | undefined) {
    this.#graph = { ...graph, nodes: neededNodes(graph) };
    this.#owner = owner?.path ?? "";
    this.#members = owner === undefined ? new Map() : membersOf(owner);
    this.#resultKeys = resultKeys;
    const count = (value: Value): void => void this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1);
    for (const node of this.#graph.nodes) node.inputs.forEach(count);
    graph.outputs.forEach(count);
  }

  write(): Forward {
    const resultKeys = this.#resultKeys;
    const inputs = this.#graph.inputs.map((value, i, { length }) => {
      const name = length > generic.length ? `x${i}` : (generic[i] ?? "");
      this.#variables.set(value, name);
      return name;
    });
    this.#graph.nodes.forEach((node, i) => this.#node(node, i));
    const results = this.#results(resultKeys);
    // `x = …; return x` says it twice.
    const statements = [...collapseLoops(this.#statements)];
    const last = statements.at(-1);
    if (results.length === 1 && last?.startsWith(`${results[0]} = `) === true) {
      results[0] = last.slice(`${results[0]} = `.length);
      statements.pop();
    }
    const result =
      resultKeys === undefined ? results.join(", ") : `{${results.map((text, i) => `"${resultKeys[i]}": ${text}`).join(", ")}}`;
    return { inputs, statements, result };
  }

  /** Where they are too long together, the longest get statements of their own. */
  #results(keys: readonly string[] | undefined): string[] {
    const { outputs, nodes } = this.#graph;
    for (;;) {
      const results = outputs.map((value) => this.#read(value));
      // A dictionary may have an entry a line.
      const lengths =
        keys === undefined ? [results.join(", ").length] : results.map((text, i) => `"${keys[i]}": ,${text}`.length);
      const [longest] = outputs
        .filter((value) => this.#expressions.has(value))
        .toSorted((a, b) => this.#read(b).length - this.#read(a).length);
      if (outputs.length === 1 || longest === undefined || Math.max(...lengths) + margin <= lineLength) return results;
      this.#flush(longest, nodes.length);
    }
  }

  #read(value: Value): string {
    return this.#variables.get(value) ?? this.#expressions.get(value) ?? "";
  }

  #node(node: Node, position: number): void {
    const [output, ...others] = node.outputs;
    if (output === undefined) return;
    let expression = this.#expression(node);
    // Too long for a line: the longest nested operand becomes a statement of its own.
    while (expression.length + margin > lineLength) {
      const nested = node.inputs.filter((value) => this.#expressions.has(value));
      const [longest] = nested.toSorted((a, b) => this.#read(b).length - this.#read(a).length);
      if (longest === undefined) break;
      // The node that is being written still reads its other operands.
      this.#flush(longest, position - 1);
      expression = this.#expression(node);
    }
    this.#inside.set(output, this.#variablesIn(node));
    this.#expressions.set(output, expression);
    const nests =
      others.length === 0 && this.#uses.get(output) === 1 && node.kind === "op" && !this.#feedsOperator(output, expression);
    if (nests) return;
    if (others.length === 0) this.#flush(output, position, node);
    else {
      const targets: string[] = [];
      for (const value of node.outputs) targets.push(this.#name(node, value, targets, this.#variablesIn(node), position));
      this.#statements.push(`${targets.join(", ")} = ${expression}`);
      this.#expressions.delete(output);
      node.outputs.forEach((value, i) => this.#variables.set(value, targets[i] ?? ""));
    }
  }

  #variablesIn(node: Node): readonly Value[] {
    return node.inputs.flatMap((value) => (this.#variables.has(value) ? [value] : (this.#inside.get(value) ?? [])));
  }

  /** Writes a nested expression as a statement. */
  #flush(value: Value, position: number, node?: Node): void {
    const expression = this.#expressions.get(value) ?? "";
    this.#expressions.delete(value);
    const name = this.#name(node, value, [], this.#inside.get(value) ?? [], position);
    this.#statements.push(`${name} = ${expression}`);
    this.#variables.set(value, name);
  }

  /** `a + b` in a product or before `.clamp()` would need parentheses; a variable reads better. */
  #feedsOperator(value: Value, expression: string): boolean {
    if (!/ [*+] /.test(outsideParentheses(expression))) return false;
    return this.#graph.nodes.some((node) => {
      if (!node.inputs.includes(value) || node.kind === "call" || node.op.torch.kind === "module") return false;
      const operands = node.inputs.map((input) => (input === value ? "OPERAND" : "other"));
      return outsideParentheses(node.op.torch.call(operands, node.attrs)).includes("OPERAND");
    });
  }

  #expression(node: Node): string {
    const operands = node.inputs.map((value) => this.#read(value));
    if (node.kind === "call") return `${this.#member(node.block.path)}(${operands.join(", ")})`;
    if (node.op.torch.kind === "module") {
      if (node.layer === undefined) throw new Error(`${node.op.name} has no layer`);
      return `${this.#member(node.layer.path)}(${operands.join(", ")})`;
    }
    return node.op.torch.call(operands, node.attrs);
  }

  #member(path: string): string {
    return this.#members.get(path) ?? `self.${path}`;
  }

  /** `taken` are the names of the node's outputs before this one. */
  #name(node: Node | undefined, value: Value, taken: readonly string[], inside: readonly Value[], position: number): string {
    const alive = [...this.#variables].filter(([other]) => this.#livesAfter(other, position)).map(([, name]) => name);
    const living = new Set([...taken, ...alive]);
    const key = this.#resultKeys?.[this.#graph.outputs.indexOf(value)];
    const free = key !== undefined && !ownNames.has(key) && !runtimeNames.includes(key);
    if (free) return unused(key, living);
    const module = node?.kind === "call" ? node.block.path : undefined;
    const member = module === undefined ? null : /([a-z_0-9]+)\.(\d+)$/.exec(module.slice(this.#owner.length));
    if (member !== null && (this.#uses.get(value) ?? 0) > 1) return unused(`${member[1]}_${member[2]}`, living);
    const dying = inside
      .map((input) => this.#variables.get(input))
      .find((name) => name !== undefined && generic.includes(name) && !living.has(name));
    return dying ?? generic.find((name) => !living.has(name)) ?? unused("h", living);
  }

  /** Whether a variable is read by a later statement, directly or through an expression that is still to be written. */
  #livesAfter(value: Value, position: number): boolean {
    const later = this.#graph.nodes.slice(position + 1);
    const reads = (values: readonly Value[]): boolean =>
      values.some(
        (other) => other === value || (this.#expressions.has(other) && (this.#inside.get(other) ?? []).includes(value)),
      );
    return later.some((node) => reads(node.inputs)) || reads(this.#graph.outputs);
  }
}

function outsideParentheses(expression: string): string {
  const shorter = expression.replace(/\([^()]*\)/g, "");
  return shorter === expression ? expression : outsideParentheses(shorter);
}

/** The nodes that the outputs depend on. */
function neededNodes(graph: Graph): readonly Node[] {
  const needed = new Set(graph.outputs);
  const nodes: Node[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((value) => needed.has(value))) continue;
    node.inputs.forEach((value) => needed.add(value));
    nodes.unshift(node);
  }
  return nodes;
}

function unused(name: string, taken: ReadonlySet<string | undefined>): string {
  if (!taken.has(name)) return name;
  let i = 2;
  while (taken.has(`${name}${i}`)) i++;
  return `${name}${i}`;
}

/** `x = self.mid[0](x)`, `x = self.mid[1](x)`, … becomes a loop; whether the list ends there is up to the caller's class, which writes all of it. */
function collapseLoops(statements: readonly string[]): readonly string[] {
  const step = (text: string | undefined): { name: string; list: string; index: number } | undefined => {
    const match = /^(\w+) = self\.(\w+)\[(\d+)\]\((\w+)\)$/.exec(text ?? "");
    return match !== null && match[1] === match[4]
      ? { name: match[1] ?? "", list: match[2] ?? "", index: Number(match[3]) }
      : undefined;
  };
  const result: string[] = [];
  for (let i = 0; i < statements.length;) {
    const first = step(statements[i]);
    const continues = (at: number): boolean => {
      const next = step(statements[at]);
      return next?.list === first?.list && next?.name === first?.name && next?.index === at - i;
    };
    let end = i;
    while (first?.index === 0 && continues(end)) end++;
    // The run must be the whole list: the last statement that mentions it is the run's last.
    const elsewhere = statements.some((text, at) => (at < i || at >= end) && text.includes(`self.${first?.list}[`));
    if (first !== undefined && end - i > 1 && !elsewhere) {
      result.push(`for module in self.${first.list}:\n    ${first.name} = module(${first.name})`);
      i = end;
    } else result.push(statements[i++] ?? "");
  }
  return result;
}
