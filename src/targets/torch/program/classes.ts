/** The classes of a model: one for each kind of block, children before parents. */
import type { Block, Body, Definition, Graph, Module, Rebuilds } from "../../../ir/model.ts";
import { literalsIn } from "../../../ir/literals.ts";
import { BuiltOnce } from "../../../ir/rebuild.ts";
import { bodyOf } from "../../../ir/walk.ts";
import { unread, type Author } from "../author.ts";
import { unused } from "../names.ts";
import type { ClassLookup } from "./children.ts";
import { completed, defaultsOf, type Default } from "./defaults.ts";
import { sampleOf, type Sample } from "./samples.ts";
import { nameOf, refsOf } from "./steps.ts";
import { synthesize, type Knowledge } from "./synthesize.ts";
import type { Callee, ClassProgram, MemberTemplate } from "./template.ts";

export interface Classes {
  /** In the order in which they need each other. */
  readonly programs: readonly ClassProgram[];
  readonly classOf: ClassLookup;
}

interface Brought {
  readonly rebuilds?: Rebuilds;
  readonly author?: Author;
}

/** The classes of all blocks that the graphs call. `reserved` are names that no class can have. */
export function classesOf(graphs: readonly Graph[], reserved: ReadonlySet<string>, brought: Brought = {}): Classes {
  return new ClassBuilder(graphs, brought).build(reserved);
}

/** What the files of a package share of the blocks in them. */
export function blocksBuiltOnce(): Rebuilds {
  return new BuiltOnce(mostModules);
}

/** A block of more modules shows nothing that one of these many does not. */
const mostModules = 400;

/** A block of more settings is made for those it has: no author writes as many that each mean something else, and looking at all would take minutes. */
const mostSettings = 48;

class ClassBuilder {
  readonly #instances = new Map<Definition, Map<Block, Body>>();
  readonly #programs = new Map<Definition, ClassProgram[]>();
  /** In the order in which they are finished. */
  readonly #order: Definition[] = [];
  /** By the body, which blocks that are built again under one configuration share. */
  readonly #known = new Map<Graph, ReturnType<ClassLookup>>();
  readonly #rebuilds: Rebuilds;
  readonly #author: Author;

  constructor(graphs: readonly Graph[], { rebuilds = blocksBuiltOnce(), author = unread }: Brought) {
    this.#rebuilds = rebuilds;
    this.#author = author;
    for (const graph of graphs) this.#collect(graph);
  }

