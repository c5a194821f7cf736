/** The body of a forward: statements over variables from a traced graph. */
import type { Block, Graph, Module, Node, Value } from "../../ir/model.ts";
import { listsOf, membersOf, neededNodes, type Member } from "./instances.ts";
import { findLoops, type Loop } from "./loops.ts";
import { lineLength, ownNames, runtimeNames, unused } from "./python.ts";

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
  const members = owner === undefined ? new Map<string, string>() : membersOf(owner);
  const scope: Scope = {
    members: ({ path }) => members.get(path) ?? `self.${path}`,
    lists: owner === undefined ? new Map() : listsOf(owner),
    resultKeys,
    margin,
    taken: new Set(),
  };
  return new ForwardWriter(graph, scope).write();
}

/** What stands around a graph: nothing around the body of a forward, the loop around its own. */
interface Scope {
  /** How modules are read: `self.down[0]`, or the variable of a loop. */
  readonly members: (module: Module) => string;
  /** The members of the lists that loops may walk. */
  readonly lists: ReadonlyMap<Module, Member>;
  readonly resultKeys?: readonly string[] | undefined;
  readonly margin: number;
  /** Names that cannot be given again. */
  readonly taken: ReadonlySet<string>;
}

class ForwardWriter {
  readonly #graph: Graph;
  readonly #scope: Scope;
  readonly #uses = new Map<Value, number>();
  readonly #expressions = new Map<Value, string>();
  readonly #variables = new Map<Value, string>();
  /** Variables inside a nested expression, so that they stay alive until it is written. */
  readonly #inside = new Map<Value, readonly Value[]>();
  readonly #statements: string[] = [];
  /** Kept results of loops, by the position of the loop. */
  readonly #stacks = new Map<number, string>();
  /** Results that are read from a stack, with the loop that does. */
  readonly #popped = new Map<Value, Loop>();

  constructor(graph: Graph, scope: Scope) {
    this.#graph = { ...graph, nodes: neededNodes(graph) };
    this.#scope = scope;
    const count = (value: Value): void => void this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1);
    for (const node of this.#graph.nodes) node.inputs.forEach(count);
    graph.outputs.forEach(count);
  }

