/** One Python class per kind of block and structure; what differs between instances becomes constructor arguments. */
import type { Block, Module } from "../../ir/model.ts";
import type { PyCall, PyValue } from "../../ir/op.ts";
import { writeForward, type Forward } from "./forward.ts";
import { attributesOf, type Attribute, type Instance } from "./instances.ts";
import { argumentName, camel, literal, ownNames, runtimeNames, typeOf } from "./python.ts";

export interface PyClass {
  readonly name: string;
  readonly params: readonly { readonly name: string; readonly type: string }[];
  /** What __init__ assigns: a constructor expression, or several for a ModuleList or, with names, a ModuleDict. */
  readonly attributes: readonly (Omit<Attribute, "modules"> & { readonly items: readonly string[] })[];
  readonly forward: Forward;
  readonly instances: readonly Instance[];
  /** Constructor arguments of an instance. */
  readonly argumentsOf: (block: Block) => readonly PyValue[];
}

/** A constructor call of a child, with the same shape for every instance of the class. */
interface ChildCall {
  readonly callee: string;
  /** What the positional arguments are called, for arguments that no configuration gives. */
  readonly names: readonly string[];
  readonly args: readonly PyValue[];
  readonly kwargs: Readonly<Record<string, PyValue>>;
}

export interface ClassSet {
  /** In dependency order. */
  readonly classes: readonly PyClass[];
  readonly classOf: (block: Block) => PyClass;
}

export function classesOf(instances: readonly Instance[], resultKeys: (block: Block) => readonly string[] | undefined): ClassSet {
  const classes: PyClass[] = [];
  const byBlock = new Map<Block, PyClass>();
  const classOf = (block: Block): PyClass => {
    const found = byBlock.get(block);
    if (found === undefined) throw new Error(`${block.path} has no class yet`);
    return found;
  };
  for (let i = 0; i < instances.length;) {
    const level = instances.slice(i).filter((instance) => instance.height === instances[i]?.height);
    i += level.length;
    for (const group of grouped(level, (instance) => instance.block.name)) {
      const variants = grouped(group, (instance) => structureOf(instance, classOf, resultKeys));
      for (const [variant, name] of named(
        variants,
        new Set([...ownNames, ...runtimeNames, ...classes.map((known) => known.name)]),
        classOf,
      )) {
        const made = makeClass(name, variant, classOf, resultKeys);
        classes.push(made);
        for (const { block } of variant) byBlock.set(block, made);
      }
    }
  }
  return { classes, classOf };
}

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): readonly (readonly T[])[] {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return [...groups.values()];
}

/** Two instances with the same text differ in numbers alone. */
function structureOf(
  { block, body }: Instance,
  classOf: (block: Block) => PyClass,
  resultKeys: (block: Block) => readonly string[] | undefined,
): string {
  const attributes = attributesOf(block).map(({ key, names, modules }) => {
    const calls = modules.map((module) => {
      const call = childCall(module, classOf);
      return [call.callee, call.args.length, Object.keys(call.kwargs)];
    });
    return [key, names, calls];
  });
  return JSON.stringify([attributes, writeForward(body, block, resultKeys(block))]);
}

function childCall(module: Module, classOf: (block: Block) => PyClass): ChildCall {
  if (module.kind === "block") {
    const made = classOf(module);
    return { callee: made.name, names: made.params.map(({ name }) => name), args: made.argumentsOf(module), kwargs: {} };
  }
  const { torch } = module.op;
  if (torch.kind !== "module") throw new Error(`${module.op.name} is not a torch module`);
  const call: PyCall = torch.build(module.attrs);
  return { callee: call.callee, names: call.names ?? [], args: call.args, kwargs: call.kwargs ?? {} };
}