  #collect(graph: Graph): void {
    for (const node of graph.nodes) {
      if (node.kind !== "call") continue;
      this.#collect(node.body);
      const { definition } = node.block;
      const instances = this.#instances.get(definition) ?? new Map<Block, Body>();
      if (!instances.has(node.block)) instances.set(node.block, bodyOf(node));
      this.#instances.set(definition, instances);
    }
  }

  readonly #classOf: ClassLookup = (block, body) => {
    if (this.#known.has(body.graph)) return this.#known.get(body.graph);
    if (!this.#programs.has(block.definition)) this.#make(block.definition, [sampleOf(block, body)]);
    let found: ReturnType<ClassLookup>;
    for (const made of this.#programs.get(block.definition) ?? []) {
      const args = made.argumentsOf(block, body);
      if (args === undefined) continue;
      found = { made, args };
      break;
    }
    this.#known.set(body.graph, found);
    return found;
  };

  build(reserved: ReadonlySet<string>): Classes {
    for (const [definition, instances] of this.#instances) {
      if (!this.#programs.has(definition))
        this.#make(
          definition,
          [...instances].map(([block, body]) => sampleOf(block, body)),
        );
    }
    const programs = this.#order.flatMap((definition) => this.#programs.get(definition) ?? []);
    const used = this.#reachable(programs);
    const taken = new Set(reserved);
    for (const program of used) {
      program.name = unused(program.definition.name, taken);
      taken.add(program.name);
    }
    return { programs: used, classOf: this.#classOf };
  }

  /** The classes that the model's blocks are made of, and those that they would make of other configurations. */
  #reachable(programs: readonly ClassProgram[]): readonly ClassProgram[] {
    const used = new Set<ClassProgram>();
    const visit = (program: ClassProgram): void => {
      if (used.has(program)) return;
      used.add(program);
      for (const [, member] of program.members) for (const made of classesIn(member)) visit(made);
    };
    for (const instances of this.#instances.values()) {
      for (const [block, body] of instances) {
        const found = this.#classOf(block, body);
        if (found !== undefined) visit(found.made);
      }
    }
    return [...new Set(programs)].filter((program) => used.has(program));
  }

  #make(definition: Definition, given: readonly Sample[]): void {
    const own = this.#instances.get(definition);
    const instances = own === undefined ? given : [...own].map(([block, body]) => sampleOf(block, body));
    this.#programs.set(definition, []);
    if (instances.some(({ body }) => holds(body.graph, definition))) {
      for (const instance of instances) this.#alone(instance);
      this.#order.push(definition);
      return;
    }
    // Children first.
    for (const { body } of instances) {
      for (const node of body.graph.nodes) {
        if (node.kind !== "call" || this.#programs.has(node.block.definition)) continue;
        this.#make(node.block.definition, [sampleOf(node.block, bodyOf(node))]);
      }
    }
    // A block that is defined inside of another is defined anew whenever that one is built.
    const alike = this.#order.flatMap((other) => (other.name === definition.name ? (this.#programs.get(other) ?? []) : []));
    const same = alike.find((program) => instances.every(({ block, body }) => program.argumentsOf(block, body) !== undefined));
    if (same !== undefined) {
      this.#programs.set(definition, [same]);
      return;
    }
    const defaults = defaultsOf(instances, this.#rebuilds);
    const whole = instances.map(({ block, body }) => sampleOf(completed(block, defaults), body));
    const programs: ClassProgram[] = [];
    for (const group of grouped(whole, ({ settings }) =>
      JSON.stringify([...settings].map(([name, value]) => [name, typeof value]).sort()),
    )) {
      programs.push(...this.#synthesized(group, defaults));
    }
    this.#programs.set(definition, programs);
    this.#known.clear();
    this.#order.push(definition);
  }

  /** A class for an instance of what holds its own kind, after those in it: no class can be learnt while those of its children are not known. */
  #alone({ block, body }: Sample): void {
    for (const node of body.graph.nodes) {
      if (node.kind !== "call") continue;
      const inside = bodyOf(node);
      if (this.#classOf(node.block, inside) === undefined) this.#alone(sampleOf(node.block, inside));
    }
    if (this.#classOf(block, body) !== undefined) return;
    const around = this.#knownOf(block.definition, []);
    this.#programs.set(block.definition, [
      ...(this.#programs.get(block.definition) ?? []),
      ...this.#literal([sampleOf(block, body)], around),
    ]);
    this.#known.clear();
  }

  #knownOf(definition: Definition, defaults: readonly Default[]): Knowledge {
    const numbers = [...new Set([...literalsIn(definition.code), ...this.#author.numbers(definition)])];
    return { classOf: this.#classOf, rebuilds: this.#rebuilds, defaults, numbers };
  }

  /** One class where that is possible; else some settings are settled, and in the end each structure has a class of its own. */
  #synthesized(instances: readonly Sample[], defaults: readonly Default[]): readonly ClassProgram[] {
    const [first] = instances as readonly [Sample];
    const around = this.#knownOf(first.block.definition, defaults);
    const settings = [...first.settings.keys()];
    if (settings.length > mostSettings) return grouped(instances, structureOf).flatMap((group) => this.#literal(group, around));
    const whole = synthesize(instances, new Set(settings), around);
    if (whole !== undefined) return [whole];
    for (const settled of settings) {
      const groups = grouped(instances, (sample) => JSON.stringify(sample.settings.get(settled)));
      const free = new Set(settings.filter((name) => name !== settled));
      const programs = groups.map((group) => synthesize(group, free, around));
      if (programs.every((program) => program !== undefined)) return programs;
    }
    return grouped(instances, structureOf).flatMap((group) => this.#literal(group, around));
  }

  /** Without any rule: what is the same in all instances is a literal, what is not is an argument. */
  #literal(instances: readonly Sample[], around: Knowledge): readonly ClassProgram[] {
    const together = synthesize(instances, new Set(), around);
    if (together !== undefined) return [together];
    return instances.map((instance) => {
      const made = synthesize([instance], new Set(), around);
      if (made === undefined) throw new Error(`${instance.block.path} has no class`);
      return made;
    });
  }
}

/** Whether a block of this kind is called, however deep. */
function holds({ nodes }: Graph, definition: Definition): boolean {
  return nodes.some((node) => node.kind === "call" && (node.block.definition === definition || holds(node.body, definition)));
}

/** The classes that a member is made with. */
function classesIn(member: MemberTemplate): readonly ClassProgram[] {
  const of = ({ callee }: { readonly callee: Callee }): readonly ClassProgram[] => (callee.kind === "class" ? [callee.made] : []);
  switch (member.kind) {
    case "module":
      return member.choices.flatMap(({ construct }) => (construct === undefined ? [] : of(construct)));
    case "list":
      return member.items.flatMap(classesIn);
    case "record":
      return member.entries.flatMap(([, entry]) => classesIn(entry));
    case "nested":
      return classesIn(member.item);
    case "repeated":
      return of(member.construct);
  }
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

/** Instances with the same text differ in numbers alone. */
function structureOf({ block, body }: Sample): string {
  const refs = refsOf(block);
  const local = (module: Module | undefined): string => {
    const ref = module === undefined ? undefined : refs.get(module);
    return ref === undefined ? "" : nameOf(ref);
  };
  const children = block.children.map((child) => [local(child), child.kind === "layer" ? child.op.name : child.name]);
  const nodes = body.graph.nodes.map((node) => (node.kind === "op" ? [node.op.name, local(node.layer)] : local(node.block)));
  return JSON.stringify([children, nodes]);
}