  write(): Forward {
    const { resultKeys } = this.#scope;
    const inputs = this.#graph.inputs.map((value, i, { length }) => {
      const name = length > generic.length ? `x${i}` : (generic[i] ?? "");
      this.#variables.set(value, name);
      return name;
    });
    this.#nodes();
    const results = this.#results(resultKeys);
    // `x = …; return x` says it twice.
    const statements = [...this.#statements];
    const last = statements.at(-1);
    if (results.length === 1 && last?.startsWith(`${results[0]} = `) === true) {
      results[0] = last.slice(`${results[0]} = `.length);
      statements.pop();
    }
    const result =
      resultKeys === undefined ? results.join(", ") : `{${results.map((text, i) => `"${resultKeys[i]}": ${text}`).join(", ")}}`;
    return { inputs, statements, result };
  }

  #nodes(): void {
    const { nodes, outputs } = this.#graph;
    const loops = findLoops(nodes, outputs, (module) => this.#scope.lists.get(module));
    for (const loop of loops) for (const value of loop.taken?.values ?? []) this.#popped.set(value, loop);
    for (let i = 0; i < nodes.length;) {
      const loop = loops.find(({ start }) => start === i);
      if (loop === undefined) this.#node(nodes[i] as Node, i++);
      else {
        this.#loop(loop);
        i += loop.period * loop.count;
      }
    }
  }

  /** `for block in self.down:`, with the body of the first iteration. */
  #loop(loop: Loop): void {
    const end = loop.start + loop.period * loop.count;
    const name = this.#carried(loop, end);
    const outside = new Set([...this.#namesAfter(end - 1), ...loop.constants.map((value) => this.#read(value))]);
    const lists = [...loop.lists];
    const calls = this.#graph.nodes.slice(loop.start, end).filter((node) => node.kind === "call");
    const blocks = new Set(calls.map(({ block }) => this.#scope.lists.get(block)?.list));
    const items = lists.map(([list]) => {
      const called = lists.length > 1 ? list : blocks.has(list) ? "block" : "layer";
      return unused(called, new Set([name, ...outside, ...ownNames, ...runtimeNames, ...generic]));
    });
    const stack = loop.kept === undefined ? undefined : unused("skips", new Set([name, ...outside, ...items]));
    const kept = stack === undefined ? [] : [stack];

    const slices = lists.map(([list, from]) => `self.${list}${from === 0 ? "" : `[${from}:]`}`);
    const source = slices.length === 1 ? slices.join() : `zip(${slices.join(", ")}, strict=True)`;
    const itemOf = new Map(lists.map(([list], i) => [list, items[i]]));
    const body = this.#iteration(loop, name, {
      members: (module) => itemOf.get(this.#scope.lists.get(module)?.list ?? "") ?? this.#scope.members(module),
      lists: new Map(),
      margin: this.#scope.margin + 4,
      taken: new Set([...this.#scope.taken, ...outside, ...items, ...kept]),
    });
    const lines = [...body, ...kept.map((each) => `${each}.append(${name})`)];
    this.#statements.push(...kept.map((each) => `${each} = []`));
    this.#statements.push([`for ${items.join(", ")} in ${source}:`, ...lines.map((line) => `    ${line}`)].join("\n"));
    this.#afterLoop(loop, name, stack, outside);
  }

  /** The variable that a loop changes, holding what its first iteration takes. */
  #carried({ start, initial, constants }: Loop, end: number): string {
    for (const value of [initial, ...constants]) if (this.#expressions.has(value)) this.#flush(value, start - 1);
    if (!this.#livesAfter(initial, end - 1) && !constants.includes(initial)) return this.#read(initial);
    const before = this.#namesAfter(start - 1);
    const name = generic.find((free) => !before.has(free)) ?? unused("h", before);
    this.#statements.push(`${name} = ${this.#read(initial)}`);
    return name;
  }

  /**
   * The statements of a loop's body, which end in what the variable `name` becomes. They are those of the second iteration: in the first
   * one a value that all iterations read may be the initial one too.
   */
  #iteration({ start, period, results, constants, taken }: Loop, name: string, scope: Scope): readonly string[] {
    const nodes = this.#graph.nodes.slice(start + period, start + 2 * period);
    const [before, result] = results as readonly [Value, Value];
    const body = new ForwardWriter({ inputs: [], nodes, outputs: [result] }, scope);
    for (const value of constants) body.#variables.set(value, this.#read(value));
    body.#variables.set(before, name);
    if (taken !== undefined) body.#expressions.set(taken.values[1] as Value, `${this.#stacks.get(taken.from)}.pop()`);
    nodes.forEach((node, i) => body.#node(node, i));
    const [text, last] = [body.#read(result), body.#statements.at(-1)];
    if (!body.#variables.has(result) || last?.startsWith(`${text} = `) !== true)
      return [...body.#statements, `${name} = ${text}`];
    return [...body.#statements.slice(0, -1), `${name}${last.slice(text.length)}`];
  }

  #afterLoop({ start, results, kept }: Loop, name: string, stack: string | undefined, outside: ReadonlySet<string>): void {
    const last = results.at(-1) as Value;
    this.#variables.set(last, name);
    if (stack === undefined) return;
    this.#stacks.set(start, stack);
    if (kept === "all") return;
    const top = (this.#uses.get(last) ?? 0) > 1 ? unused("last", new Set([stack, ...outside])) : name;
    this.#statements.push(`${top} = ${stack}.pop()`);
    this.#variables.set(last, top);
  }

  /** Names of variables that are read after a position, and those that cannot be given again. */
  #namesAfter(position: number): ReadonlySet<string> {
    const alive = [...this.#variables].filter(([value]) => this.#livesAfter(value, position)).map(([, name]) => name);
    return new Set([...this.#scope.taken, ...this.#stacks.values(), ...alive]);
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
      if (outputs.length === 1 || longest === undefined || Math.max(...lengths) + this.#scope.margin <= lineLength)
        return results;
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
    while (expression.length + this.#scope.margin > lineLength) {
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
    if (node.kind === "call") return `${this.#scope.members(node.block)}(${operands.join(", ")})`;
    if (node.op.torch.kind === "module") {
      if (node.layer === undefined) throw new Error(`${node.op.name} has no layer`);
      return `${this.#scope.members(node.layer)}(${operands.join(", ")})`;
    }
    return node.op.torch.call(operands, node.attrs);
  }

  /** `taken` are the names of the node's outputs before this one. */
  #name(node: Node | undefined, value: Value, taken: readonly string[], inside: readonly Value[], position: number): string {
    const living = new Set([...taken, ...this.#namesAfter(position)]);
    const key = this.#scope.resultKeys?.[this.#graph.outputs.indexOf(value)];
    const free = key !== undefined && !ownNames.has(key) && !runtimeNames.includes(key);
    if (free) return unused(key, living);
    const member = node?.kind === "call" ? this.#scope.lists.get(node.block) : undefined;
    if (member !== undefined && (this.#uses.get(value) ?? 0) > 1) return unused(`${member.list}_${member.index}`, living);
    const dying = inside
      .map((input) => this.#variables.get(input))
      .find((name) => name !== undefined && generic.includes(name) && !living.has(name));
    return dying ?? generic.find((name) => !living.has(name)) ?? unused("h", living);
  }

  /** Whether a variable is read by a later statement, directly or through an expression that is still to be written. */
  #livesAfter(value: Value, position: number): boolean {
    const popped = this.#popped.get(value);
    const inPop = (at: number): boolean =>
      popped !== undefined &&
      ![popped.initial, ...popped.constants].includes(value) &&
      at >= popped.start &&
      at < popped.start + popped.period * popped.count;
    const later = this.#graph.nodes.filter((_, at) => at > position && !inPop(at));
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