/** The plainest variant keeps the block's name; the others say which children or settings they have more, or are numbered. */
function* named(
  variants: readonly (readonly Instance[])[],
  taken: Set<string>,
  classOf: (block: Block) => PyClass,
): Generator<readonly [readonly Instance[], string]> {
  const keys = (variant: readonly Instance[]): readonly string[] =>
    variant[0] === undefined ? [] : attributesOf(variant[0].block).map(({ key }) => key);
  const features = (variant: readonly Instance[]): readonly string[] => featuresOfChildren(variant[0], classOf);
  const ordered = variants.toSorted(
    (a, b) => keys(a).length - keys(b).length || features(a).length - features(b).length || b.length - a.length,
  );
  const holders = new Map<string, readonly Instance[]>();
  const plain = new Set([...keys(ordered[0] ?? []), ...settingsOf(ordered[0] ?? [])]);
  for (const variant of ordered) {
    const base = variant[0]?.block.name ?? "";
    const more = keys(variant).filter((key) => !plain.has(key));
    const settings = settingsOf(variant).filter((key) => !plain.has(key));
    const suffix = more.length > 0 ? `With${more.map(camel).join("And")}` : settings.map(camel).join("");
    let wanted = variant === ordered[0] ? base : `${base}${suffix}`;
    const holder = holders.get(wanted);
    // Two variants with the same children differ in what those have: `UpBlockWithUpsamplersAndConvShortcut`.
    const below = holder === undefined ? [] : features(variant).filter((feature) => !features(holder).includes(feature));
    if (below.length > 0) wanted += `${wanted === base ? "With" : "And"}${below.join("And")}`;
    holders.set(wanted, variant);
    let name = wanted;
    for (let i = 2; taken.has(name); i++) name = `${wanted}${i}`;
    taken.add(name);
    yield [variant, name];
  }
}

/** What the names of the children's classes say beyond the children's own names. */
function featuresOfChildren(instance: Instance | undefined, classOf: (block: Block) => PyClass): readonly string[] {
  const blocks = instance?.block.children.filter((child) => child.kind === "block") ?? [];
  const suffixes = blocks.map((child) => classOf(child).name.slice(child.name.length).replace(/^With/, ""));
  return [...new Set(suffixes.flatMap((suffix) => suffix.split("And")))].filter((feature) => /^[A-Z]/.test(feature));
}

/** The switches that are on in every instance. */
function settingsOf(instances: readonly Instance[]): readonly string[] {
  const configs = instances.map(({ block }) => (block.config[0] ?? {}) as Readonly<Record<string, unknown>>);
  return Object.keys(configs[0] ?? {}).filter((key) => configs.every((config) => config[key] === true));
}

function makeClass(
  name: string,
  instances: readonly Instance[],
  classOf: (block: Block) => PyClass,
  resultKeys: (block: Block) => readonly string[] | undefined,
): PyClass {
  const [first] = instances;
  if (first === undefined) throw new Error(`${name} has no instance`);
  const slots = new Slots(instances.map(({ block }) => block));
  const perInstance = instances.map(({ block }) =>
    attributesOf(block).map(({ modules }) => modules.map((module) => childCall(module, classOf))),
  );
  const attributes = attributesOf(first.block).map(({ key, kind, names }, a) => {
    const items = (perInstance[0]?.[a] ?? []).map((call, m) => {
      const same = perInstance.map((calls) => calls[a]?.[m] as ChildCall);
      const hint = kind === "one" ? key : `${key}_${names[m]}`;
      const args = call.args.map((_, i) =>
        slots.expression(
          same.map(({ args: values }) => values[i] as PyValue),
          `${hint}_${call.names[i] ?? "size"}`,
        ),
      );
      const kwargs = Object.keys(call.kwargs).map(
        (kwarg) =>
          `${kwarg}=${slots.expression(
            same.map(({ kwargs: values }) => values[kwarg] as PyValue),
            `${hint}_${kwarg}`,
          )}`,
      );
      return `${call.callee}(${[...args, ...kwargs].join(", ")})`;
    });
    return { key, kind, names, items };
  });
  const params = slots.params();
  return {
    name,
    params: params.map(({ name: param, values }) => ({ name: param, type: typeOf(values) })),
    attributes,
    forward: writeForward(first.body, first.block, resultKeys(first.block)),
    instances,
    argumentsOf: (block) => {
      const at = instances.findIndex((instance) => instance.block === block);
      return params.map(({ values }) => values[at] as PyValue);
    },
  };
}

interface Param {
  readonly name: string;
  readonly values: readonly PyValue[];
}

/** Finds, for the values that one constructor argument has over all instances, an expression in the block's configuration. */
class Slots {
  #configured: readonly Param[];
  readonly #used = new Set<Param>();
  readonly #added: Param[] = [];

  constructor(blocks: readonly Block[]) {
    const configs = blocks.map(
      (block) =>
        (typeof block.config[0] === "object" && block.config[0] !== null ? block.config[0] : {}) as Readonly<
          Record<string, unknown>
        >,
    );
    const keys = Object.keys(configs[0] ?? {});
    this.#configured = keys.flatMap((key) => {
      const values = configs.map((config) => config[key]);
      return values.every((value) => typeof value === "number") ? [{ name: argumentName(key), values }] : [];
    });
    // Two keys may have one name in snake_case.
    this.#configured = this.#configured.filter(({ name }, i, all) => all.findIndex((other) => other.name === name) === i);
    // in = out everywhere is one number of channels.
    const [input, output] = ["in", "out"].map((key) => this.#configured.find(({ name }) => name === argumentName(key)));
    const taken = this.#configured.some(({ name }) => name === "channels");
    if (!taken && input !== undefined && input.values.join() === output?.values.join()) {
      this.#configured = [
        { name: "channels", values: input.values },
        ...this.#configured.filter((param) => param !== input && param !== output),
      ];
    }
  }

  expression(values: readonly PyValue[], hint: string): string {
    const [value] = values;
    const constant = values.every((other) => JSON.stringify(other) === JSON.stringify(value));
    if (constant && value !== undefined) return literal(value);
    const known = [...this.#configured, ...this.#added];
    for (const [param, text] of this.#candidates(known, values)) {
      for (const used of param) this.#used.add(used);
      return text;
    }
    const added = { name: unusedName(hint, known), values };
    this.#added.push(added);
    this.#used.add(added);
    return added.name;
  }

  *#candidates(known: readonly Param[], values: readonly PyValue[]): Generator<readonly [readonly Param[], string]> {
    const numbers = values as readonly number[];
    const holds = (compute: (i: number) => number): boolean => numbers.every((value, i) => compute(i) === value);
    const numeric = known.filter((param) => param.values.every((value) => typeof value === "number")) as readonly (Param & {
      values: readonly number[];
    })[];
    for (const param of known)
      if (values.every((value, i) => JSON.stringify(value) === JSON.stringify(param.values[i]))) yield [[param], param.name];
    if (!values.every((value) => typeof value === "number")) return;
    for (const param of numeric) {
      for (const factor of [2, 3, 4, 8]) {
        if (holds((i) => factor * (param.values[i] as number))) yield [[param], `${factor} * ${param.name}`];
        if (holds((i) => (param.values[i] as number) / factor)) yield [[param], `${param.name} // ${factor}`];
      }
    }
    for (const [i, a] of numeric.entries()) {
      for (const b of numeric.slice(i + 1))
        if (holds((at) => (a.values[at] as number) + (b.values[at] as number))) yield [[a, b], `${a.name} + ${b.name}`];
    }
  }

  /** In the order of the configuration, those that were needed alone. */
  params(): readonly Param[] {
    return [...this.#configured, ...this.#added].filter((param) => this.#used.has(param));
  }
}

function unusedName(name: string, known: readonly Param[]): string {
  let unused = name;
  while (ownNames.has(unused) || known.some((param) => param.name === unused)) unused += "_";
  return unused;
}
